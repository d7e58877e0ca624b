"""The SSD1306 display controller behind a 128x32 panel: commands, addressing, picture memory, on and off.

After Solomon Systech's data sheet, section 9 and 10. Commands that change only the analogue side (contrast,
clock, charge pump) are taken with their arguments and kept in `settings`.
"""

from firmware import board

ADDRESS = board.ADDRESS_DISPLAY
WIDTH = 128
PAGES = 4  # of 8 rows each on this panel; the controller's memory has 8

_MEMORY_PAGES = 8
# Command -> how many argument bytes follow it.
_ARGUMENTS = {
    0x20: 1, 0x21: 2, 0x22: 2, 0x26: 6, 0x27: 6, 0x29: 5, 0x2A: 5, 0x81: 1, 0x8D: 1, 0xA3: 2, 0xA8: 1,
    0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1,
}  # fmt: skip
_HORIZONTAL, _VERTICAL, _PAGE = 0, 1, 2


class SSD1306:
    """The chip. `on` says whether the panel shines, `pixel(x, y)` whether a point of it does."""

    address = ADDRESS
    reading_consumes = False

    def __init__(self, address: int = ADDRESS, now_us: int = 0):
        self.address = address
        self.powered = True
        self.power_cycle(now_us)

    def power_cycle(self, now_us: int) -> None:
        self.powered = True
        self.memory = bytearray(WIDTH * _MEMORY_PAGES)
        self.on = False
        self.inverted = False
        self.settings = {}
        self._mode = _PAGE
        self._columns = (0, WIDTH - 1)
        self._pages = (0, _MEMORY_PAGES - 1)
        self._column = 0
        self._page = 0
        self._command = None
        self._arguments = []

    def power_off(self) -> None:
        """Take the supply away: the chip does not answer, and the panel is dark."""
        self.powered = False
        self.on = False

    def pixel(self, x: int, y: int) -> bool:
        """Return whether the point shines: 0, 0 is the upper left."""
        stored = bool(self.memory[y // 8 * WIDTH + x] >> (y % 8) & 1)
        return self.on and stored != self.inverted

    def picture(self) -> str:
        """Return the panel as text, one character a point."""
        rows = range(PAGES * 8)
        return "\n".join("".join("#" if self.pixel(x, y) else "." for x in range(WIDTH)) for y in rows)

    def write(self, data: bytes, now_us: int) -> bool:
        if not self.powered:
            return False
        at = 0
        while at < len(data):
            control = data[at]
            only_data = control & 0x40
            if control & 0x80:  # one byte follows, and then another control byte
                piece = data[at + 1 : at + 2]
                at += 2
            else:
                piece = data[at + 1 :]
                at = len(data)
            for value in piece:
                if only_data:
                    self._store(value)
                else:
                    self._obey(value)
        return True

    def read(self, count: int, now_us: int) -> bytes | None:
        if not self.powered:
            return None
        return bytes((0x00 if self.on else 0x40,)) * count  # status: bit 6 says that the panel is off

    def _obey(self, value):
        if self._command is None:
            self._command = value
            self._arguments = []
        else:
            self._arguments.append(value)
        if len(self._arguments) < _ARGUMENTS.get(self._command, 0):
            return
        command, arguments = self._command, self._arguments
        self._command = None
        if command in (0xAE, 0xAF):
            self.on = command == 0xAF
        elif command in (0xA6, 0xA7):
            self.inverted = command == 0xA7
        elif command == 0x20:
            self._mode = arguments[0] & 3
        elif command == 0x21:
            self._columns = (arguments[0] & 0x7F, arguments[1] & 0x7F)
            self._column = self._columns[0]
        elif command == 0x22:
            self._pages = (arguments[0] & 7, arguments[1] & 7)
            self._page = self._pages[0]
        elif command < 0x10 and self._mode == _PAGE:
            self._column = self._column & 0x70 | command
        elif command < 0x20 and self._mode == _PAGE:
            self._column = self._column & 0x0F | (command & 7) << 4
        elif 0xB0 <= command <= 0xB7:
            self._page = command & 7
        else:
            self.settings[command] = bytes(arguments)

    def _store(self, value):
        self.memory[self._page * WIDTH + self._column] = value
        if self._mode == _VERTICAL:
            self._page = _next(self._page, self._pages, _MEMORY_PAGES)
            if self._page == self._pages[0]:
                self._column = _next(self._column, self._columns, WIDTH)
            return
        self._column = _next(self._column, self._columns, WIDTH)
        if self._mode == _HORIZONTAL and self._column == self._columns[0]:
            self._page = _next(self._page, self._pages, _MEMORY_PAGES)


def _next(place, limits, size):
    first, last = limits
    return first if place == last else (place + 1) % size
