"""A compiled file of MicroPython: its names, its functions' code, and the file again with other code in its functions.

The form is that of version 6: docs.micropython.org, "MicroPython .mpy files", and py/persistentcode.c.
"""

from typing import NamedTuple

BYTECODE, NATIVE, VIPER, ASSEMBLER = 2, 3, 4, 5  # py/emitglue.h
_FIRST_KIND = BYTECODE
_TABLE, _LAST_WITHOUT_BYTES, _TEXT, _BYTES, _TUPLE = 0, 4, 5, 6, 10  # py/persistentcode.h: kinds of an object


class Code(NamedTuple):
    """One function's code, and where in the file it lies with the number before it."""

    kind: int
    code: bytes
    begin: int
    end: int
    has_children: bool


class MpyFile:
    """What is in a .mpy file. names: those that it brings, which are not MicroPython's own; codes: in the file's order;
    table: which of its objects is MicroPython's table for machine code, None for none. holds_on: whether it keeps for good
    what lies behind its names on a chip's heap. There 2 bytes of each name, then 4 of each object, are one piece, and where
    the objects begin is written down: without any, and with names that fill pieces of 16 bytes, that is the next piece,
    which MicroPython (1.28, py/bc.h) takes for one that is in use.

    Raises ValueError for bytes of another form.
    """

    def __init__(self, data: bytes):
        self._data, self._at = data, 4
        if data[:2] != b"M\x06":
            raise ValueError("this is no .mpy file of version 6")
        names, objects = self._number(), self._number()
        self.holds_on = names > 0 and objects == 0 and (names + 1) // 2 % 4 == 0
        self.names: set[str] = set()
        for _ in range(names):
            length = self._number()
            if not length & 1:  # else it is one that every MicroPython has, and the number says which
                self.names.add(self._taken(length >> 1).decode())
                self._at += 1
        self.table: int | None = None
        for number in range(objects):
            if data[self._at] == _TABLE:
                self.table = number
            self._object()
        self.codes: list[Code] = []
        self._code()
        if self._at != len(data):
            raise ValueError("this .mpy file goes on after its end")

    def with_codes(self, kind: int, codes: list[bytes | None]) -> bytes:
        """Return the file's bytes with other code in its functions of this kind: None for one that stays."""
        places = [code for code in self.codes if code.kind == kind]
        data = self._data
        for place, code in reversed([*zip(places, codes, strict=True)]):
            if code is not None:
                head = len(code) << 3 | place.has_children << 2 | kind - _FIRST_KIND
                data = data[: place.begin] + _packed(head) + code + data[place.end :]
        return data

    def _number(self) -> int:
        value = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value

    def _taken(self, length: int) -> bytes:
        self._at += length
        return self._data[self._at - length : self._at]

    def _object(self) -> None:
        (kind,) = self._taken(1)
        if kind == _TUPLE:
            for _ in range(self._number()):
                self._object()
        elif kind > _LAST_WITHOUT_BYTES:  # text, bytes, an integer, a float, a complex number
            self._taken(self._number() + (kind in (_TEXT, _BYTES)))

    def _code(self) -> None:
        begin = self._at
        head = self._number()
        kind = (head & 3) + _FIRST_KIND
        code = self._taken(head >> 3)
        self.codes.append(Code(kind, code, begin, self._at, bool(head & 4)))
        if kind != BYTECODE:
            self._number()  # where its prelude is, or viper's flags
        if kind == ASSEMBLER:
            self._number()  # how many arguments
            self._number()  # what it returns
        if head & 4:
            for _ in range(self._number()):
                self._code()


def _packed(number: int) -> bytes:
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(number & 0x7F | 0x80)
    return bytes(reversed(parts))
