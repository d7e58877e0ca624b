"""The table of a profile's settings as JSON, piece by piece: the whole of it never lies in memory at once.

Whoever edits profiles on a computer asks the device for this, so that ranges are never a matter of versions.
"""

import binascii
import json

from firmware.prescription import profile


def pieces():
    """Return the text of the schema in order, as bytes, a setting at a time. The same bytes on every machine."""
    yield b'{"version":%d,"settings":[' % profile.SCHEMA_VERSION
    comma = b""
    for setting in profile.TABLE:
        yield comma + _row(setting).encode()
        comma = b","
    yield b"]}"


def size():
    return sum([len(piece) for piece in pieces()])


def crc():
    """Return the CRC-32 of the whole text as eight hex digits: what `hello` calls `schema`."""
    value = 0
    for piece in pieces():
        value = binascii.crc32(piece, value)
    return "%08X" % value


def read_into(offset, buffer):
    """Fill a buffer from a place in the text; returns how many bytes there were."""
    begin = filled = 0
    for piece in pieces():
        end = begin + len(piece)
        if end > offset + filled:
            part = piece[offset + filled - begin : offset + len(buffer) - begin]
            buffer[filled : filled + len(part)] = part
            filled += len(part)
            if filled == len(buffer):
                break
        begin = end
    return filled


def _row(setting):
    """One setting. Written out by hand: MicroPython keeps no order in a dict."""
    return '{"name":%s,"kind":%s,"unit":%s,"step":%s,"meaning":%s,"newborn":%s,"adult":%s}' % (
        json.dumps(setting.name),
        json.dumps(setting.kind),
        json.dumps(setting.unit),
        json.dumps(setting.step),
        json.dumps(setting.meaning),
        _population(setting, profile.NEWBORN),
        _population(setting, profile.ADULT),
    )


def _population(setting, population):
    return '{"allowed":%s,"default":%s}' % (
        _list(setting.allowed(population)),
        json.dumps(setting.default(population), separators=(",", ":")),
    )


def _list(values):
    return json.dumps(None if values is None else list(values), separators=(",", ":"))
