"""What a therapist sets: the profile, its table, and the calibration of this device."""
