"""Files on the device's flash. What is in them, and how they survive a power cut, is store.py's and desk.py's.

Writing erases, and that stops every interrupt for tens of milliseconds: only while the amplifier is off
(drivers/pcm_out.py). What must be written while it is on goes to drivers/flash_pages.py.
"""

import os

from micropython import const

FOLDER = "/data"
_BUSY = 16  # EBUSY
# Places in what os.stat and os.statvfs return.
_ST_SIZE = const(6)
_BLOCK_BYTES = const(0)
_BLOCKS = const(2)
_BLOCKS_FREE = const(3)


class FlashFiles:
    """audible() says whether the amplifier is on: every call that writes then raises OSError(EBUSY), and changes nothing.

    Each raises OSError when the flash is full or failing.
    """

    def __init__(self, audible):
        self._audible = audible
        # At every start, and before anything is read: littlefs ends a rename that the power cut short only when it is next
        # asked to change something, and until then the file after the renamed one is hidden too.
        try:
            os.mkdir(FOLDER)
        except OSError:
            pass  # it is there already; if it could not be made, the first write says so

    def size(self, name):
        """Return the bytes in a file, or None when there is none."""
        try:
            return os.stat(FOLDER + "/" + name)[_ST_SIZE]
        except OSError:
            return None

    def names(self):
        """Return the names of all files, in no order; none where the folder could not be made."""
        try:
            return os.listdir(FOLDER)
        except OSError:
            return []

    def free_bytes(self):
        """Return the room that is left. Counts the whole file system: on the chip a tenth of a second.

        Of one that is damaged or overfull littlefs counts more blocks than there are, and 2^32 less the surplus as free.
        """
        counts = os.statvfs(FOLDER)
        if counts[_BLOCKS_FREE] > counts[_BLOCKS]:
            return 0
        return counts[_BLOCK_BYTES] * counts[_BLOCKS_FREE]

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
        """Open a file for reading while something plays. Raises OSError when there is none."""
        return OpenFile(FOLDER + "/" + name)

    def write(self, name, parts):
        """Replace a file by these buffers, one after the other."""
        self._put(name, "wb", parts)

    def append(self, name, parts):
        """Write these buffers behind what a file holds; without one it is made."""
        self._put(name, "ab", parts)

    def rename(self, name, new_name):
        """Give a file a new name in one step, and so take the place of a file that had it."""
        self._check()
        os.rename(FOLDER + "/" + name, FOLDER + "/" + new_name)

    def remove(self, name):
        """Remove a file, where there is one."""
        self._check()
        if self.size(name) is not None:
            os.remove(FOLDER + "/" + name)

    def remove_all(self, prefix):
        """Remove every file whose name begins so."""
        for name in self.names():
            if name.startswith(prefix):
                self.remove(name)

    def _put(self, name, mode, parts):
        self._check()
        with open(FOLDER + "/" + name, mode) as file:
            for part in parts:
                file.write(part)

    def _check(self):
        if self._audible():
            raise OSError(_BUSY)


class OpenFile:
    """Read in pieces without allocating: opening takes a buffer of a kilobyte each time. Reading stops no interrupt."""

    def __init__(self, path):
        self._file = open(path, "rb")

    def read_into(self, offset, buffer):
        """Fill a buffer from a place in the file; returns how many bytes there were."""
        self._file.seek(offset)
        return self._file.readinto(buffer)
