"""One chip or pin a file, with what it takes to trust it."""
