"""Light that somebody recorded: their file is read, brought to 100 samples a second, and played as a patient."""
