"""Every sentence of the page is in the catalogue of each other language, with the same places for values."""

import ast
import datetime
import itertools
import json
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from firmware.care import plan
from firmware.prescription import profile, programme
from firmware.prescription.profile import READY
from firmware.usb import selftest
from host_tools.device import changes
from host_tools.device import selftest as bench_test
from host_tools.device.changes import CONTRAINDICATIONS
from host_tools.programmes import remarks
from host_tools.programmes import rules as listening
from host_tools.sessions import chart, facts, identifying, note, picture, report, scales, words
from host_tools.sessions import told as sessions_told
from host_tools.sessions.report import TEMPLATES
from host_tools.songs import corrections, parents_page
from host_tools.songs.piece import CHURCH_MODES
from host_tools.studio import (
    correcting,
    page_programmes,
    page_songs,
    rules,
    segments,
    sheet,
    tasks,
    texts,
    writing,
)
from simulator.interpreter import ROOT

PLACES = re.compile(r"{\w+}")


def sentences():
    """What the code hands to `_`, or what is told of a session or a sheet to sing from to `say`, and what it takes from
    tables to do so.
    """
    found = []
    for path in (TEMPLATES / "chart.html.j2", TEMPLATES / "report.html.j2"):
        found += re.findall(r'say\("(.*?)"[,)]', path.read_text("utf-8"))
    places = [
        *(ROOT / "host_tools" / "studio").glob("*.py"),
        *(Path(part.__file__) for part in (parents_page, chart, facts, picture, report, words)),
    ]
    for path in places:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = isinstance(node, ast.Call) and getattr(node.func, "id", None) in ("_", "say")
            if named:
                first = node.args[0]
                either = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                found += [part.value for part in either if isinstance(part, ast.Constant)]
    found += (
        [title for title, _ in rules.GROUPS]
        + list(writing.NAMES.values())
        + list(page_songs.CHOICES.values())
        + list(correcting.OPTIONS.values())
        + [question for question, _ in note.WORDS.values()]
        + [title[:1].upper() + title[1:] for _, title, _ in tasks.patients()]
        + ["flat"]
        + [text for _, text in page_songs.KINDS + correcting.ORDERS + page_programmes.ORDERS]
    )
    found += [
        *words.SAID,
        *facts.SHARES.values(),
        facts.BOOT,
        facts.BEGAN,
        *filter(None, picture.SHORT.values()),
    ]
    found += [sheet.EMPTY["title"], *(values["title"] for values in READY.values())]
    found += list(identifying.WHAT)
    found += [segments.ready_made(name)["title"] for name in listening.ready()]
    found += [*chart.BLANKS, *chart.WHOM.values(), *report.MODELLED.values(), *scales.WHEN]
    found += [sessions_told.NO_RECORD, sessions_told.UNSTEADY]
    found += [text for rule in listening.RULES for text in rule] + list(listening.SHAPES.values())
    found += [rules.label({"name": setting.name, "kind": setting.kind}) for setting in programme.TABLE]
    found += [setting.meaning for setting in programme.TABLE] + [*plan.ROLES, *plan.SOURCES]
    found += [name.replace("_", " ") for names in segments.NAMES.values() for name in names]
    found += [
        *CONTRAINDICATIONS,
        *words.PHASES.values(),
        *words.REASONS.values(),
        *words.CHIP_FAULTS.values(),
    ]
    for row in rules.own_schema():
        found += [row["meaning"], rules.label(row)] if row["kind"] != "curve" else []
        for population in ("newborn", "adult"):
            if row["kind"] == "choice":
                found += [option.replace("_", " ") for option in row[population]["allowed"]]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("language", sorted(set(texts.LANGUAGES) - {"en"}))
def test_the_catalogue_is_whole(language):
    with (texts.FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    missing = [
        sentence for sentence in sentences() if sentence not in catalogue or not catalogue[sentence].string
    ]
    assert missing == []
    for message in catalogue:
        if message.id:
            assert set(PLACES.findall(message.id)) == set(PLACES.findall(message.string)), message.id


@pytest.fixture
def german():
    texts.use("de", "de_CH")
    yield
    texts.use("en")


def told_by_imports():
    """What the rooms of songs tell of a file, with 7 for each value; what is put together elsewhere is left out."""
    found = []
    for path in (ROOT / "host_tools" / "songs").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if name.endswith("told.append"):
                found += said(node.args[0])
    return found


def said(node):
    """Every text that an expression may give; none where that cannot be told from it alone."""
    if isinstance(node, ast.Constant):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return said(node.body) + said(node.orelse)
    if isinstance(node, ast.BinOp):
        return ["".join(parts) for parts in itertools.product(said(node.left), said(node.right))]
    if isinstance(node, ast.JoinedStr):
        parts = [
            said(part.value if isinstance(part, ast.FormattedValue) else part) or ["7"]
            for part in node.values
        ]
        return ["".join(texts) for texts in itertools.product(*parts)]
    return []


@pytest.mark.usefixtures("german")
def test_whatever_an_import_tells_is_told_in_the_readers_language():
    english = told_by_imports()
    assert len(english) > 60
    # What is put together of several choices there: "7 note is ... they were" is never said.
    never = re.compile(
        r"7 7|key: 7 7|the voice 7|.*semitones?7|7 note is .*they were|7 notes are (.*it was|never .* file, 7)"
    )
    assert [line for line in english if texts.told(line) == line and not never.match(line)] == []
    kinds = [f"7 {line}" for _, *both in corrections.DOUBTS for line in both]
    kinds += [f"key: D {mode}" for mode in (*CHURCH_MODES, "major", "minor")]
    assert [line for line in kinds if texts.told(line) == line] == []
    assert texts.told("key: Bb major") == "Tonart: B-Dur" and texts.told("key: B minor") == "Tonart: H-Moll"
    assert texts.told("a sentence that nobody has") == "a sentence that nobody has"


ERRORS = ("CalandoError", "Cancelled", "DeviceLost", "NoDevice")
# Never said on a page: it gives three readings, asks for parts that there are, and lets one choose a device.
NEVER_SAID = re.compile(r"a calibration has 7 readings|there is no part|7 devices are plugged in: 7")
# What is put together of several choices, as it comes out.
PUT_TOGETHER = {
    "no Calando device found (7)": (
        "no Calando device found (asked COM3, COM4); plug it in with a cable that carries data, or use --port sim",
        "no Calando device found (this computer has no USB serial port); "
        "plug it in with a cable that carries data, or use --port sim",
    ),
    "7 is in use7": (
        "COM3 is in use; close that program and try again",
        "/dev/ttyACM0 is in use by screen (process 12); close that program and try again",
    ),
    "7: 7": (
        "COM3: nothing answers; choose another port with --port, or unplug and try again",
        "COM3: something answers that is no Calando device; choose another port with --port, or unplug and try again",
    ),
}


def errors_of_the_device():
    """Return every sentence that the desk may fail with, with 7 for each value."""
    device = ROOT / "host_tools" / "device"
    paths = [device / f"{name}.py" for name in ("client", "changes", "calibrate", "backup", "selftest")]
    paths += [ROOT / "host_tools" / "studio" / f"{name}.py" for name in ("desk", "bench_steps", "workshop")]
    found = []
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in ERRORS and node.args:
                found += said(node.args[0])
    return found


@pytest.mark.usefixtures("german")
def test_whatever_goes_wrong_at_the_device_is_said_in_the_readers_language():
    english = errors_of_the_device()
    assert len(english) > 30
    begins = tuple(PUT_TOGETHER)
    assert all(any(line.startswith(begin) for line in english) for begin in begins)
    english = [line for line in english if not (line.startswith(begins) or NEVER_SAID.match(line))]
    english += [line for lines in PUT_TOGETHER.values() for line in lines]
    assert [line for line in english if texts.told(line) == line] == []
    assert texts.told(PUT_TOGETHER["7 is in use7"][1]) == (
        "/dev/ttyACM0 wird von screen benutzt (Prozess 12); "
        "schließen Sie dieses Programm und versuchen Sie es noch einmal"
    )


# What a page may be told about a file, a song, a programme or a session, and by which rooms.
FILES = (
    "host_tools/songs/*.py", "host_tools/sound/[dj]*.py", "host_tools/sessions/*.py",
    "host_tools/programmes/programmes.py", "simulator/files/song_file.py", "firmware/sound/score.py",
    "firmware/sound/adpcm.py", "host_tools/studio/studio.py", "host_tools/studio/tasks.py",
)  # fmt: skip
# What only a typed line can bring about, or nobody but a damaged file of a session; and what is in PUT_TOGETHER_OF_FILES.
TYPED = re.compile(
    r"there is no (kind|air|song 77|ready-made)|cannot write|7 is (there already|not a session|not a whole)|its records"
    r"|it (is|has)|the year|cannot keep drafts|the studio is open|7 is (longer than 7 bytes|no text)|7 has 7s;|get profile"
    r"|there is no scale \"7\"7|\"7\" is no time of a score7|7 has (no|more than one) (7 7|tune)"
    r"|7 has no voice 7 in this 7|there is no session 7|7 cannot be read as ABC7|a .* lasts"
)
PUT_TOGETHER_OF_FILES = (
    'there is no scale "X"; choose one of NRS, ESAS-r',
    'there is no scale "NSR" (did you mean "NRS"?)',
    '"soon" is no time of a score; choose one of before, during, after',
    "a.mid has no track 'x'; --track takes a number or a name of: 1 \"Voice\"",
    "a.xml has more than one part 'x'; --part takes a number or a name of: 1, 2",
    "a.abc has no tune 'x'; it has 2: 1 A, 2 B; --tune takes a number or a title",
    "a.xml has no voice 9 in this part; it has 1, 2",
    "a.abc cannot be read as ABC in the line 'x'; mend it, or export it again",
    "a.abc cannot be read as ABC; mend it, or export it again",
    "a.xml cannot be used: something in it is damaged, or is written as no program writes it: export it again",
    "there is no session 4 on the device on COM3; choose 1, 2 or newest",
    "the programme evening lasts 20.5 minutes and session_min of the profile is 20; raise session_min, or shorten the "
    "programme",
    "a voice lasts 1.0 to 20.0 s, this one has 90 samples at 8000 a second",
)


@pytest.mark.usefixtures("german")
def test_what_is_wrong_with_a_file_or_a_session_is_told_in_the_readers_language():
    english = list(PUT_TOGETHER_OF_FILES)
    for pattern in FILES:
        for path in ROOT.glob(pattern):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                    english += [line for line in said(node.exc.args[0]) if line and not TYPED.match(line)]
    assert len(english) > 110
    assert [line for line in english if texts.told(line) == line] == []
    assert texts.told("a.abc cannot be used: bar 3 has a note without a duration: export it again") == (
        "a.abc kann nicht verwendet werden: Takt 3 hat eine Note ohne Dauer: exportieren Sie die Datei neu"
    )


def remarks_of_programmes():
    """Return what may be told of a programme beside a profile, with 7 for each value."""
    tree = ast.parse(Path(remarks.__file__).read_text("utf-8"))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.BinOp | ast.IfExp) for part in ast.walk(node)
              if part is not node}  # fmt: skip
    wholes = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr | ast.BinOp | ast.IfExp) and id(node) not in inside
    ]
    return [line for node in wholes for line in said(node) if str(line).startswith("segment 7:")]


@pytest.mark.usefixtures("german")
def test_what_is_told_of_a_programme_is_in_the_readers_language():
    english = remarks_of_programmes()
    assert len(english) == 12
    assert [line for line in english if texts.told(line) == line] == []


def said_at_the_bench():
    """Return what the device's self-test finds and advises, and what is asked on the way, with 7 for each value."""
    found = []
    for node in ast.walk(ast.parse(Path(selftest.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            found.append(re.sub("%[ds]", "7", node.value).replace("%%", "%"))
    red = "Red pulses 7 % as much as infrared"
    found = [
        line
        for line in found
        if not re.search(r"^(Each part of|Try one of|Let time|Return |Lowest|Feed|A second of)", line)
    ]
    found = [
        red + line if line[0] in ":," and line != ", " else line for line in found if line not in (red, ", ")
    ]
    for name in ("calibrate", "selftest", "backup", "client"):
        for node in ast.walk(ast.parse((ROOT / "host_tools" / "device" / f"{name}.py").read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in ("say", "ask"):
                found += said(node.args[0])
    return [*found, bench_test.FINGER]


@pytest.mark.usefixtures("german")
def test_what_is_found_at_the_bench_is_told_in_the_readers_language():
    english = said_at_the_bench()
    assert len(english) > 55
    never = re.compile("part is one of|The simulated button is held|The 7 on the device")
    assert [line for line in english if texts.told(line) == line and not never.match(line)] == []
    assert texts.told("Supply 4980 mV, knob 1200 mV, room 41 dB(A), output silent.") == (
        "Versorgung 4980 mV, Regler 1200 mV, Raum 41 dB(A), Ausgang still."
    )
    assert texts.told("The calibration on the device stays: the backup has none.") == (
        "Auf dem Gerät bleibt die Kalibrierung: die Sicherung hat das nicht."
    )


@pytest.mark.usefixtures("german")
def test_what_a_commit_changes_has_the_names_of_the_page():
    schema = rules.own_schema()

    def told(line):
        return rules.change_in_words(line, schema)

    assert told("profile  level_dba 41 dBA -> 44.5 dBA") == ["Pegel: 44.5 dBA statt 41 dBA"]
    assert told("profile  population newborn -> adult") == ["Gruppe: Erwachsener statt Neugeborenes"]
    assert told("profile  early_unlock false -> true") == ["Früh erlaubt: ja statt nein"]
    assert told("profile  title Night -> Day") == ["Titel: „Day“ statt „Night“"]
    assert told("profile  song brahms -> pattern_tide") == ["Lied: Muster Gezeiten statt brahms"]
    assert told("profile  level_dba - -> 44 dBA") == ["Pegel: 44 dBA"]
    assert told("song.my_own  goes (7 bytes)") == ["Das Lied „my own“ kommt weg."]
    assert told("song.mine  bytes new -> 300") == ["Das Lied „mine“ ist neu."]
    same = changes.told([{"name": "programme.mine", "setting": "bytes", "old": 263, "new": 263}])
    assert "as large" in same[0] and told(same[0]) == [
        "Das Programm „mine“ kommt anstelle des Programms mit diesem Namen."
    ]
    assert told("voice.mine  bytes 20 -> 300") == [
        "Die Aufnahme „mine“ kommt anstelle der Aufnahme mit diesem Namen."
    ]


@pytest.mark.usefixtures("german")
def test_a_changed_curve_is_told_layer_by_layer_and_has_no_code_in_it():
    schema = rules.own_schema()
    old, new = (
        [[0, 100, 0, 0, 60, 80], [10, 85, -2, 0, 45, 55]],
        [[0, 100, 0, 0, 60, 80], [8.5, 90, -2, 0, 45, 55]],
    )
    found = rules.change_in_words(f"profile  curve  {json.dumps(old)} -> {json.dumps(new)}", schema)
    assert found[0] == "Kurve, Tempo: 100 % bei Minute 0, 90 % bei Minute 8.5."
    first = rules.change_in_words(f"profile  curve  - -> {json.dumps(new)}", schema)
    assert len(first) == 5 and "[" not in "".join(found + first)


@pytest.mark.parametrize("named", ["newborn", "adult"])
@pytest.mark.usefixtures("german")
def test_what_does_not_go_together_in_a_profile_is_said_in_the_readers_language(named):
    values = {**READY[named], "daily_min": 15, "session_min": 30 if named == "newborn" else 45}
    said_of = rules.whole(values)
    assert said_of.startswith("Die Minuten am Tag sind weniger als die einer Sitzung;")
    texts.use("en")
    assert rules.whole(values) == "“Daily” is less than “Session”; raise it or shorten the session."


def every_sentence_about_what_does_not_go_together():
    for node in ast.walk(ast.parse(Path(profile.__file__).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name in (
            "_check_together",
            "_check_melody",
            "_check_curve_tempo",
            "_shape",
        ):
            for part in ast.walk(node):
                if isinstance(part, ast.Call) and getattr(part.func, "id", None) == "ProfileError":
                    first = part.args[0].left if isinstance(part.args[0], ast.BinOp) else part.args[0]
                    yield first.value.replace("%d", "7").replace("%%", "%")


@pytest.mark.usefixtures("german")
def test_every_rule_of_two_settings_is_in_the_catalogue():
    english = list(every_sentence_about_what_does_not_go_together())
    assert len(english) > 17
    assert [line for line in english if texts.told(line) == line] == []


@pytest.mark.parametrize(
    ("region", "typed", "found"),
    [
        ("en_GB", "1,440", 1440), ("en_GB", "12,345.5", 12345.5), ("en_GB", "0,5", 0.5), ("en_GB", "1.5", 1.5),
        ("en_GB", "1,44", 1.44), ("de_DE", "1.440", 1440), ("de_DE", "1.440,5", 1440.5), ("de_DE", "1,5", 1.5),
        ("de_CH", "1’440", 1440), ("de_CH", "1'440.5", 1440.5), ("de_CH", "1.440", 1.44), ("en_GB", "-2.5", -2.5),
        ("en_GB", "1,440,00", None), ("en_GB", "1,440,123", 1440123), ("en_GB", "", None),
        ("en_GB", "nan", None), ("en_GB", "1e99", None),
    ],
)  # fmt: skip
def test_a_number_is_taken_as_the_readers_country_writes_it(region, typed, found):
    texts.use(region[:2], region)
    try:
        assert texts.number_of(typed) == found
    finally:
        texts.use("en")


@pytest.mark.usefixtures("german")
def test_a_meaning_names_other_settings_as_the_page_does():
    schema = rules.own_schema()
    mode = next(row for row in schema if row["name"] == "mode")
    assert "vom Anfangstempo" in rules.meaning(mode, schema) and "_" not in rules.meaning(mode, schema)


@pytest.mark.usefixtures("german")
def test_texts_numbers_and_dates_are_the_readers():
    assert texts._("Device") == "Gerät" and texts._("no such sentence") == "no such sentence"
    assert (
        texts.number(1234.5).replace("'", "’") == "1’234.5"
        and texts.typed(1440) == "1440"
        and texts.number(True) == "True"
        and texts.number("4x") == "4x"
    )
    assert texts.when(datetime.datetime(2026, 3, 4, 15, 6)) == "04.03.2026, 15:06:00"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", ("de", "de_CH")),
        ("fr-FR,de;q=0.5", ("de", None)),
        ("en-US", ("en", "en_US")),
        ("*", ("en", None)),
        ("", ("en", None)),
        ("xx-yy;q=z,\x00", ("en", None)),
    ],
)
def test_the_language_is_the_browsers(asked, found):
    assert texts.preferred(asked) == found
