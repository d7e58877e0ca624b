"""Files on the device's flash. What is in them, and how they survive a power cut, is store.py's.

Writing erases, and that stops every interrupt for tens of milliseconds: only while the amplifier is off
(drivers/pcm_out.py). What must be written while it is on goes to drivers/flash_pages.py.
"""

import os

FOLDER = "/data"


class FlashFiles:
    def __init__(self):
        try:
            os.mkdir(FOLDER)
        except OSError:
            pass  # it is there already; if it could not be made, the first write says so

    def size(self, name):
        """Bytes in a file, or None when there is none."""
        try:
            return os.stat(FOLDER + "/" + name)[6]
        except OSError:
            return None

    def read_into(self, name, offset, buffer):
        """Fill a buffer from a place in a file; returns how many bytes there were."""
        with open(FOLDER + "/" + name, "rb") as file:
            file.seek(offset)
            return file.readinto(buffer)

    def pieces(self, name, offset, buffer):
        """Fill a buffer again and again, from a place in a file to its end; yields how many bytes there were each time."""
        with open(FOLDER + "/" + name, "rb") as file:
            file.seek(offset)
            count = file.readinto(buffer)
            while count:
                yield count
                count = file.readinto(buffer)

    def open(self, name):
        """A file kept open for reading while something plays. Raises OSError when there is none."""
        return OpenFile(FOLDER + "/" + name)

    def write(self, name, parts):
        """Replace a file by these buffers, one after the other. Raises OSError when the flash is full or failing."""
        with open(FOLDER + "/" + name, "wb") as file:
            for part in parts:
                file.write(part)


class OpenFile:
    """Read in pieces without allocating: opening takes a buffer of a kilobyte each time. Reading stops no interrupt."""

    def __init__(self, path):
        self._file = open(path, "rb")

    def read_into(self, offset, buffer):
        """Fill a buffer from a place in the file; returns how many bytes there were."""
        self._file.seek(offset)
        return self._file.readinto(buffer)
