"""Session files from elsewhere: each is read, or refused in one sentence, in little memory, and nothing else is touched."""

import datetime
import hashlib
import json
import struct
import sys
import tracemalloc
from pathlib import Path

import journal_records as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from read_sessions import file_of

from firmware.memory.journal import EVENTS
from firmware.reasons import PHASES, REASONS
from host_tools import cli
from host_tools.forms import csv_form, edf_form
from host_tools.sessions import chart, picture, session_file
from host_tools.sessions.told import tell
from simulator.files.errors import CalandoError

ESCAPE = "\x1b]0;x\x07"
WRONG = (
    None,
    -1,
    10**30,
    1.5,
    float("nan"),
    "",
    "x",
    "-7",
    "../../x",
    ESCAPE,
    "<script>",
    "x" * 5000,
    [],
    {},
    [[[]]],
    True,
)


def values():
    """An honest file's fields."""
    session = file_of(
        made.session(length_s=90),
        profile=session_file.PlayedProfile(
            title="Night", population="newborn", song="own", soundscape="none"
        ),
        calibrated=True,
        calibrated_on=datetime.date(2026, 3, 4),
        started=datetime.datetime(2026, 3, 5, 20, 0, tzinfo=datetime.UTC),
    )
    return json.loads(session.model_dump_json())


@pytest.fixture
def calando(monkeypatch, capsys, tmp_path):
    """Run a command in this process, in a folder with s.calando of these fields: (exit status, output, error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALANDO_NOTES_DIR", str(tmp_path / "notes"))

    def run(fields, *words):
        text = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        (tmp_path / "s.calando").write_bytes(text)
        monkeypatch.setattr(sys, "argv", ["calando", "session", *words])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capsys.readouterr()
        status = stopped.value.code or 0
        assert status in (0, 1) and "\x1b" not in out + err
        if status:
            assert err.startswith("calando: ") and err.count("\n") == 1 and len(err) < 500
        return status, out, err

    return run


PLACES = [(name,) for name in values()] + [("profile", name) for name in values()["profile"]]


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_every_field_in_every_wrong_way_is_read_or_a_sentence(place, calando, tmp_path):
    for wrong in WRONG:
        fields = values()
        part = fields if len(place) == 1 else fields["profile"]
        part[place[-1]] = wrong
        status, _, err = calando(fields, "export", "s.calando", "--form", "csv")
        if status:
            assert "s.calando is not a whole session" in err, (wrong, err)
            assert [path.name for path in tmp_path.iterdir()] == ["s.calando"]
        for path in tmp_path.iterdir():
            assert path.name == "s.calando" or path.name.startswith("session-4"), path
            path.unlink()
    assert not list(tmp_path.parent.glob("x*"))


@pytest.mark.parametrize(
    "text",
    [
        b"", b"[]", b"null", b"[" * 100_000 + b"]" * 100_000, b'{"format":' * 9000, b"\xff\xfe\x00", b"1" * 5000,
        b"\x00" * 100,
    ],
    ids=["empty", "list", "null", "deep", "open", "other text", "number", "zeros"],
)  # fmt: skip
def test_what_is_no_session_is_a_sentence(text, calando):
    status, _, err = calando(text, "report", "s.calando")
    assert status == 1 and "s.calando is not a" in err


def test_a_field_that_stands_there_twice_or_is_unknown_changes_nothing_else(calando):
    text = json.dumps(values())
    status, _, err = calando((text[:-1] + ', "age": 7, "patient": "x"}').encode(), "report", "s.calando")
    assert status == 1 and "patient" in err


def test_a_file_without_an_end_is_refused():
    with pytest.raises(CalandoError, match="a session has at most"):
        session_file.load(Path("/dev/zero"))


def test_a_claim_of_millions_of_records_takes_no_memory(tmp_path):
    raw = made.row(1) * (session_file.MOST_RECORDS + 1)
    with pytest.raises(CalandoError, match="not whole ones of 16 bytes"):
        file_of(raw)
    (tmp_path / "a.calando").write_bytes(b'{"records": "' + b"A" * 100_000_000)
    tracemalloc.start()
    with pytest.raises(CalandoError, match="a session has at most"):
        session_file.load(tmp_path / "a.calando")
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()


def test_rows_that_jump_for_years_are_sentences_and_the_csv_is_there(calando, tmp_path):
    jumps = b"".join(made.row(i * 40_000) for i in range(3000))
    fields = values() | {"sha256": hashlib.sha256(jumps).hexdigest(), "records": b64(jumps)}
    status, _, err = calando(fields, "report", "s.calando")
    assert status == 1 and "records over 33322 hours, which is no one session" in err
    status, out, err = calando(fields, "export", "s.calando")
    assert status == 1 and "33322 hours" in err and ".csv" in out and ".edf" not in out
    assert next(tmp_path.glob("*.csv")).read_text().count("\n") == 3001


def b64(raw):
    import base64

    return base64.b64encode(raw).decode()


@pytest.mark.parametrize("year", [1970, 1984, 1985, 2084, 2085, 2199])
def test_a_computers_wrong_clock_loses_no_form(year, calando, tmp_path):
    moment = f"{year}-01-01T00:00:00Z"
    status, out, _ = calando(values() | {"read_at": moment, "started": moment}, "export", "s.calando")
    assert status == 0 and ".csv" in out
    header = next(tmp_path.glob("*.edf")).read_bytes()[:256].decode("ascii")
    assert ("Startdate X" in header) == (year not in range(1985, 2085))


@pytest.mark.parametrize("firmware", ["x" * 32, "Ünïcöde 夜 1.0", "0.1.0 with blanks"])
def test_a_long_or_foreign_firmware_text_loses_no_form(firmware, calando, tmp_path):
    status, out, err = calando(
        values() | {"firmware": firmware, "unit": "4" + "a" * 31}, "export", "s.calando"
    )
    assert status == 0 and ".csv" in out, err
    assert next(tmp_path.glob("*.edf")).stat().st_size > 256


seconds = st.sampled_from([0, 1, 1, 2, 60, 90])
rows = st.builds(
    lambda *fields: struct.pack("<HBBHHHHHBB", *fields),
    seconds, st.integers(0, len(PHASES) - 1), st.integers(0, len(REASONS) - 1),
    *[st.sampled_from([0, 1, 7500, 65_534, 65_535])] * 5, st.sampled_from([0, 190, 254, 255]), st.integers(0, 255),
)  # fmt: skip
events = st.builds(
    lambda at, kind, reason, detail: struct.pack("<HBBi", at, 0x80 | kind, reason, detail).ljust(16, b"\0"),
    seconds, st.integers(0, len(EVENTS) - 1), st.integers(0, len(REASONS) - 1), st.integers(-1, 12),
)  # fmt: skip


@settings(max_examples=25)
@given(st.lists(rows | events, min_size=1, max_size=12))
def test_whatever_the_records_say_is_a_page_and_files_or_a_sentence(records):
    session = file_of(b"".join(records))
    drawn = picture.page_png
    picture.page_png = lambda found: b"\x89PNG"  # the numbers are what may fail
    try:
        told = tell(session.raw)
        assert "<html" in chart.html(session, told)
        assert csv_form.csv_text(session, told) and csv_form.sidecar_text(session, told)
        assert edf_form.edf(session, told)
    except CalandoError as error:
        assert "does not know" in str(error) or "no one session" in str(error)
    finally:
        picture.page_png = drawn


def test_sixty_events_in_one_second_give_every_second_no_room_for_sixty():
    rows = [made.row(at) for at in range(1, 600)]
    session = file_of(b"".join([*rows[:300], *[made.event(300, "press")] * 60, *rows[300:]]))
    content = edf_form.edf(session, tell(session.raw))
    assert len(content) < 100_000
    _, _, annotations = edf_form.read_edf(content)
    assert sum(at == 299 for at, _ in annotations) == 60


@pytest.mark.parametrize(
    "raw",
    [
        made.event(5, "press"),
        made.event(0, "boot"),
        made.event(5, "press") + made.event(5, "end", 3, "dose"),
        made.row(5),
        made.row(5) * 10,
        made.row(5) + made.row(5, level_dba=None),
        b"".join(made.row(at, tempo_bpm=0, pulse_bpm=0, level_dba=0) for at in range(40)),
    ],
    ids=["press", "boot", "refused", "one row", "one moment", "then silent", "all zero"],
)
def test_a_session_of_no_row_or_one_moment_is_a_page(raw):
    session = file_of(raw)
    assert "<html" in chart.html(session, tell(session.raw))
