"""Programmes as files, ready-made and played: what follows what is neither a hole nor a step, in samples.

One programme goes from every source to every other; the three ready-made ones are played whole by
`make listen`.
"""

import numpy as np
import pytest
from programme_parts import EVERY_CHANGE, compact
from sound_measures import click_db

from firmware.care.guard import ADULT_CEILING_CDBA
from firmware.prescription import programme
from host_tools.docs import programmes_doc
from host_tools.programmes import programmes, rules
from host_tools.sound import meter, render
from simulator.files import programme_file
from simulator.files.errors import CalandoError

RATE_HZ = render.RATE_HZ


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Samples and notes of a programme with every change in it, and the plan that was played."""
    listening = programmes.Listening("every_change", compact(EVERY_CHANGE), tmp_path_factory.mktemp("none"))
    plan = programmes.plan_for(listening, notes=True)
    samples, notes = render.play(plan)
    return listening.plan, samples, notes


def levels(samples, window_s=8):
    """Level of every window of some seconds, dB(A), one each tenth of a second by its beginning."""
    powers, _ = meter.frame_powers(samples, RATE_HZ)
    total = np.concatenate([[0.0], np.cumsum(powers)])
    frames = round(window_s / meter.FRAME_S)
    return meter.decibels((total[frames:] - total[:-frames]) / frames, 74.0)[:: round(0.1 / meter.FRAME_S)]


def test_no_crossfade_dips_by_more_than_two_decibels(whole):
    """Against the quietest eight seconds that either of the two neighbours has by itself."""
    plan, samples, _ = whole
    heard = levels(samples)
    begins = [round(segment.from_min * 600) for segment in rules.segments(plan)] + [
        round(plan.total_ms / 100)
    ]
    for at in range(1, plan.segments):
        if "silence" in (plan.source(at - 1), plan.source(at)):
            continue
        # A segment by itself: without its first 20 s and its last 14; the first one still rises till the 60th.
        before = heard[begins[at - 1] + (600 if at == 1 else 200) : begins[at] - 140]
        after = heard[begins[at] + 200 : begins[at + 1] - (400 if at + 2 > plan.segments else 140)]
        between = heard[begins[at] - 110 : begins[at] + 200]
        assert between.min() > min(before.min(), after.min()) - 2, f"into segment {at + 1}"


def test_no_crossfade_rises_by_more_than_a_decibel_a_second(whole):
    plan, samples, _ = whole
    silence = next(segment for segment in rules.segments(plan) if segment.source == "silence")
    for part in (
        samples[: round(silence.from_min * 60 * RATE_HZ)],
        samples[round(silence.to_min * 60 * RATE_HZ) :],
    ):
        powers, _ = meter.frame_powers(part, RATE_HZ)
        assert meter.rise_rate(powers, 74.0) <= 1.05


def test_nothing_clicks_and_nothing_is_too_loud(whole):
    plan, samples, _ = whole
    edges = [round(segment.from_min * 60) * RATE_HZ for segment in rules.segments(plan)[1:]]
    for edge in edges:
        around = samples[edge - 6 * RATE_HZ : edge + 8 * RATE_HZ]
        if np.any(around):
            assert click_db(around, local=True) <= 14
    measured = meter.measure(samples, RATE_HZ)
    assert measured.las_max_dba <= ADULT_CEILING_CDBA / 100
    assert (
        measured.las_max_dba <= 50 + 5
    )  # the profile's level, and LAS max over LAeq as docs/sound.md has it


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
        (('title = "Settle"', 'titel = "Settle"'), 'there is no "titel" in a programme'),
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


def test_a_name_that_is_none_for_the_device_is_told_before_anything_is_sent(tmp_path):
    path = tmp_path / "My evening.toml"
    path.write_text((programmes.FOLDER / "settle.toml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(CalandoError, match="rename the file"):
        programmes.needed(programmes.load(path))


def test_the_page_has_the_tables_of_the_code():
    assert programmes_doc.PATH.read_text(encoding="utf-8") == programmes_doc.page(
        programmes_doc.PATH.read_text(encoding="utf-8")
    ), "run python -m host_tools.docs.programmes_doc"
