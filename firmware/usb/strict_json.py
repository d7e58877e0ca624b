"""JSON held to its grammar, before json.loads reads it: MicroPython's takes commas and colons for spaces, and would carry
out what another reader refuses (`{"a" 1}`, `[1 2]`, `01`, `"\\uzzzz"`); CPython's takes NaN. MicroPython's makes two of a
character that is written as a surrogate pair. So every runtime answers alike.
"""

import json

from micropython import const

_VALUE = const(0)  # what may come next
_VALUE_OR_END = const(1)
_KEY = const(2)
_KEY_OR_END = const(3)
_COLON = const(4)
_COMMA_OR_END = const(5)

_QUOTE = const(34)
_BACKSLASH = const(92)
_SPACE = const(32)
_DEEPEST = const(16)
_SPACES = b" \t\r\n"
_WORD_ENDS = b' \t\r\n,:]}[{"'
_ESCAPED = b'"\\/bfnrtu'
_HEX_DIGITS = b"0123456789abcdefABCDEF"
_HIGH = const(0xD800 >> 10)  # the two halves of a surrogate pair
_LOW = const(0xDC00 >> 10)
_WORDS = (b"true", b"false", b"null")
_DIGITS = b"0123456789"


def read(text):
    """Return the value that bytes are as JSON. Raises ValueError with no sentence, as json.loads does."""
    check(text)
    text = bytes(text)
    return json.loads(_joined(text) if text.find(b"\\u") >= 0 else text)


def check(text):
    """Check that bytes are one JSON value, at most 16 deep. Raises ValueError with no sentence, as json.loads does."""
    if text and max(text) > 127:
        _check_utf8(text)
    inside = bytearray()  # the brackets that are open
    due = _VALUE
    at = 0
    size = len(text)
    while at < size:
        sign = text[at]
        at += 1
        if sign in _SPACES:
            continue
        if sign == _QUOTE:
            at = _string_end(text, at)
            if due == _KEY or due == _KEY_OR_END:
                due = _COLON
            elif due <= _VALUE_OR_END:
                due = _COMMA_OR_END
            else:
                raise ValueError
        elif sign in b"{[":
            if due > _VALUE_OR_END or len(inside) == _DEEPEST:
                raise ValueError
            inside.append(sign + 2)  # in ASCII, what closes it
            due = _KEY_OR_END if sign == 123 else _VALUE_OR_END
        elif sign in b"}]":
            ends = _KEY_OR_END if sign == 125 else _VALUE_OR_END
            if not inside or inside[-1] != sign or (due != _COMMA_OR_END and due != ends):
                raise ValueError
            inside = inside[:-1]
            due = _COMMA_OR_END
        elif sign == 44:  # ,
            if due != _COMMA_OR_END or not inside:
                raise ValueError
            due = _KEY if inside[-1] == 125 else _VALUE
        elif sign == 58:  # :
            if due != _COLON:
                raise ValueError
            due = _VALUE
        else:
            if due > _VALUE_OR_END:
                raise ValueError
            start = at - 1
            while at < size and text[at] not in _WORD_ENDS:
                at += 1
            word = bytes(text[start:at])
            if word not in _WORDS and not _is_number(word):
                raise ValueError
            due = _COMMA_OR_END
    if inside or due != _COMMA_OR_END:
        raise ValueError


def _string_end(text, at):
    """Return the place behind the string that begins here."""
    end = text.find(b'"', at)
    if end > at and text.find(b"\\", at, end) < 0 and min(memoryview(text)[at:end]) >= _SPACE:
        return end + 1  # what is long, a chunk in base64, is seen by compiled code
    while True:
        sign = text[at] if at < len(text) else 0
        if sign < _SPACE:
            raise ValueError
        at += 1
        if sign == _QUOTE:
            return at
        if sign == _BACKSLASH:
            if at >= len(text) or text[at] not in _ESCAPED:
                raise ValueError
            at += 1
            if text[at - 1] == 117:
                at = _escape_end(text, at)


def _escape_end(text, at):
    """Return the place behind the digits of an escape, and behind its second half where it is one of two."""
    half = _code(text, at) >> 10
    at += 4
    if half == _HIGH and text[at : at + 2] == b"\\u" and _code(text, at + 2) >> 10 == _LOW:
        return at + 6
    if half == _HIGH or half == _LOW:
        raise ValueError  # half a character, which no reader can write in UTF-8
    return at


def _code(text, at):
    digits = bytes(text[at : at + 4])
    if len(digits) < 4:
        raise ValueError
    for digit in digits:
        if digit not in _HEX_DIGITS:
            raise ValueError
    return int(digits, 16)


def _joined(text):
    """Return checked JSON with each surrogate pair as the character that it means."""
    parts = []
    start = at = 0
    while True:
        at = text.find(b"\\", at)
        if at < 0:
            break
        at += 2
        if text[at - 1] == 117 and _code(text, at) >> 10 == _HIGH:
            parts.append(text[start : at - 2])
            parts.append(
                chr(0x10000 + ((_code(text, at) & 0x3FF) << 10 | _code(text, at + 6) & 0x3FF)).encode()
            )
            at += 10
            start = at
    parts.append(text[start:])
    return b"".join(parts)


def _check_utf8(text):
    """MicroPython reads any bytes as a text, and CPython none that are not UTF-8."""
    least, most = 0x80, 0xBF
    more = 0  # bytes that belong to the one before
    for byte in text:
        if more:
            if not least <= byte <= most:
                raise ValueError
            more -= 1
            least, most = 0x80, 0xBF
        elif byte > 0x7F:
            if not 0xC2 <= byte <= 0xF4:
                raise ValueError
            more = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
            # No longer form than the shortest, no half of a pair, nothing above U+10FFFF.
            least = 0xA0 if byte == 0xE0 else 0x90 if byte == 0xF0 else 0x80
            most = 0x9F if byte == 0xED else 0x8F if byte == 0xF4 else 0xBF
    if more:
        raise ValueError


def _is_number(word):
    at = 1 if word[:1] == b"-" else 0
    whole = _digits(word, at)
    if whole == at or (word[at] == 48 and whole > at + 1):
        return False
    at = whole
    if word[at : at + 1] == b".":
        whole = _digits(word, at + 1)
        if whole == at + 1:
            return False
        at = whole
    if word[at : at + 1] in (b"e", b"E"):
        at += 1
        if word[at : at + 1] in (b"+", b"-"):
            at += 1
        whole = _digits(word, at)
        if whole == at:
            return False
        at = whole
    return at == len(word)


def _digits(word, at):
    """Return the place behind the digits from here on."""
    while at < len(word) and word[at] in _DIGITS:
        at += 1
    return at
