"""`calando session`: from a device to files, and from a file to a page without the device."""

import base64
import hashlib
import json
import sys

import journal_records as made
import pytest
from answering import STATUS, Answering
from typer.testing import CliRunner

from host_tools.cli import app
from host_tools.device import client
from host_tools.device.client import Connection
from host_tools.sessions import chart, session_file
from host_tools.sessions.told import tell
from simulator.files.errors import CalandoError

RAW = made.session()
PLAYED = STATUS | {
    "profile": {"title": "Night", "population": "newborn", "sha256": "0123456789abcdef"},
    "calibrated": True, "full_scale_dba": 71.5, "dose_today_min": 25,
}  # fmt: skip
OBJECTS = {
    "session.7": RAW,
    "session.9": made.session(length_s=200),
    "profile": b'{"title": "Night", "population": "newborn", "level_dba": 45}',
    "calibration": b'{"date": "2026-03-04", "full_scale_dba": 71.5, "meter": "of the ward"}',
}
ITEMS = [
    {"age": 7, "records": len(RAW) // 16, "this_boot": False, "cut": True},
    {"age": 9, "records": 200, "this_boot": True, "cut": False},
]


def _get(message):
    data = OBJECTS[message["name"]]
    piece = data[message["at"] : message["at"] + 240]
    after = message["at"] + len(piece)
    answer = {"data": base64.b64encode(piece).decode(), "size": len(data), "next": after}
    if after == len(data):
        answer |= {"next": None, "sha256": hashlib.sha256(data).hexdigest()}
    return answer


@pytest.fixture
def calando(monkeypatch, tmp_path):
    """Run a command in an empty folder with a device plugged in; returns what it said."""
    items = list(ITEMS)

    def connect(port=None):
        page = lambda message: {"items": items[message["from"] :], "next": None}  # noqa: E731
        return Connection(Answering(list=page, get=_get, status=PLAYED))

    monkeypatch.setattr(client, "connect", connect)
    monkeypatch.setenv("CALANDO_NOTES_DIR", str(tmp_path / "notes"))
    monkeypatch.chdir(tmp_path)

    def run(*words):
        result = CliRunner().invoke(app, ["session", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    run.items = items
    return run


def test_the_list_has_the_newest_first_and_says_what_was_cut(calando):
    newest, older = calando("list").splitlines()
    assert newest.split()[0] == "9"
    assert "cut off" in older
    assert [item["age"] for item in json.loads(calando("list", "--json"))] == [9, 7]


def test_no_session_is_said(calando):
    calando.items.clear()
    assert "no session" in calando("list")
    with pytest.raises(CalandoError, match="no session on the device"):
        calando("get")


def test_a_session_that_is_not_there_is_a_sentence_with_those_that_are(calando):
    with pytest.raises(CalandoError, match="choose 9, 7 or newest"):
        calando("get", "8")


def test_what_was_got_is_what_the_device_has_and_what_is_known_of_it(calando, tmp_path):
    calando("get", "7")
    file = session_file.load(tmp_path / "session-a1b2-7.calando")
    assert file.raw == RAW
    assert (file.cut, file.this_boot, file.started) == (True, False, None)
    assert str(file.calibrated_on) == "2026-03-04"
    assert (file.profile.level_dba, file.profile.song) == (45, "twinkle")
    assert file.full_scale_dba == 71.5


def test_the_computer_says_when_the_newest_began(calando, tmp_path):
    calando("get", "--out", "s.calando")
    file = session_file.load(tmp_path / "s.calando")
    assert round((file.read_at - file.started).total_seconds() / 60) == 65  # 4000 s less the 100th


def test_page_and_files_are_the_same_from_the_device_and_from_its_file(calando, tmp_path):
    calando("get", "7")
    direct = tmp_path / "direct"
    later = tmp_path / "later"
    direct.mkdir()
    later.mkdir()
    calando("export", "7", "--out", "direct")
    calando("export", "session-a1b2-7.calando", "--out", "later")
    names = [f"session-a1b2-7.{ending}" for ending in ("csv", "edf", "fhir.json", "json")]
    assert sorted(path.name for path in direct.iterdir()) == names
    for name in names[:2]:
        assert (direct / name).read_bytes() == (later / name).read_bytes()
    calando("report", "session-a1b2-7.calando", "--out", "page.html")
    page = (tmp_path / "page.html").read_text()
    file = session_file.load(tmp_path / "session-a1b2-7.calando")
    assert page == chart.html(file, tell(file.raw))


def test_only_the_form_that_was_asked_for(calando, tmp_path):
    calando("export", "9", "--form", "edf")
    assert [path.name for path in tmp_path.iterdir()] == ["session-a1b2-9.edf"]


def test_the_options_old_name_is_refused_with_its_new_one(calando):
    with pytest.raises(CalandoError, match="write --form edf"):
        calando("export", "9", "--format", "edf")


def test_without_a_library_the_other_forms_are_written_and_that_is_told(calando, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fhir.resources", None)
    monkeypatch.setitem(sys.modules, "fhir.resources.R4B.bundle", None)
    assert 'pip install "calando[record]"' in calando("export", "9")
    assert not list(tmp_path.glob("*.fhir.json"))
    with pytest.raises(CalandoError, match=r"pip install \"calando\[record\]\""):
        calando("export", "9", "--form", "fhir")
    with pytest.raises(CalandoError, match="are for FHIR"):
        calando("export", "9", "--form", "csv", "--spo2")


def test_an_exported_file_is_verified_beside_its_session_or_with_the_device(calando, tmp_path):
    calando("export", "7", "--form", "edf")
    assert "is what the device gave" in calando("verify", "session-a1b2-7.edf", "--source", "7")
    with pytest.raises(CalandoError, match="not beside it"):
        calando("verify", "session-a1b2-7.edf")
    calando("get", "7")
    assert "is what the device gave" in calando("verify", "session-a1b2-7.edf")
    assert "is whole" in calando("verify", "session-a1b2-7.calando")
    with pytest.raises(CalandoError, match="came from another session"):
        calando("verify", "session-a1b2-7.edf", "--source", "9")
    # As where CALANDO_PORT names the device for every command.
    assert "is what the device gave" in calando("verify", "session-a1b2-7.edf", "--port", "sim")


def test_a_folder_that_is_not_there_is_a_sentence_and_nothing_is_left(calando, tmp_path):
    with pytest.raises(CalandoError, match="cannot be written"):
        calando("export", "9", "--out", "nowhere")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("report", "s.calando", "--out", "page.html"),
        ("export", "s.calando", "--form", "csv", "--out", "."),
        ("table", ".", "--out", "tables"),
        ("compare", ".", "--out", "course.html"),
    ],
    ids=lambda words: words[0],
)
def test_what_was_edited_stays_unless_it_may_be_overwritten(words, calando, tmp_path):
    calando("get", "--out", "s.calando")
    calando(*words)
    made = sorted(path for path in tmp_path.rglob("*") if path.is_file() and path.name != "s.calando")[0]
    calando(*words)  # the same is no loss
    whole = made.read_bytes()
    made.write_text("edited")
    with pytest.raises(CalandoError, match="already with other contents"):
        calando(*words)
    assert made.read_text() == "edited"
    calando(*words, "--overwrite")
    assert made.read_bytes() == whole


def test_a_session_takes_no_other_sessions_place(calando, tmp_path):
    place = tmp_path / "s.calando"
    calando("get", "--out", str(place))
    calando("get", "--out", str(place))
    place.write_text("another")
    with pytest.raises(CalandoError, match="is not this session"):
        calando("get", "--out", str(place))
    assert place.read_text() == "another"
