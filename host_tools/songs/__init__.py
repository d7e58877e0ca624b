"""Melodies and recordings from the files of people, for the device."""
