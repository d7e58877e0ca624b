"""The codec of the USB link: one JSON object a line, with a checksum. docs/protocol.md is this file in words.

Device and computer use the same functions. Bytes in, bytes out: what the commands do is decided elsewhere.
"""

import binascii
import json

PROTOCOL = 1
LINE_BYTES = 512  # with the newline, both ways
CHUNK_BYTES = 256  # of an object in one line, before base64; whole journal records, whole pages of flash
ID_MOST = (1 << 30) - 1
_TAIL_BYTES = 9  # the asterisk and the checksum


def encode(message):
    """A dict as a line, newline included. Raises ValueError when it does not fit LINE_BYTES."""
    text = json.dumps(message, separators=(",", ":"))
    if not _is_plain(text):
        text = "".join([character if character < "\x7f" else _escape(ord(character)) for character in text])
    line = text.encode()
    line = b"%s*%s\n" % (line, _checksum(line))
    if len(line) > LINE_BYTES:
        raise ValueError("a line of %d bytes is longer than %d" % (len(line), LINE_BYTES))
    return line


def decode(line):
    """The dict that a line holds, with or without its newline. Raises ValueError with a sentence for any other bytes."""
    line = bytes(line)
    if line.endswith(b"\n"):
        line = line[:-1]
    if len(line) >= LINE_BYTES:
        raise ValueError("The line is longer than %d bytes; send less at a time." % LINE_BYTES)
    text = line[:-_TAIL_BYTES]
    if line[-_TAIL_BYTES:] != b"*" + _checksum(text):
        raise ValueError("The line does not end with the CRC-32 of what it says; send it again.")
    for byte in text:
        if not 32 <= byte < 127:
            raise ValueError("The line has bytes that are no plain characters; escape them.")
    try:
        message = json.loads(text)
    except ValueError:
        raise ValueError("The line is not JSON; send one object.")  # noqa: B904  (MicroPython keeps no cause)
    if not isinstance(message, dict):
        raise ValueError("The line is not a JSON object; send one.")
    return message


def _checksum(text):
    return b"%08X" % binascii.crc32(text)


def _is_plain(text):
    for character in text:
        if character >= "\x7f":
            return False
    return True


def _escape(code):
    if code > 0xFFFF:
        code -= 0x10000
        return "\\u%04x\\u%04x" % (0xD800 | code >> 10, 0xDC00 | code & 0x3FF)
    return "\\u%04x" % code
