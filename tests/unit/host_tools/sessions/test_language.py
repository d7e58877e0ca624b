"""A page about a session is wholly in the language that is spoken: what a catalogue cannot reach would stay English."""

import re

import hand_made_session as hand_made
import journal_records as made
import pytest
from matplotlib.text import Text as Label
from read_sessions import READ_AT, file_of, random_session

from host_tools.sessions import chart, facts, note, picture, report, words
from host_tools.sessions.language import Language, number, say, spoken
from host_tools.sessions.told import tell

# What is the same in every language, or was entered by somebody, or is a name.
NAMES = {
    "calando", "night", "dba", "bpm", "min", "sha", "micropython", "python", "wav", "audio", "abc",
    "grimaces", "brahms", "mother", "nrs",
}  # fmt: skip


def crossed_out(text, /, **values):
    """A language without letters: what is said in it has none but those of its values."""
    parts = re.split(r"({\w+})", text)
    return "".join(
        values_of(part, values) if part[:1] == "{" else re.sub("[A-Za-z]", "ø", part) for part in parts
    )


def values_of(place, values):
    return place.format(**values) if values else place


@pytest.fixture
def without_letters():
    date = "{:%d.%m.%y}".format
    with spoken(Language("xx", crossed_out, crossed_out, date, date, ",")):
        yield


def left_over(page):
    page = re.sub(r"(?s)<style>.*?</style>|data:image/png;base64,[\w+/=]+", "", page)
    shown = [*re.findall(r'(?:alt|title|aria-label)="([^"]*)"', page), re.sub(r"<[^>]+>", "\n", page)]
    found = re.findall(r"[A-Za-z]{3,}", re.sub(r"\b(?=\w*\d)\w+", " ", " ".join(shown)))
    return sorted({word for word in found if word.lower() not in NAMES})


WRITTEN = note.changed(
    note.SessionNote(),
    {name: "mother" for name in note.WORDS},
    ["NRS before 4", "NRS after 2"],
    ["0:30 grimaces"],
)


@pytest.mark.usefixtures("without_letters")
@pytest.mark.parametrize("changes", [
    {}, {"calibrated": True}, {"calibrated": True, "calibrated_on": READ_AT.date()}, {"calibrated": None},
    {"profile": None}, {"this_boot": False}, {"started": READ_AT}, {"cut": True},
])  # fmt: skip
def test_nothing_of_the_page_for_the_chart_is_left_in_english(changes):
    raw = made.event(100, "arm", 3) + made.session(
        first_s=100, length_s=300, end=None if "cut" in changes else 0
    )
    file = file_of(raw, **changes)
    pages = [chart.html(file, tell(file.raw))]
    version = note.NoteVersion(
        unit=file.unit, age=file.age, sha256=file.sha256, number=2, written=READ_AT, note=WRITTEN
    )
    pages.append(chart.html(file, tell(file.raw), version))
    assert [left_over(page) for page in pages] == [[], []]
    assert 'lang="xx"' in pages[0]


@pytest.mark.usefixtures("without_letters")
@pytest.mark.parametrize("seed", range(14))
def test_nothing_is_left_whatever_was_written_down(seed):
    file = random_session(seed)
    assert left_over(chart.html(file, tell(file.raw))) == []


@pytest.mark.usefixtures("without_letters")
def test_nothing_of_the_report_and_of_its_picture_is_left_in_english(monkeypatch):
    drawn = []

    class Kept(picture.Figure):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            drawn.append(self)

    monkeypatch.setattr(picture, "Figure", Kept)
    rows = hand_made.rows()
    for row in rows[100:400]:
        row.update(
            breathing_rate_bpm=12.0, pace_bpm=7.0 - row["time_s"] / 500, breath_followed=1, pacer="paced"
        )
    for row in rows[400:]:
        row.update(breathing_rate_bpm=12.0, pace_bpm=6.0, breath_followed=0, pacer="let_go")
    events = [*hand_made.events(), {"time_s": 80.0, "kind": "pulse_rate", "detail": {"to": 90, "over_s": 20}}]
    found = facts.from_records(rows, events, say("by hand"), "newborn", "faded", "time_up", 60.0, 48.0)
    summary = {"population": "newborn", "max_level_dba": 50.5, "underruns": 0, "runtime": "micropython", "seed": 1,
               "versions": {"calando": "1.2"}, "expected": {"held": True}}  # fmt: skip
    whole, bare = picture.pngs(found)
    assert whole and left_over(report.html(found, bare, summary)) == []
    labels = {text.get_text() for figure in drawn for text in figure.findobj(Label)}
    assert len(labels) > 20 and left_over(" ".join(labels)) == []


@pytest.mark.usefixtures("without_letters")
def test_every_word_of_the_device_can_be_said_otherwise():
    told = [words.ending(end, reason) for end in (*words.ENDS, None) for reason in words.REASONS]
    told += [words.phase(phase) for phase in words.PHASES]
    told += [words.event(kind, {"to": value, "for_s": 20}) for kind in words._HAPPENED for value in (0, 1)]
    told += [words.event(f"device_{kind}", {"value": 3}) for kind in words._DEVICE]
    told += [
        words.event("i2c_fault", {"chip": chip, "kind": kind})
        for chip in words._CHIPS
        for kind in words._KINDS
    ]
    told += [words.event(kind, {"to": 1.5}) for kind in words._QUANTITY]
    assert left_over(" ".join(told)) == []


def test_numbers_have_the_readers_point_and_english_is_as_it_stands():
    assert number(1.5) == "1.5" and say("now {phase}", phase="x") == "now x" and say("{") == "{"
    with spoken(Language(point=",")):
        assert number(1.25, ".1f") == "1,2" and words.span(1.5) == "1,5 s"
    assert number(1.5) == "1.5"
