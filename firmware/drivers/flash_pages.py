"""Pages of flash that are erased beforehand, while the amplifier is off, and written while sound plays.

Why: an erase stops every interrupt for 45 to 400 ms, and machine.I2S plays memory after 4. Writing a page that is erased
stops them for 0.7 ms, 3.3 at worst (docs/storage.md).

The whole flash is MicroPython's file system (littlefs), so the pages lie in files of exactly one block. Such a file stays
where it is until it is written anew, and nothing but a reader ever looks at its data. Nothing tells which block that is, so
it is proven, at each boot and before anything else in it is erased or written:

1. A block that begins with a file's mark says that it is that file's. It may be a copy, or what a deleted file left.
2. Its first page and the file's first page are read and compared: other bytes, another block.
3. One 16-byte place of the block that is still erased is cleared (the block's own number, the first time). That is written
   past the file system, and harms nobody: bits that nobody reads, in a page that only this file has.
4. The file is opened anew and read through the file system. Shows it the cleared place too, block and file are one.

A block of 16 pages:

page 0    16 bytes "Calando page NN\\n", 16 with the block's own number, and 14 times 16 to be cleared, one at each boot
1 to 15   what is written: page PER_FILE * NN + 0 to 14
"""

import struct

from micropython import const

PAGE_BYTES = const(256)
_BLOCK_BYTES = const(4096)
_PER_FILE = const(15)
FILES = const(14)
_MARK_BYTES = const(
    16
)  # nothing smaller is written twice: some flash chips have a checksum for each 16 bytes
_PLACE = const(16)  # where the block's number is
_PROOFS = const(32)  # where the bits to be cleared begin
_BLOCK_COUNT, _ERASE_BLOCK = const(4), const(6)  # MicroPython's protocol of block devices
_ERASED = b"\xff" * 16
_CLEARED = bytes(16)


class FlashPages:
    """`count` pages of PAGE_BYTES, for who writes them in their order. `device` is rp2.Flash(), `files` a FlashFiles,
    `sound` a PcmOut.
    """

    count = FILES * _PER_FILE

    def __init__(self, device, files, sound):
        self._device = device
        self._files = files
        self._sound = sound
        self._blocks = [-1] * FILES  # proven ours since boot; -1 is none
        self._page = bytearray(PAGE_BYTES)

    def find(self):
        """Find every file's block and prove it, making anew what is missing or not ours; returns how many could not be.

        At boot, after what is worth it has been read: a file made anew is empty. Making all of them takes 1.4 s, so whoever
        deploys makes them before the first start (host_tools/release/deploy.py).
        """
        self._look()
        if -1 in self._blocks:
            for number in range(FILES):
                if self._blocks[number] < 0:
                    self._make(number)
            self._look()
        return self._blocks.count(-1)

    def erase(self, feed):
        """Make every page free again that is not, the first ones first; `feed` is called after each erase.

        Raises RuntimeError while the amplifier is on.
        """
        for number in range(FILES):
            block = self._blocks[number]
            if block >= 0 and not self._is_fresh(block):
                if self._sound.amplifier_on:
                    raise RuntimeError("flash is erased only while the amplifier is off")
                self._device.ioctl(_ERASE_BLOCK, block)
                self._device.writeblocks(block, first_page(number, block), 0)
                if not self._is_fresh(block):
                    self._blocks[number] = -1  # worn out: another from the next boot on
                    self._make(number)
                feed()

    def write(self, page, buffer):
        """Write a free page; returns whether flash holds it. Allocates nothing."""
        block = self._blocks[page // _PER_FILE]
        if block < 0:
            return False
        offset = (1 + page % _PER_FILE) * PAGE_BYTES
        self._device.writeblocks(block, buffer, offset)
        self._device.readblocks(block, self._page, offset)
        return self._page == buffer

    def past(self, page):
        """Return the first page of the block after this page's."""
        return (page // _PER_FILE + 1) * _PER_FILE

    def read(self, buffer):
        """Fill a buffer with one page after the other, written or not, and yield the number of each."""
        for number in range(FILES):
            if self._files.size(name_of(number)) == _BLOCK_BYTES:
                page = number * _PER_FILE
                for _ in self._files.pieces(name_of(number), PAGE_BYTES, buffer):
                    yield page
                    page += 1

    def _look(self):
        """Go through the flash for blocks that say they are ours and have not been proven."""
        mark = bytearray(_MARK_BYTES)
        for block in range(self._device.ioctl(_BLOCK_COUNT, 0)):
            self._device.readblocks(block, mark, 0)
            if mark[:13] == b"Calando page ":
                for number in range(FILES):
                    if self._blocks[number] < 0 and mark == _mark(number) and self._is_ours(number, block):
                        self._blocks[number] = block

    def _is_ours(self, number, block):
        """Return whether bits cleared in this block are cleared in this file. Nothing is written to what cannot be it."""
        page = self._page
        self._device.readblocks(block, page, 0)
        if not self._read_first(number, page):
            return False
        place = page[_PLACE:_PROOFS]
        if place == _ERASED:
            # Made, and not yet found: that its number appears in the file is the proof.
            offset = _PLACE
            proof = _place(block)
        elif place == _place(block):
            offset = _free_proof(page)
            proof = _CLEARED
            if offset < 0:
                return False
        else:
            return False  # a copy that somebody made
        change = bytearray(_ERASED * (PAGE_BYTES // _MARK_BYTES))
        change[offset : offset + _MARK_BYTES] = proof
        self._device.writeblocks(block, change, 0)
        page[offset : offset + _MARK_BYTES] = proof
        return self._read_first(number, page)

    def _read_first(self, number, wanted):
        """Return whether the file is of one block, and its first page this one. A file opened anew is read from
        flash anew.
        """
        name = name_of(number)
        found = bytearray(PAGE_BYTES)
        try:
            if self._files.size(name) != _BLOCK_BYTES:
                return False
            self._files.read_into(name, 0, found)
        except OSError:
            return False  # it cannot be read: it will be made anew
        return found == wanted

    def _make(self, number):
        blank = _ERASED * (PAGE_BYTES // _MARK_BYTES)
        try:
            if self._files.size(name_of(number)):
                # First, for which there is always room: what it holds must not be taken for a newer session's.
                self._files.write(name_of(number), ())
            self._files.write(name_of(number), [first_page(number, None)] + [blank] * _PER_FILE)
        except OSError:
            pass  # no room, or the flash fails: `find` counts it

    def _is_fresh(self, block):
        """Return whether everything but the first page is free, and that has a free place for the next boot's proof."""
        page = self._page
        self._device.readblocks(block, page, 0)
        if page[_PLACE:_PROOFS] != _place(block) or _free_proof(page) < 0:
            return False
        blank = _ERASED * (PAGE_BYTES // _MARK_BYTES)
        for offset in range(PAGE_BYTES, _BLOCK_BYTES, PAGE_BYTES):
            self._device.readblocks(block, page, offset)
            if page != blank:
                return False
        return True


def name_of(number):
    """Return what the file of this number is called, 0 to FILES - 1."""
    return "page." + str(number)


def _mark(number):
    return b"Calando page %02d\n" % number


def _place(block):
    return struct.pack("<I12x", block)


def first_page(number, block):
    """Return the first page of a file; its others are erased. `block`: None before it is known, as when it is made."""
    page = bytearray(_ERASED * (PAGE_BYTES // _MARK_BYTES))
    page[:_MARK_BYTES] = _mark(number)
    if block is not None:
        page[_PLACE:_PROOFS] = _place(block)
    return page


def _free_proof(page):
    """Return where in a first page the next bits can be cleared; -1 when none are left."""
    for offset in range(_PROOFS, PAGE_BYTES, _MARK_BYTES):
        if page[offset : offset + _MARK_BYTES] == _ERASED:
            return offset
    return -1
