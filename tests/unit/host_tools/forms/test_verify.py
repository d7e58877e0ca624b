"""A file still is what the device gave, or one sentence says where it is not."""

import json
import os

import journal_records as made
import pytest
from read_sessions import READ_AT, file_of, random_session

from host_tools.forms import export, verify
from host_tools.output import write_files
from host_tools.sessions import note, session_file, session_read
from simulator.files.errors import CalandoError


@pytest.fixture
def exported(tmp_path):
    """The folder of an exported session, its stem, and the session."""
    file = file_of(made.session(every_s=1), started=READ_AT)
    moments = note.changed(note.SessionNote(), moments=["0:30 sighs"])
    write_files(export.files(file, export.FORMS, tmp_path, moments, "Patient/1", True))
    session_file.save(file, tmp_path / (session_read.stem(file) + ".calando"))
    return tmp_path, session_read.stem(file), file


@pytest.mark.parametrize("ending", [".calando", *export.SUFFIXES.values()])
def test_an_untouched_file_is_what_the_device_gave(exported, ending):
    folder, stem, file = exported
    assert "what the device gave" in verify.verify(folder / (stem + ending)) or ending == ".calando"
    assert verify.verify(folder / (stem + ending), file)


@pytest.mark.parametrize("seed", range(10))
def test_so_are_random_sessions(tmp_path, seed):
    file = random_session(seed)
    write_files(export.files(file, export.FORMS, tmp_path))
    for place in tmp_path.iterdir():
        assert verify.verify(place, file)


@pytest.mark.parametrize(
    ("ending", "old", "new", "sentence"),
    [
        (".csv", ",150.0,75.0", ",151.0,75.0", "row 60 has pulse_rate_bpm = 151.0, the device 150.0"),
        (".csv", ",150.0,75.0", ",,75.0", "pulse_rate_bpm = unknown"),
        (".csv", "time_s,phase", "t,phase", "no session's CSV"),
        (".json", '"end": "faded"', '"end": "withdrawn"', '"end" says something else'),
        (".json", '"records": "', '"records": "A', "not a whole session"),
        (".fhir.json", '"value": 75.0', '"value": 74.0', "tempo_bpm of minute 2 is 74.0, the device's 75.0"),
        (".fhir.json", '"effectivePeriod"', '"ineffectivePeriod"', "begin at other times"),
        (".fhir.json", '"Bundle"', '"Bungle"', "no session's FHIR"),
        (".calando", '"sha256": "', '"sha256": "0', "not a whole session"),
    ],
)
def test_a_changed_number_is_named(exported, ending, old, new, sentence):
    folder, stem, _ = exported
    place = folder / (stem + ending)
    text = place.read_text()
    assert old in text
    place.write_text(text.replace(old, new, 1))
    with pytest.raises(CalandoError, match=sentence):
        verify.verify(place)


def test_a_lost_row_is_named(exported):
    folder, stem, _ = exported
    place = folder / (stem + ".csv")
    place.write_text("".join(place.read_text().splitlines(keepends=True)[:-3]))
    with pytest.raises(CalandoError, match="has 296 rows, the device's record 299"):
        verify.verify(place)


def test_a_changed_sample_or_beginning_of_edf_is_named(exported):
    folder, stem, _ = exported
    place = folder / (stem + ".edf")
    content = place.read_bytes()
    start = int(content[184:192])
    for record, sentence in (
        (10, "second 10 of pulse_rate_bpm"),
        (0, "no session's EDF"),
    ):  # the first has no reading
        at = start + record * (len(content) - start) // int(content[236:244])
        place.write_bytes(content[:at] + b"\x11" + content[at + 1 :])
        with pytest.raises(CalandoError, match=sentence):
            verify.verify(place)
    place.write_bytes(content.replace(b"phase: ", b"phrase:"))
    with pytest.raises(CalandoError, match="annotations are others"):
        verify.verify(place)
    place.write_bytes(content[:300])
    with pytest.raises(CalandoError, match="no session's EDF"):
        verify.verify(place)


def test_a_files_session_may_be_in_another_folder_and_must_be_the_same(exported, tmp_path_factory):
    folder, stem, file = exported
    alone = tmp_path_factory.mktemp("alone") / (stem + ".csv")
    alone.write_bytes((folder / (stem + ".csv")).read_bytes())
    os.mkfifo(alone.parent / "a.calando")  # it can vouch for nothing, and nobody waits for it
    with pytest.raises(CalandoError, match="is not beside it"):
        verify.verify(alone)
    (alone.parent / "endless.csv").symlink_to("/dev/zero")
    with pytest.raises(CalandoError, match="at most 64 MB"):
        verify.verify(alone.parent / "endless.csv")
    assert verify.verify(alone, file)
    with pytest.raises(CalandoError, match="came from another session"):
        verify.verify(alone, file_of(made.session(length_s=200)))
    # The JSON of the export vouches for the CSV beside it.
    (alone.parent / (stem + ".json")).write_bytes((folder / (stem + ".json")).read_bytes())
    assert verify.verify(alone)


@pytest.mark.parametrize(
    "name", ["a.txt", "a.csv", "a.json", "a.edf", "a.fhir.json", "a.calando", "none.csv"]
)
def test_another_file_is_one_sentence(tmp_path, name):
    for content in (
        b"",
        b"\xff\xfe",
        b"[1]",
        b"[" * 200_000,
        json.dumps({"format": "calando session csv"}).encode(),
    ):
        if name != "none.csv":
            (tmp_path / name).write_bytes(content)
        with pytest.raises(CalandoError) as refused:
            verify.verify(tmp_path / name)
        assert name in str(refused.value)
