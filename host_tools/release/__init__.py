"""The firmware compiled, packed and put on a board."""
