"""Lines and objects whose JSON is odd or none, the same for every runtime: what one reader forgives, another refuses."""

import base64
import binascii
import hashlib
import json
import random
from collections.abc import Iterator

import programme_parts
from fuzz_lines import CHUNK, checked

from firmware.prescription.profile import READY, SCHEMA_VERSION

NUMBERS = (
    "0", "-0", "-0.0", "0.0", "1", "01", "-01", "00", "1.", ".5", "-.5", "+1", "-", "--1", "1e", "1e+", "1e5", "1E5",
    "1e+5", "1e-5", "1.5e3", "1e999", "-1e999", "1e400", "1e38", "1e39", "3.4028235e38", "1e-999", "1.0", "5.0", "0x10",
    "1_000", "1073741823", "1073741824", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
    "9" * 60, "-" + "9" * 60, "1" + "0" * 100, "0.1", "0." + "3" * 40, "1.0000000000000000000000001", "NaN", "Infinity",
    "-Infinity", "nan", "inf", "1,5", "1 2", "1e5.5", "1.2.3", "1-2", "12a", "\uff11", "0b1", "1j", "1L", "0e0", "1e0",
)  # fmt: skip
WORDS = (
    "true", "false", "null", "True", "None", "TRUE", "nul", "truee", "undefined", "true1", "nulltrue", "t",
)  # fmt: skip
STRINGS = (
    '""', '"a"', "'a'", '"a', 'a"', '"\\"', '"\\\\"', '"\\u0000"', '"\\ud800"', '"\\udc00"', '"\\ud834\\udd1e"',
    '"\\udd1e\\ud834"', '"\\u00e9"', '"\\uD83D"', '"\\u12"', '"\\uzzzz"', '"\\u 123"', '"\\u+123"', '"\\u-001"',
    '"\\U00000041"', '"\\x41"', '"\\q"', '"\\/"', '"\\b\\f\\n\\r\\t"', '"\\u007f"', '"\\u0080"', '"\\u2028"',
    '"\\ufeff"', '"\\uffff"', '"it\'s"', '"a\\"b\'c"', '"\\a"', '"\\0"', '"\\\'"', '"a" "b"', '"a""b"',
    '"\\u0041\\u0042"', '"' + "x" * 41 + '"', '"' + "\\u00e9" * 30 + '"', '"\\u00ad"', '"\\u0061rm"', '"{}"',
    '"\\u202e"', '"\\ud834x"', '"%s %d"', '"%"', '"\\u1b"', '"\\u001b[2J"', "`a`", '"\\',
)  # fmt: skip
NESTED = (
    "[]", "{}", "[[]]", "[1,]", "[,1]", "[,]", "[1 2]", "[1;2]", "[1]]", "[[1]", '{"a":1,}', '{,"a":1}', '{"a" 1}',
    '{"a":}', '{"a"}', '{"a":1:2}', '{"a":1 "b":2}', "{1:2}", "{a:1}", "{null:1}", "{[]:1}", "{{}:1}", '{"":1}',
    '{"":{"":[]}}', '{"a":1,"a":2}', '{"a":[1,2}', '{"a":[1,2]]', "[}", "{]", "(1)", "[1,2,3]", "[null]", "[{}]",
    '[{"a":[{"b":[]}]}]', "[[],[]]", "[[] []]", "[:]", '["a":1]', '{"a":1;"b":2}', '{"a"="b"}', '{"a"::1}', '{"a":,}',
    "[1,,2]", "[" * 9 + "]" * 9, "[" * 13 + "]" * 13, "[" * 14 + "]" * 14, "[" * 15 + "]" * 15, "[" * 16 + "]" * 16,
    "[" * 17 + "]" * 17, "[" * 90 + "]" * 90, "[" * 300, '{"a":' * 15 + "1" + "}" * 15, '{"a":' * 16 + "1" + "}" * 16,
    '{"a":' * 17 + "1" + "}" * 17, "]", "}", "{", "[",
)  # fmt: skip
NOTHING = (
    "", " ", "/* */ 1", "1 /* */", "// 1", "1 // 1", "# 1", "<!-- -->1", "\ufeff1", "\\", ":", ",", "@", "\u00a01",
    "1\u00a0",
)  # fmt: skip
VALUES = (*NUMBERS, *WORDS, *STRINGS, *NESTED, *NOTHING)
SPACES = (
    "", " ", " ", "\t", "\r", "\x0b", "\x0c", "\x00", "\u00a0", "\ufeff", "\x1f", "\x7f", "\x85", "\u2003", "\\n", "\b",
    "\x1c",
)  # fmt: skip
KEYS = (
    '"id"', '"cmd"', '"at"', '"name"', '"kind"', '"from"', '"size"', '""', '" "', '"ID"', '"i\\u0064"', '"\\u0063md"',
    '"id\\u0000"', '"x"', '"\\ud800"', '"\\""', '"\'"', '"\\\\"', '"\\u00e9"', '"\\ud834\\udd1e"', "id", "'id'", "1",
    "null", '"\\u007f"', '"a\\nb"',
)  # fmt: skip
# A right line of each kind that may be sent when nothing plays, with `%s` where a value of it is.
TEMPLATES = (
    '{"id":%s,"cmd":"hello"}', '{"id":7,"cmd":%s}', '{"id":7,"cmd":"list","kind":%s,"from":0}',
    '{"id":7,"cmd":"list","kind":"song","from":%s}', '{"id":7,"cmd":"get","name":%s,"at":0}',
    '{"id":7,"cmd":"get","name":"profile","at":%s}', '{"id":7,"cmd":"remove","name":%s}',
    '{"id":7,"cmd":"put","name":"song.own","size":%s,"sha256":"00","format":1}',
    '{"id":7,"cmd":"put","name":%s,"size":5,"sha256":"00","format":1}',
    '{"id":7,"cmd":"put","name":"song.own","size":5,"sha256":%s,"format":1}',
    '{"id":7,"cmd":"put","name":"song.own","size":5,"sha256":"00","format":%s}',
    '{"id":7,"cmd":"data","at":%s,"data":"AAAA"}', '{"id":7,"cmd":"data","at":0,"data":%s}',
    '{"id":7,"cmd":"commit","checked":%s}', '{"id":7,"cmd":"tone","level_dbfs":%s,"seconds":1}',
    '{"id":7,"cmd":"hello","x":%s}', "%s",
)  # fmt: skip
WHOLE = (
    '{"id":7,"cmd":"hello"}', '{ "id" : 7 , "cmd" : "list" , "kind" : "song" , "from" : 5 }',
    '{"cmd":"get","name":"dose","id":7}', '{"id":7,"cmd":"list","kind":"voice"}',
    '{"id":7,"cmd":"get","name":"diff","at":0}', '{"id":7,"cmd":"discard"}',
)  # fmt: skip
# Objects whose form is JSON: a text with a value to be exchanged, and what is put around it on the way.
PROFILE = json.dumps(READY["newborn"])
CALIBRATION = json.dumps(
    {
        "full_scale_dba": 74.4,
        "date": "2026-01-31",
        "meter": "class 2",
        "unit": "e660583883724a32",
        "measurements": [[-40, 34.4], [-30, 44.4], [-20, 54.4]],
    }
)
EVENING = programme_parts.compact(
    [
        programme_parts.segment("arrive", "song", "twinkle"),
        programme_parts.SILENCE,
        programme_parts.segment("rest", "song", "twinkle"),
    ]
)
OBJECTS = (
    ("profile", SCHEMA_VERSION, PROFILE),
    ("calibration", 1, CALIBRATION),
    ("programme.evening", 1, EVENING[:-9].decode()),
)


def lines(seed: int, count: int) -> Iterator[bytes]:
    """Give so many lines, each with its newline and its right checksum; every value in every template comes first."""
    chance = random.Random(seed)
    odd = [template.replace("%s", value) for template in TEMPLATES for value in VALUES]
    odd += [_with_key(key, value) for key in KEYS for value in ("1", '"hello"', "null")]
    odd += [f"{space}{whole}" for space in SPACES for whole in WHOLE]
    odd += [f"{whole}{space}" for space in SPACES for whole in WHOLE]
    odd += [_spaced(whole, space) for space in SPACES for whole in WHOLE[:2]]
    odd += [whole[:at] for whole in WHOLE[:3] for at in range(len(whole))]
    odd += [f'{{"id":7,"id":{value},"cmd":"hello"}}' for value in ("8", "null", '"7"', "-1", "7.0")]
    odd += [f'{{"id":7,"cmd":"status","cmd":{value}}}' for value in ('"hello"', "null", "1")]
    chance.shuffle(odd)
    sent = 0
    while sent < count:
        if sent % 100 == 99:
            for line in _sending(*_odd_object(chance)):
                yield line
                sent += 1
        text = odd.pop() if odd else _mutated(chance)
        yield checked(text.encode("utf-8", "surrogatepass").replace(b"\n", b""))
        sent += 1


def _with_key(key: str, value: str) -> str:
    return f'{{"id":7,"cmd":"hello",{key}:{value}}}'


def _spaced(text: str, space: str) -> str:
    return text.replace(",", f"{space},{space}").replace(":", f":{space}")


def _mutated(chance: random.Random) -> str:
    """A right line with one to three things exchanged."""
    text = chance.choice(TEMPLATES) % chance.choice(VALUES) if chance.random() < 0.5 else chance.choice(WHOLE)
    return _changed(chance, text)


def _changed(chance: random.Random, text: str) -> str:
    for _ in range(chance.choice((1, 1, 2, 3))):
        place = chance.randrange(len(text) + 1)
        how = chance.randrange(5)
        if how == 0:
            text = text[:place] + text[place + chance.choice((1, 2, 9)) :]
        elif how == 1:
            text = text[:place] + chance.choice((*VALUES, *SPACES, *KEYS)) + text[place:]
        elif how == 2:
            text = text[:place] + chance.choice("{}[]:,\"\\ 01.-e+tx/'") + text[place + 1 :]
        elif how == 3:
            text = text[:place]
        else:
            text = text[:place] + text[place : place + 12] + text[place:]
    return text


def _odd_object(chance: random.Random) -> tuple[str, int, bytes]:
    name, version, text = chance.choice(OBJECTS)
    if chance.random() < 0.6:
        # A value in the place of one of its own.
        values = json.loads(text)
        where = chance.choice(sorted(values))
        mark = "@@"
        if isinstance(values[where], list) and values[where] and chance.random() < 0.7:
            row = chance.randrange(len(values[where]))
            if isinstance(values[where][row], list):
                values[where][row][chance.randrange(len(values[where][row]))] = mark
            else:
                values[where][row] = mark
        else:
            values[where] = mark
        text = json.dumps(values, separators=(",", ":")).replace(f'"{mark}"', chance.choice(VALUES))
    else:
        text = _changed(chance, text)
    data = text.encode("utf-8", "surrogatepass")
    if name.startswith("programme"):
        data += b"\n%08X" % binascii.crc32(data)
    return name, version, data or b" "


def _sending(name: str, version: int, data: bytes) -> Iterator[bytes]:
    digest = hashlib.sha256(data).hexdigest()
    commands: list[dict] = [
        {"cmd": "put", "name": name, "size": len(data), "sha256": digest, "format": version}
    ]
    commands += [
        {"cmd": "data", "at": at, "data": base64.b64encode(data[at : at + CHUNK]).decode()}
        for at in range(0, len(data), CHUNK)
    ]
    commands += [{"cmd": "stage"}, {"cmd": "get", "name": "diff"}, {"cmd": "discard"}]
    for command in commands:
        yield checked(json.dumps({"id": 7, **command}).encode())
