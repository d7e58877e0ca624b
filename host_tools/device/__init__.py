"""A device on the cable, real or simulated: its lines, its settings, its backup."""
