"""Programs that make pages and pictures from the code, so that they cannot drift."""
