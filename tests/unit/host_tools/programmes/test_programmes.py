"""Programmes as files, ready-made and played: what follows what is neither a hole nor a step, in samples.

One programme goes from every source to every other; tests/checks/programmes.py plays and judges the ready-made ones whole.
"""

from pathlib import Path

import numpy as np
import programme_gates as gates
import pytest
from desk_device import recording
from programme_parts import EVERY_CHANGE, SILENCE, compact
from programme_parts import segment as part
from sound_measures import click_db

from firmware.care import plan as columns
from firmware.care.guard import ADULT_CEILING_CDBA
from firmware.prescription import programme
from firmware.sound import adpcm
from host_tools.docs import programmes_doc
from host_tools.programmes import programmes, rules
from host_tools.sound import meter, render
from simulator import scenario
from simulator.files import profile_file, programme_file
from simulator.files.errors import CalandoError

RATE_HZ = render.RATE_HZ


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Samples and notes of a programme with every change in it, and the plan that was played."""
    listening = programmes.Listening("every_change", compact(EVERY_CHANGE), tmp_path_factory.mktemp("none"))
    plan = programmes.plan_for(listening, notes=True)
    samples, notes = render.play(plan)
    return listening.plan, samples, notes


def begins_s(plan):
    """When each segment was planned to begin, and when the last one ends."""
    return [segment.from_min * 60 for segment in rules.segments(plan)] + [plan.total_ms / 1000]


def test_no_crossfade_dips_by_more_than_two_decibels(whole):
    """Against the quietest eight seconds that either of the two neighbours has by itself."""
    plan, samples, _ = whole
    for segment, dip_db in gates.dips(samples, plan, begins_s(plan)):
        assert dip_db <= 2, f"into segment {segment}"


def test_no_crossfade_rises_by_more_than_a_decibel_a_second(whole):
    plan, samples, _ = whole
    assert gates.rise_rate(samples, plan, begins_s(plan)) <= 1


def test_a_soundscape_after_songs_is_as_loud_as_asked(whole):
    """What the songs' phrases were corrected by is not its own."""
    plan, samples, _ = whole
    begins = begins_s(plan)
    after_songs = [
        at
        for at in range(1, plan.segments)
        if plan.source(at) == "soundscape" and plan.source(at - 1) == "song"
    ]
    assert len(after_songs) == 2
    for at in after_songs:
        begin, end = gates.settled_s(plan, begins, at)
        heard = meter.measure(samples[round(begin * RATE_HZ) : round(end * RATE_HZ)], RATE_HZ).laeq_dba
        assert heard == pytest.approx(50 + plan.at(at, columns.LEVEL_CDB) / 100, abs=0.5)


@pytest.mark.parametrize(("name", "seconds"), [("company", 150), ("settle", 100)])
def test_a_song_out_of_silence_rises_no_faster(name, seconds):
    """Both of them begin with one: a phrase is a rise by itself, and the level waits while it begins."""
    samples, _ = render.play(programmes.plan_for(programmes.load(name), seconds=seconds))
    assert (meter.measure(samples, RATE_HZ).rise_rate_db_per_s or 0) <= 1


@pytest.mark.parametrize(
    ("song", "tempo_bpm"),
    [
        ("amazing_grace", 40),
        ("amazing_grace", 60),
        ("pripetshik", 48),
        ("edo", 66),
        ("mo_li_hua", 75),
        ("aennchen", 48),
    ],
)
def test_no_phrase_of_a_song_that_comes_up_out_of_silence_rises_faster(song, tempo_bpm):
    """Found by a newcomer: 1.04 to 1.24 dB a second. The level rose within a phrase by what its rest let stand out more."""
    listening = programmes.Listening(
        "up", compact([part("rest", "song", song, minutes=4, tempo_start_bpm=tempo_bpm), SILENCE]), Path()
    )
    samples, _ = render.play(programmes.plan_for(listening, seconds=130))
    assert (meter.measure(samples, RATE_HZ).rise_rate_db_per_s or 0) <= 1


@pytest.mark.parametrize(("song", "tempo_bpm"), [("jeanie", 40), ("home_sweet_home", 40), ("edo", 44)])
def test_a_phrase_after_a_slow_rest_rises_no_faster(song, tempo_bpm):
    """Found by a newcomer: a bar's rest at 40 beats a minute is six seconds, and twelve after a rest of the song's own."""
    segments = [
        part("arrive", "soundscape", "ocean"),
        part("meet", "song", song, minutes=4, tempo_start_bpm=tempo_bpm),
        SILENCE,
        part("rest", "soundscape", "ocean"),
    ]
    listening = programmes.Listening("slow", compact(segments), Path())
    samples, _ = render.play(programmes.plan_for(listening, seconds=300))
    assert meter.measure(samples, RATE_HZ).rise_rate_db_per_s <= 1


def test_a_preview_that_ends_in_silence_lasts_as_long_as_its_programme(tmp_path):
    segments = [part("arrive", "soundscape", "rain"), SILENCE]
    done = programmes.preview(
        programmes.Listening("quiet", compact(segments), Path()), tmp_path / "quiet.wav"
    )
    assert done.seconds == pytest.approx(180, abs=1.5)


def test_nothing_clicks_and_nothing_is_too_loud(whole):
    plan, samples, _ = whole
    edges = [round(segment.from_min * 60) * RATE_HZ for segment in rules.segments(plan)[1:]]
    for edge in edges:
        around = samples[edge - 6 * RATE_HZ : edge + 8 * RATE_HZ]
        if np.any(around):
            assert click_db(around, local=True) <= 14
    assert gates.seam_ratio(samples) <= 1.05
    measured = meter.measure(samples, RATE_HZ)
    assert measured.las_max_dba <= ADULT_CEILING_CDBA / 100
    assert (
        measured.las_max_dba <= 50 + 5
    )  # the profile's level, and LAS max over LAeq as docs/sound.md has it


def test_a_gain_that_goes_in_steps_is_heard_by_the_seams(whole):
    """The measure finds what it is for: the same music with a gain that steps by a tenth of a decibel a block."""
    _, samples, _ = whole
    part = samples[60 * RATE_HZ : 120 * RATE_HZ].astype(float)
    gains = 10 ** (0.1 * (np.arange(len(part)) // gates.BLOCK % 2) / 20)
    assert gates.seam_ratio(np.round(part * gains).astype(np.int16)) > 1.2


def test_silence_is_zeros(whole):
    plan, samples, _ = whole
    silence = next(segment for segment in rules.segments(plan) if segment.source == "silence")
    begin, end = round((silence.from_min * 60 + 14) * RATE_HZ), round(silence.to_min * 60 * RATE_HZ)
    assert not np.any(samples[begin:end])


def test_two_melodies_never_sound_at_once(whole):
    """But for a note that began just as its time was up: it is let go before it is in."""
    plan, _, notes = whole
    starts = np.array([at for at, voice, *_ in notes if voice < 3])
    near = starts[1:][np.diff(starts) < 0.1 * RATE_HZ] / RATE_HZ
    edges = [segment.from_min * 60 for segment in rules.segments(plan)]
    assert all(min(abs(at - edge) for edge in edges) < 0.3 for at in near) and len(near) <= 2


def test_the_same_programme_gives_the_same_notes_on_both_runtimes(whole):
    _, samples, notes = whole
    listening = programmes.Listening("every_change", compact(EVERY_CHANGE), programmes.FOLDER)
    here, own = render.play(programmes.plan_for(listening, notes=True, seconds=230), runtime="cpython")
    assert np.array_equal(here, samples[: len(here)]) and own == notes[: len(own)]


@pytest.mark.parametrize("name", programmes.ready())
def test_each_ready_made_one_is_whole_small_and_has_its_songs(name):
    listening = programmes.load(name)
    assert len(listening.data) <= programme.LARGEST and programmes.needed(listening)
    assert rules.told(listening.plan)[0].startswith(listening.plan.title)
    text = programme_file.dump(listening.data)
    assert "[[segment]]" in text


def test_there_are_three_of_three_shapes():
    assert {programmes.load(name).plan.shape for name in programmes.ready()} == {"U", "L", "flat"}


def test_a_file_that_was_written_out_reads_the_same(tmp_path):
    for name in programmes.ready():
        path = tmp_path / f"{name}.toml"
        path.write_text(programme_file.dump(programmes.load(name).data), encoding="utf-8")
        assert programmes.load(path).data == programmes.load(name).data


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("level_db = -1\n", "level_db = -9\n"), r", line 24: segment 2: level_db is 9.0 dB from"),
        (
            ("level_db = -1\n", "level = -9\n"),
            r'line 24: there is no setting "level" in a segment \(did you mean "level_db"',
        ),
        (('shape = "L"', 'shape = "X"'), r", line 3: shape = 'X' is none of the shapes"),
        (("minutes = 6", "minutes = 6.3"), r", line 21: segment 2: minutes = 6.3 is not in steps of 0.5 min"),
        (('name = "suo_gan"', 'name = "nowhere"'), "neither built in nor one of calando song airs"),
        (('title = "Settle"', 'titel = "Settle"'), ', line 2: there is no "titel" in a programme'),
        (
            ('title = "Settle"', 'minutes = 3\ntitle = "Settle"'),
            ', line 2: there is no "minutes" in a programme',
        ),
        (('title = "Settle"', ""), r"mine.toml, line 1: there is no title; write title = ... above"),
        (('shape = "L"', ""), r"mine.toml, line 1: there is no shape; write shape = ... above"),
        (('title = "Settle"', 'title = ""'), r", line 2: title = '' is not a text"),
        (("[[segment]]", "[segment]"), "not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence_with_its_line(tmp_path, change, said):
    path = tmp_path / "mine.toml"
    text = (programmes.FOLDER / "settle.toml").read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(CalandoError, match=said) as told:
        programmes.needed(programmes.load(path))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("kind", [adpcm.VOICE, adpcm.HEARTBEAT])
def test_a_heartbeat_is_no_voice_of_a_programme(tmp_path, kind):
    """Out of silence it stayed at 19 dB(A): it has beats to go by, and no level of its own that comes up."""
    (tmp_path / "mother.adp").write_bytes(recording(17, kind))
    segments = [part("arrive", "voice", "mother", minutes=3), SILENCE]
    (tmp_path / "ours.toml").write_text(programme_file.dump(compact(segments)), encoding="utf-8")
    listening = programmes.load(tmp_path / "ours.toml")
    values = {
        "title": "x", "duration_s": 60, "profile": {"population": "adult", "listening_programme": "ours"},
        "patient": {"population": "adult"},
    }  # fmt: skip
    if kind == adpcm.VOICE:
        assert programmes.needed(listening) == ["voice.mother"]
        assert "its own tempo" in rules.told(listening.plan)[1]
        assert "voice.mother" in scenario.from_values(values, tmp_path / "s.toml").own_files()
        return
    for looked_at in (
        lambda: programmes.needed(listening),
        lambda: scenario.from_values(values, tmp_path / "s.toml"),
    ):
        with pytest.raises(
            CalandoError, match='the voice "mother", which is a heartbeat; name a recorded voice'
        ):
            looked_at()


@pytest.mark.parametrize("name", ["My evening", "none", "a" * 25])
def test_a_name_that_is_none_for_the_device_is_told_before_anything_is_sent_and_can_be_heard(tmp_path, name):
    path = tmp_path / f"{name}.toml"
    path.write_text((programmes.FOLDER / "settle.toml").read_text(encoding="utf-8"), encoding="utf-8")
    listening = programmes.load(path)
    with pytest.raises(CalandoError, match="rename the file") as told:
        programmes.needed(listening)
    assert name in str(told.value) and "--name" not in str(told.value)
    assert programmes.plan_for(listening, seconds=1)["programme"]


def test_a_profile_that_does_not_go_with_a_programme_is_told_by_its_own_file():
    listening = programmes.load("settle")
    newborn = profile_file.load("newborn")
    with pytest.raises(
        CalandoError, match=r"^night.toml is a newborn's profile, and .* for adults only"
    ) as told:
        programmes.profile_for(listening, newborn, "night.toml")
    assert "none" not in str(told.value)
    adult = profile_file.check({"population": "adult", "session_min": 29}, "x")
    with pytest.raises(
        CalandoError, match=r"settle lasts 30 minutes and session_min of day.toml is 29; raise"
    ):
        programmes.profile_for(listening, adult, "day.toml")
    exactly = profile_file.check({"population": "adult", "session_min": 30}, "x")
    assert programmes.profile_for(listening, exactly).session_ms == listening.plan.total_ms


def test_the_page_has_the_tables_of_the_code():
    assert programmes_doc.PATH.read_text(encoding="utf-8") == programmes_doc.page(
        programmes_doc.PATH.read_text(encoding="utf-8")
    ), "run python -m host_tools.docs.programmes_doc"
