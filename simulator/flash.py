"""The flash chip behind the device's file system: what it holds outlives a power cut, and an erase takes its time."""

SECTOR_BYTES = 4096
PAGE_BYTES = 256
ERASE_US = 45_000        # W25Q16JV data sheet: typically 45 ms a sector (400 ms at worst)
PROGRAM_US = 400         # and 0.4 ms a page


class Flash:
    """Bytes that can only be cleared bit by bit, and set again a sector at a time.

    erases and programs count operations, so that a test can cut the power at each of them.
    """

    def __init__(self, size: int = 512 * 1024):
        self.image = bytearray(b"\xff" * size)
        self.erases = 0
        self.programs = 0

    def read(self, offset: int, count: int) -> bytes:
        return bytes(self.image[offset : offset + count])

    def program(self, offset: int, data: bytes) -> int:
        """Clear bits; returns how long it takes in us."""
        old = int.from_bytes(self.image[offset : offset + len(data)], "little")
        self.image[offset : offset + len(data)] = (old & int.from_bytes(data, "little")).to_bytes(len(data), "little")
        self.programs += 1
        return PROGRAM_US * -(-len(data) // PAGE_BYTES)

    def erase(self, offset: int) -> int:
        start = offset // SECTOR_BYTES * SECTOR_BYTES
        self.image[start : start + SECTOR_BYTES] = b"\xff" * SECTOR_BYTES
        self.erases += 1
        return ERASE_US
