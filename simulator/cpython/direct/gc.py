"""MicroPython's `gc` for the firmware on CPython, whose memory is not the device's: nothing is known of a heap."""


def collect():
    return None


def threshold(_amount):
    return None
