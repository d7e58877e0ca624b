"""Flash files in memory for tests: as firmware/drivers/flash_files.py, with a count of writes and a power cut to order."""

CAPACITY_BYTES = 480 * 1024


class PowerCut(BaseException):
    """The power went in the middle of a write. Not an Exception, so that no handler takes it for one of its own."""


class Files:
    """writes counts calls that change something; fail_at: which of them raises OSError, cut_at: which loses the power
    after cut_after bytes, or half of it.
    """

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.writes = 0
        self.audible = False
        self.fail_at: int | None = None
        self.cut_at: int | None = None
        self.cut_after: int | None = None

    def size(self, name):
        return len(self.files[name]) if name in self.files else None

    def names(self):
        return list(self.files)

    def free_bytes(self):
        return CAPACITY_BYTES - sum(map(len, self.files.values()))

    def read_into(self, name, offset, buffer):
        piece = self.files[name][offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)

    def pieces(self, name, offset, buffer):
        while count := self.read_into(name, offset, buffer):
            yield count
            offset += count

    def write(self, name, parts):
        self._put(name, b"".join(map(bytes, parts)))

    def append(self, name, parts):
        self._put(name, self.files.get(name, b"") + b"".join(map(bytes, parts)))

    def rename(self, name, new_name):
        self._count(None, b"")
        self.files[new_name] = self.files.pop(name)

    def remove(self, name):
        if name in self.files:
            self._count(None, b"")
            del self.files[name]

    def remove_all(self, prefix):
        for name in self.names():
            if name.startswith(prefix):
                self.remove(name)

    def _put(self, name, data):
        self._count(name, data)
        self.files[name] = data

    def _count(self, name, data):
        if self.audible:
            raise OSError(16)
        self.writes += 1
        if self.writes == self.fail_at:
            raise OSError(28)
        if self.writes == self.cut_at:
            if name is not None:
                self.files[name] = data[: len(data) // 2 if self.cut_after is None else self.cut_after]
            raise PowerCut
