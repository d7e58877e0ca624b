"""A profile as a file: what is written reads back the same, and what a person got wrong is told with its line."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.prescription import profile as firmware_profile
from firmware.prescription.profile import ADULT, NEWBORN, READY, TABLE, Profile, ProfileError
from host_tools.docs import settings_doc
from simulator.files import profile_file
from simulator.files.errors import CalandoError


def value_of(setting, population):
    """Values that the table allows for one setting."""
    allowed = setting.allowed(population)
    if setting.kind == "number":
        low, high = round(allowed[0] / setting.step), round(allowed[1] / setting.step)
        return st.integers(low, high).map(lambda steps: steps * setting.step)
    if setting.kind == "choice":
        return st.sampled_from(allowed)
    if setting.kind == "switch":
        return st.booleans()
    if setting.kind == "text":
        return st.text([chr(code) for code in range(32, 127)], min_size=allowed[0], max_size=allowed[1])
    if setting.kind == "name":
        return st.text("abcxyz019_", min_size=allowed[0], max_size=allowed[1])
    numbers = [
        st.floats(low, high) for low, high in zip((50, -20, 0, 0, 0), (100, 0, 100, 100, 100), strict=True)
    ]
    rows = st.lists(st.tuples(*numbers), min_size=1, max_size=16)
    return rows.map(lambda rows: [[minute, *row] for minute, row in enumerate(rows)])


@st.composite
def profiles(draw):
    """Any settings of the table's; those that do not go together are kept out by the caller."""
    population = draw(st.sampled_from([NEWBORN, ADULT]))
    changed = draw(st.sets(st.sampled_from([setting for setting in TABLE if setting.name != "population"])))
    return {"population": population} | {
        setting.name: draw(value_of(setting, population)) for setting in changed
    }


@given(profiles())
def test_what_is_written_reads_back_as_the_same_values(values):
    try:
        whole = Profile.from_values(values).values
    except ProfileError:  # they do not go together; the text must hold them all the same
        whole = READY[values["population"]] | values
    assert tomllib.loads(profile_file.dump(whole)) == whole


@pytest.mark.parametrize("name", READY)
def test_a_ready_made_profile_goes_through_a_file(name, tmp_path):
    path = tmp_path / "p.toml"
    path.write_text(profile_file.dump(READY[name]))
    assert profile_file.load(path).values == READY[name] == profile_file.load(name).values


def test_every_setting_has_its_meaning_range_and_default_as_a_comment():
    text = profile_file.dump(READY[ADULT])
    for setting in TABLE:
        comment = text.split(f"\n{setting.name} = ")[0].splitlines()[-1]
        assert comment.startswith(f"# {setting.meaning}"), setting.name
        if setting.kind == "number":
            low, high = setting.adult
            assert f"{low} to {high}" in comment and setting.unit in comment
            assert comment.endswith(f"ready-made: {READY[ADULT][setting.name]}")


GOOD = "# mine\ntitle = 'Night'\nlevel_dba = 40\n"
CURVE = "curve = [\n  [0, 100, 0, 0, 50, 50],\n  # a comment\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            GOOD + "levl = 3\n",
            'p.toml, line 4: there is no setting "levl" in a profile (did you mean "level_dba"?)',
        ),
        (GOOD + '"levl" = 3\n', "line 4"),
        (GOOD + "[night]\nx = 1\n", 'p.toml: there is no setting "night"'),
        (GOOD.replace("40", "90"), "p.toml, line 3: level_dba = 90 is outside 30 to 50 dBA"),
        (GOOD + "\n\nbaseline_max_s = 60\nbaseline_s = 90\n", "p.toml, line 6: baseline_max_s is shorter"),
        (GOOD + CURVE + "  [5, 90, 0, 0, 50, 500],\n]\n", "p.toml, line 7: curve = 500 in row 2: density"),
        (GOOD + "curve = [[0, 100, 0, 0, 50, 50], [9, 90, 0, 0, 50, 500]]\n", "p.toml, line 4: curve"),
        (GOOD + "opening = 2026-01-01\n", "p.toml, line 4: opening"),
        (GOOD + "soundscape = 'none'\n", "p.toml: opening = 'soundscape' needs a soundscape"),
        (GOOD + "level_dba = 41\n", "p.toml: this is not valid TOML: cannot overwrite a value (at line 4"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, monkeypatch, text, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(CalandoError) as refused:
        profile_file.load("p.toml")
    assert str(refused.value).startswith(says) or says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_of_another_kind_is_a_sentence(tmp_path):
    path = tmp_path / "song.wav"
    path.write_bytes(b"RIFF\xff\xfe\x00\x01WAVE")
    with pytest.raises(CalandoError, match="line 1 is not UTF-8 text"):
        profile_file.load(path)
    path.write_bytes(b"x" * 2_000_000)
    with pytest.raises(CalandoError, match=r"2\.0 MB; a profile has at most 1 MB"):
        profile_file.load(path)


def test_differences_come_in_the_tables_order():
    old = READY[NEWBORN]
    new = old | {"fade_s": 60, "title": "Night"}
    assert profile_file.differences(old, new) == [("title", "Newborn", "Night"), ("fade_s", 30, 60)]
    assert profile_file.with_unit("fade_s", 60) == "60 s" and profile_file.with_unit("title", None) == "-"


class TestDocument:
    def test_it_is_the_newest(self):
        assert settings_doc.DOCUMENT.read_text() == settings_doc.render(), (
            "run python -m host_tools.docs.settings_doc"
        )

    def test_it_gives_the_source_of_a_number_beside_its_setting(self):
        found = settings_doc.sources()
        assert found["newborn"]["session_min"].startswith("15 to 20 min: Shin")
        assert "Philbin" in found["newborn"]["level_dba"] and found["newborn"]["level_dba"].endswith(
            "Kuhn 2012."
        )
        assert found["adult"]["gap_min"] == "Choice"
        assert "gap_min" in found["newborn"] and "title" not in found["newborn"]

    def test_what_it_says_of_the_curve_is_what_the_firmware_checks(self):
        for number in (
            firmware_profile.CURVE_POINTS_MAX,
            firmware_profile.CURVE_SPACING_MS / 60_000,
            *firmware_profile._CURVE_LOW,
            *firmware_profile._CURVE_HIGH,
        ):
            assert f"{number:g}" in settings_doc.CURVE


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "title = 'Night'\nlevel_dba = 40\n"])
def test_a_file_that_does_not_say_for_whom_is_no_profile(tmp_path, text):
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(CalandoError, match=r"population is not stated.*newborn.*adult"):
        profile_file.load(tmp_path / "p.toml")


def test_a_file_that_was_cut_is_told_as_that_wherever_it_was_cut(tmp_path):
    whole = profile_file.dump(Profile.ready("adult").values)
    for place in range(0, len(whole) - 1, 37):
        (tmp_path / "p.toml").write_text(whole[:place])
        try:
            assert profile_file.load(tmp_path / "p.toml").population == "adult", "never a newborn's"
        except CalandoError as error:
            assert "population is not stated" in str(error) or "p.toml" in str(error)
    (tmp_path / "p.toml").write_text('population = "adult"\ncurve = [\n  [0, 100,')
    with pytest.raises(CalandoError, match="a file that was cut"):
        profile_file.load(tmp_path / "p.toml")


def test_a_mark_at_the_beginning_is_no_part_of_the_file(tmp_path):
    (tmp_path / "p.toml").write_bytes(b"\xef\xbb\xbfpopulation = 'adult'\n")
    assert profile_file.load(tmp_path / "p.toml").population == "adult"


@pytest.mark.parametrize("number", ["9" * 5000, f"0x{'f' * 5000}", f"[[1, 0b{'1' * 20_000}]]"])
def test_a_number_of_thousands_of_digits_is_a_sentence(tmp_path, number):
    (tmp_path / "p.toml").write_text(f"population = 'adult'\nlevel_dba = {number}\n")
    with pytest.raises(CalandoError, match="thousands of digits"):
        profile_file.load(tmp_path / "p.toml")
