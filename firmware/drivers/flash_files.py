"""Files on the device's flash, whole at a time. What is in them, and how they survive a power cut, is store.py's.

Writing stops every interrupt for tens of milliseconds: only while the amplifier is off (drivers/pcm_out.py).
"""

import os

FOLDER = "/data"


class FlashFiles:
    def __init__(self):
        try:
            os.mkdir(FOLDER)
        except OSError:
            pass                # it is there already; if it could not be made, the first write says so

    def read(self, name):
        """The bytes of a file, or None when there is none."""
        try:
            with open(FOLDER + "/" + name, "rb") as file:
                return file.read()
        except OSError:
            return None

    def write(self, name, data):
        """Replace a file. Raises OSError when the flash is full or failing."""
        with open(FOLDER + "/" + name, "wb") as file:
            file.write(data)

    def append(self, name, data, count):
        """Add `count` bytes of a buffer to the end of a file."""
        with open(FOLDER + "/" + name, "ab") as file:
            file.write(memoryview(data)[:count])

    def remove(self, name):
        try:
            os.remove(FOLDER + "/" + name)
        except OSError:
            pass                # gone is what was wanted

    def names(self):
        try:
            return os.listdir(FOLDER)
        except OSError:
            return []
