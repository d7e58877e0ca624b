"""The optional SSD1306 display, 128 x 32: three lines of 16 letters, drawn a line at a time.

What they say is firmware/care/display.py's business. Nothing depends on the display: when it fails it is left alone.
"""

from micropython import const

from firmware.board import ADDRESS_DISPLAY as ADDRESS

_WIDTH = const(128)
_PAGES = const(4)  # of 8 rows
_LINE_PAGES = (0, 2, 3)  # which page each line is on: the title, a gap, the rest
_SET_UP = bytes((
    0x00, 0xAE, 0xD5, 0x80, 0xA8, 31, 0xD3, 0, 0x40, 0x8D, 0x14,  # off; clock, 32 rows, charge pump
    0x20, 0x02, 0xA1, 0xC8, 0xDA, 0x02,  # a page at a time; the way round that modules are soldered
    0x81, 0x01, 0xD9, 0xF1, 0xDB, 0x40, 0xA4, 0xA6,  # as dim as it goes
))  # fmt: skip
_ON = b"\x00\xaf"
_OFF = b"\x00\xae"


class Screen:
    """The display on `bus` (I2CBus). Silent before configure(); `present` says whether it answers."""

    def __init__(self, bus):
        self._bus = bus
        self._place = bytearray((0x00, 0xB0, 0x00, 0x10))  # commands: page, and column 0
        self._data = []  # a page each: the control byte, then its 128 columns
        self._canvases = []
        self._drawn = [""] * len(_LINE_PAGES)
        self._lit = False
        self.present = False

    def configure(self):
        """Set the display up, dark and empty; says whether there is one."""
        self.present = False
        bus = self._bus
        try:
            bus.writeto(ADDRESS, _SET_UP)
            if not self._canvases:
                self._make_canvases()
            for page in range(_PAGES):
                self._send(page, self._data[-1])
        except OSError:
            return False
        for line in range(len(_LINE_PAGES)):
            self._drawn[line] = ""
        self._lit = False
        self.present = True
        return True

    def show(self, lines, on):
        """Bring the display a step nearer to these three texts, lit or dark; True when it is there.

        One line a call, 3 ms of the bus. Raises nothing; a display that fails is not used again.
        """
        if not self.present:
            return True
        try:
            for line in range(len(_LINE_PAGES)):
                text = lines[line]
                if text != self._drawn[line]:
                    self._draw(line, text)
                    return False
            if on != self._lit:
                self._bus.writeto(ADDRESS, _ON if on else _OFF)
                self._lit = on
        except OSError:
            self.present = False
        return True

    def _draw(self, line, text):
        canvas = self._canvases[line]
        canvas.fill(0)
        canvas.text(text, 0, 0)
        self._send(_LINE_PAGES[line], self._data[line])
        self._drawn[line] = text

    def _send(self, page, data):
        self._place[1] = 0xB0 + page
        self._bus.writeto(ADDRESS, self._place)
        self._bus.writeto(ADDRESS, data)

    def _make_canvases(self):
        import framebuf  # 0.6 KB of buffers that a device without a display does not need

        for _ in range(len(_LINE_PAGES) + 1):  # the last stays empty
            data = bytearray(1 + _WIDTH)
            data[0] = 0x40
            self._data.append(data)
            canvas = framebuf.FrameBuffer(memoryview(data)[1:], _WIDTH, 8, framebuf.MONO_VLSB)
            self._canvases.append(canvas)
