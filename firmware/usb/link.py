"""The USB link: one JSON object a line, with a checksum, and an answer for every line (docs/protocol.md).

Device and computer use the same codec. What the commands do is decided elsewhere.
"""

import binascii
import json

from firmware.usb import strict_json

PROTOCOL = 1
LINE_BYTES = 512  # with the newline, both ways
CHUNK_BYTES = 256  # of an object in one line, before base64; whole journal records, whole pages of flash
ID_MOST = (1 << 30) - 1
_TAIL_BYTES = 9  # the asterisk and the checksum
_PACKET_BYTES = 64
_SPACE, _DELETE = 0x20, 0x7F  # plain characters are from the one to before the other


def encode(message):
    """Write a dict as a line, newline included. Raises ValueError when it does not fit LINE_BYTES."""
    text = json.dumps(message, separators=(",", ":"))
    line = text.encode()
    # Not a character at a time: that took the chip 70 ms for a long answer, more than is queued of the sound.
    if max(line) >= _DELETE:
        line = "".join(
            [character if character < "\x7f" else _escape(ord(character)) for character in text]
        ).encode()
    line = b"%s*%s\n" % (line, _checksum(line))
    if len(line) > LINE_BYTES:
        raise ValueError("a line of %d bytes is longer than %d" % (len(line), LINE_BYTES))
    return line


def decode(line):
    """Return the dict that a line holds, with or without its newline. Raises ValueError with a sentence for any other
    bytes.
    """
    line = bytes(line)
    if line.endswith(b"\n"):
        line = line[:-1]
    if len(line) >= LINE_BYTES:
        raise ValueError("The line is longer than %d bytes; send less at a time." % LINE_BYTES)
    text = line[:-_TAIL_BYTES]
    if line[-_TAIL_BYTES:] != b"*" + _checksum(text):
        raise ValueError("The line does not end with the CRC-32 of what it says; send it again.")
    if text and (min(text) < _SPACE or max(text) >= _DELETE):
        raise ValueError("The line has bytes that are no plain characters; escape them.")
    try:
        message = strict_json.read(text)
    except ValueError:
        raise ValueError("The line is not JSON; send one object.")  # noqa: B904  (MicroPython keeps no cause)
    if not isinstance(message, dict):
        raise ValueError("The line is not a JSON object; send one.")
    return message


def _checksum(text):
    return b"%08X" % binascii.crc32(text)


def _escape(code):
    if code > 0xFFFF:
        code -= 0x10000
        return "\\u%04x\\u%04x" % (0xD800 | code >> 10, 0xDC00 | code & 0x3FF)
    return "\\u%04x" % code


def show(value):
    """Return a value as a sentence shows it, in the characters that a line has."""
    text = repr(value).encode("ascii", "backslashreplace").decode()  # MicroPython's repr has no others
    return text if len(text) <= 40 else text[:37] + "..."


class Refused(Exception):
    """A command was not carried out: a code of docs/protocol.md, and one sentence for a person."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code
        self.text = text


class Link:
    """The device's end: bytes in, one answer for every line, one line at a time.

    serial: as drivers/usb_serial.py. answer(command, arguments) returns a dict or raises Refused. While an answer has not
    wholly gone nothing more is taken: a computer that does not read waits, and nobody else.
    """

    def __init__(self, serial, answer):
        self._serial = serial
        self._answer = answer
        self._line = bytearray(LINE_BYTES)
        self._packet = bytearray(_PACKET_BYTES)
        self.forget()

    def forget(self):
        """Forget what was under way, for the cable is out: half a line, and an answer that nobody fetched, are nobody's."""
        self._length = 0  # of the line so far; LINE_BYTES: it has become too long
        self._place = self._count = 0  # in the packet
        self._out = None
        self._sent = 0

    def step(self, packets):
        """Move at most so many packets of 64 bytes, in or out. Allocates nothing unless a line ends."""
        while packets > 0:
            if self._out is not None:
                packets -= 1
                sent = self._serial.write(self._out, self._sent, len(self._out) - self._sent)
                self._sent += sent
                if self._sent == len(self._out):
                    self._out = None
                elif not sent:
                    return
            elif self._place < self._count:
                if self._line_ends():
                    self._sent = 0
                    self._out = self._reply()
            else:
                packets -= 1
                self._place = 0
                self._count = self._serial.read(self._packet)
                if not self._count:
                    return

    def _line_ends(self):
        """Take bytes of the packet up to the next newline; False when there is none."""
        packet, line = self._packet, self._line
        place, count, length = self._place, self._count, self._length
        while place < count:
            byte = packet[place]
            place += 1
            if byte == 10:
                self._place = place
                self._length = length
                return True
            if length < LINE_BYTES:
                line[length] = byte
                length += 1
        self._place = place
        self._length = length
        return False

    def _reply(self):
        length = self._length
        self._length = 0
        number = None
        try:
            try:
                request = decode(memoryview(self._line)[:length])
                number = _number(request)
            except ValueError as error:
                return _refusal(None, "bad_line", error.args[0])
            command = request.pop("cmd", None)
            answer = self._answer(command, request)
            try:
                return encode({"id": number, "ok": answer})
            except ValueError:
                return _refusal(number, "too_big", "The answer is longer than %d bytes." % LINE_BYTES)
        except Refused as refused:
            return _refusal(number, refused.code, refused.text)
        except MemoryError:
            return _refusal(number, "too_big", "There is not enough memory for that now; ask for less.")


def _number(request):
    number = request.pop("id", None)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= ID_MOST:
        raise ValueError("The line has no id that is a whole number from 0 to %d." % ID_MOST)
    return number


def _refusal(number, code, text):
    return encode({"id": number, "error": {"code": code, "text": text}})
