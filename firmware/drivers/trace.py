"""The service header: journal records sent out as they are made. One way; the device takes no orders here."""

from machine import UART, Pin

_START = 0xA5


class Trace:
    """Frames a record of 16 bytes as 0xA5, the record, and the sum of its bytes modulo 256."""

    def __init__(self, number):
        self._uart = UART(0, baudrate=115200, tx=Pin(number))
        self._frame = bytearray(18)

    def send(self, record):
        frame = self._frame
        frame[0] = _START
        total = 0
        for place in range(16):
            value = record[place]
            frame[1 + place] = value
            total += value
        frame[17] = total & 0xFF
        self._uart.write(frame)
