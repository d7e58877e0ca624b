"""What runs the firmware at a bedside: MicroPython, CPython, or the emulated chip."""
