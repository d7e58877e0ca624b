"""What a computer on the cable may ask; loaded while one is there."""
