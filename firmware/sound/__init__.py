"""What makes the sound: scores, voices, noise, recordings, and the way to the converter."""
