"""The lines of the USB link: what is sent arrives, and nothing else is taken for it."""

import binascii
import contextlib
import io
import json
import re
import subprocess

import pytest
from desk_device import Serial
from hypothesis import given
from hypothesis import strategies as st

from firmware.usb import link, strict_json
from simulator.interpreter import ROOT, find_micropython

PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=3),
)
MESSAGES = st.dictionaries(st.text(max_size=8), PLAIN, max_size=5)


def framed(text: bytes) -> bytes:
    return b"%s*%08X\n" % (text, binascii.crc32(text))


@given(MESSAGES)
def test_what_is_sent_arrives(message):
    try:
        line = link.encode(message)
    except ValueError:
        return  # too long; said so
    assert link.decode(line) == message == link.decode(line[:-1])
    assert len(line) <= link.LINE_BYTES and line.endswith(b"\n")
    assert all(32 <= byte < 127 for byte in line[:-1])


def test_the_form_of_a_line_is_the_one_in_the_document():
    assert link.encode({"id": 7, "cmd": "status"}) == framed(b'{"id":7,"cmd":"status"}')


@given(MESSAGES, st.data())
def test_a_flipped_bit_is_found(message, data):
    try:
        line = bytearray(link.encode(message))
    except ValueError:
        return
    bit = data.draw(st.integers(0, len(line) * 8 - 9))
    line[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match=r"\.$"):
        link.decode(line)


@given(st.binary(max_size=600))
def test_any_bytes_are_refused_with_a_sentence(noise):
    with pytest.raises(ValueError, match=r"^The line .*\.$"):
        link.decode(noise)


@pytest.mark.parametrize("text", [b"[1]", b"7", b"null", b"", b'"a"', b"{", b'{"a":1}x', b"[" * 400])
def test_a_right_checksum_over_something_else_is_refused(text):
    with pytest.raises(ValueError, match=r"^The line is not (a )?JSON"):
        link.decode(framed(text))


def test_bytes_that_are_no_plain_characters_are_refused_though_their_checksum_is_right():
    for text in (b'{"a":"\xc3\xa9"}', b'{"a":\t1}', b'{"a":"\x03"}'):
        with pytest.raises(ValueError, match="plain characters"):
            link.decode(framed(text))


def test_the_longest_line_is_taken_and_one_byte_more_is_not():
    fits = {"a": "x" * (link.LINE_BYTES - len(link.encode({"a": ""})))}
    assert len(link.encode(fits)) == link.LINE_BYTES
    assert link.decode(link.encode(fits)) == fits
    too_long = {"a": fits["a"] + "x"}
    with pytest.raises(ValueError, match="513 bytes"):
        link.encode(too_long)
    with pytest.raises(ValueError, match="longer than 512"):
        link.decode(framed(b'{"a":"%s"}' % too_long["a"].encode()))


def test_an_answer_longer_than_a_line_is_a_refusal_and_no_end_of_the_device():
    serial = Serial()
    serial.coming += link.encode({"id": 7, "cmd": "status"})
    line = link.Link(serial, lambda command, arguments: {"title": '"' * link.LINE_BYTES})
    line.step(50)
    assert link.decode(serial.heard)["error"]["code"] == "too_big"


def test_a_chunk_fits_a_line_with_everything_that_may_come_with_it():
    chunk = "A" * len(binascii.b2a_base64(bytes(link.CHUNK_BYTES), newline=False))
    ok = {"data": chunk, "size": 10**6, "next": None, "sha256": "0" * 64}
    link.encode({"id": link.ID_MOST, "ok": ok})
    link.encode({"id": link.ID_MOST, "ok": ok | {"next": 10**6}})
    link.encode({"id": link.ID_MOST, "cmd": "data", "at": 10**6, "data": chunk})


# What MicroPython's json takes and JSON does not have, and NaN, which CPython's takes.
HALF = re.compile(r"\\u[dD][89a-fA-F]")  # of a surrogate pair
LENIENT = [
    '{"a":1,}', '{"a":NaN}', '{"a":-Infinity}', '{"a":1 "b":2}', '{,"a":1}', '{"a" 1}', '{"a":01}', '{"a":1.}',
    '{"a":"\\q"}',
    '{"a":[1 2]}', '{"a":[1,]}', "{:}",
    '{"a":"\\uzzzz"}', '{"a":"\\u+123"}', '{"a":"\\u12"}', '{"a":"\\ud834"}', '{"a":"\\udd1e"}', '{"a":"\\ud834\\u0041"}',
    '{"a":}', '{"a":1:2}', "{1:2}", '{"a":1}}', '{"a":tru}', "[" * 17 + "]" * 17,
]  # fmt: skip


@pytest.mark.parametrize("text", LENIENT)
def test_what_only_some_readers_take_is_refused(text):
    with pytest.raises(ValueError, match=r"^The line is not JSON"):
        link.decode(framed(text.encode()))


@given(
    st.recursive(
        PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    )
)
def test_json_as_it_is_written_passes(value):
    strict_json.check(json.dumps(value).encode())
    strict_json.check(json.dumps(value, indent=1, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    "text",
    [
        b"\xff",
        b"\xc0\x80",
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8",
        b"\xe2\x82",
        b"\x80",
    ],
)
def test_what_is_no_utf_8_is_refused(text):
    with pytest.raises(ValueError):
        strict_json.check(b'"' + text + b'"')


@given(st.text())
def test_any_text_is_read_as_it_was_whichever_way_it_is_written(text):
    for ascii_only in (True, False):
        assert strict_json.read(json.dumps(text, ensure_ascii=ascii_only).encode()) == text


@given(
    st.dictionaries(st.text(max_size=4), PLAIN, max_size=3),
    st.integers(0, 60),
    st.sampled_from('{}[]:,"\\ 01.-e+tx'),
)
def test_the_check_refuses_what_another_reader_refuses(value, place, sign):
    text = json.dumps(value)
    text = text[:place] + sign + text[place + 1 :]
    try:
        json.loads(text, parse_constant=int)  # which takes no word
    except ValueError:
        read = False
    else:
        read = True
    try:
        strict_json.check(text.encode())
    except ValueError:
        assert not read or HALF.search(text)
    else:
        assert read


def test_every_runtime_answers_alike():
    code = (
        "from firmware.usb import link\n"
        "for text in %r:\n try: print(link.decode(text))\n except ValueError as error: print(error)\n"
        % [framed(text.encode()) for text in [*LENIENT, '{"a": 1.5e3, "b": [null, {}]}']]
    )
    here = io.StringIO()
    with contextlib.redirect_stdout(here):
        exec(code, {})
    there = subprocess.run(
        [*(find_micropython() or []), "-c", code],
        cwd=ROOT,
        env={"MICROPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert there.returncode == 0 and sorted(there.stdout.splitlines()) == sorted(here.getvalue().splitlines())
