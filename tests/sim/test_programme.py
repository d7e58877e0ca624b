"""A listening programme on the whole device, with nobody on the sensor: played, written down, and over after a cut."""

import json
import tomllib

import numpy as np
import pytest
from programme_parts import SILENCE, compact, segment
from sim_parts import SIM

from firmware import board
from firmware.sound import songs
from host_tools.play import results
from host_tools.programmes import programmes
from host_tools.sound import meter
from simulator import play, scenario
from simulator.bedside import Bedside
from simulator.files import programme_file
from simulator.runtimes import micropython

SEGMENTS = [
    segment("arrive", "soundscape", "ocean", minutes=1.5),
    segment("meet", "song", "twinkle", tempo_start_bpm=66),
    segment("deepen", "song", "own", tempo_start_bpm=64, level_db=-2, until="phrase_end"),
    SILENCE | {"minutes": 1.5},
    segment("rest", "soundscape", "rain", minutes=1.5, level_db=-2),
]


def bedside(folder, duration_s=460, segments=SEGMENTS, **values):
    (folder / "evening.toml").write_text(programme_file.dump(compact(segments)), encoding="utf-8")
    (folder / "own.lul").write_bytes(songs.DATA["edo"])
    return scenario.from_values(
        {
            "title": "a programme", "duration_s": duration_s,
            "profile": {"population": "adult", "mode": "open_loop", "listening_programme": "evening"},
            "patient": {"population": "adult"},
            "event": [{"at_s": 5, "do": "press"}, {"at_s": 0, "do": "sensor_off"}],
            **values,
        },
        folder / "programme.toml",
    )  # fmt: skip


@pytest.fixture(scope="module")
def evening(tmp_path_factory):
    return play.run(bedside(tmp_path_factory.mktemp("programme")), "micropython")


def test_every_segment_begins_on_time_and_the_journal_says_so(evening):
    begins = [
        (event["time_s"], event["detail"]) for event in evening.events if event["kind"] == "device_segment"
    ]
    assert [detail["segment"] for _, detail in begins] == [1, 2, 3, 4, 5]
    assert [detail["source"] for _, detail in begins] == [
        "soundscape",
        "song",
        "song",
        "silence",
        "soundscape",
    ]
    first = begins[0][0]
    for (at, _), planned in zip(begins, (0, 90, 150, None, None), strict=True):
        assert planned is None or abs(at - first - planned) <= 0.5
    assert 210 <= begins[3][0] - first <= 235  # with the phrase
    # The silence keeps its minute and a half, once the fade of 10 s is over.
    assert begins[4][0] - begins[3][0] == pytest.approx(100, abs=0.5)
    assert evening.summary["end"] == "faded" and evening.summary["underruns"] == 0


def test_the_report_lists_what_was_heard(evening):
    parts = results.facts_of(evening).heard_parts
    assert [part.what for part in parts] == [
        "arrive, a soundscape", "meet, a song", "deepen, a song", "silence", "rest, a soundscape",
    ]  # fmt: skip
    assert parts[3].level_dba is None and parts[3].tempo_bpm is None
    assert parts[1].tempo_bpm == pytest.approx((66, 66), abs=0.1)
    assert parts[1].level_dba == pytest.approx(50, abs=1.5) and parts[2].level_dba == pytest.approx(
        48, abs=1.5
    )


def test_the_level_of_what_was_heard_is_what_a_meter_shows(evening):
    """Of the two songs: a row stands for a second, which counts where a soundscape comes out of silence or fades."""
    for part in results.facts_of(evening).heard_parts[1:3]:
        piece = evening.pcm[round(part.from_s * results.RATE_HZ) : round(part.to_s * results.RATE_HZ)]
        powers = meter.frame_powers(piece, results.RATE_HZ)[0]
        heard_dba = meter.decibels(powers[powers > meter.SILENT_POWER].mean(), board.FULL_SCALE_CDBA / 100)
        assert part.level_dba == pytest.approx(heard_dba, abs=0.2), part.what


def test_silence_is_heard_as_silence(evening):
    begin = next(event["time_s"] for event in evening.events if event["detail"].get("source") == "silence")
    rate = results.RATE_HZ
    assert not np.any(evening.pcm[round((begin + 13) * rate) : round((begin + 99) * rate)])


def test_after_a_computer_came_and_went_it_plays_what_it_would_have_played(tmp_path):
    """While a computer is there, what a programme plays is put away: the desk needs the memory."""
    events = [{"at_s": 10, "do": "press"}, {"at_s": 0, "do": "sensor_off"}]
    cable = [{"at_s": 0, "do": "usb_host"}, {"at_s": 6, "do": "usb_host", "to": 0}]
    with_it, without = (
        play.run(bedside(tmp_path, 200, event=came + events), "micropython") for came in (cable, [])
    )
    assert [
        [e["detail"]["segment"] for e in result.events if e["kind"] == "device_segment"]
        for result in (with_it, without)
    ] == [[1, 2, 3]] * 2
    # The device lived on: it died of fragments when the cable went, and played after its reset.
    assert [e["kind"] for e in with_it.events].count("device_boot") == 1
    ours, theirs = (np.trim_zeros(result.pcm) for result in (with_it, without))
    first = 89 * results.RATE_HZ  # then a segment begins, a part of a block sooner or later
    assert np.array_equal(ours[:first], theirs[:first])
    for second in range(90, 180, 10):
        one, two = (
            np.std(heard[second * results.RATE_HZ : (second + 10) * results.RATE_HZ])
            for heard in (ours, theirs)
        )
        assert one > 1000 and one == pytest.approx(two, rel=0.03), second


def test_a_power_cut_does_not_resume_it(tmp_path):
    cut = play.run(
        bedside(
            tmp_path, 300, event=[{"at_s": 5, "do": "press"}, {"at_s": 150, "do": "power_cut", "for_s": 5}]
        ),
        "micropython",
    )
    assert np.any(cut.pcm[: 140 * results.RATE_HZ])
    assert not np.any(cut.pcm[156 * results.RATE_HZ :])
    assert [event["kind"] for event in cut.events].count("device_segment") == 2


def test_a_session_of_which_only_silence_was_left_is_told_as_that(tmp_path):
    segments = [SILENCE, segment("rest", "soundscape", "rain")]
    end = [{"at_s": 5, "do": "press"}, {"at_s": 60, "do": "press"}]
    silent = play.run(bedside(tmp_path, 80, segments, event=end), "micropython")
    assert not np.any(silent.pcm)
    found = results.facts_of(silent)
    assert found.story[0].startswith("Nothing but silence was left")
    assert [part.what for part in found.heard_parts] == ["silence"]


def test_a_damaged_programme_plays_nothing(tmp_path):
    """The committed profile names it, and the device finds it damaged when it starts."""
    played = bedside(tmp_path, 60)
    files = played.own_files()
    broken = bytearray(files["programme.evening"])
    broken[40] ^= 1

    class Broken(scenario.Scenario):
        def own_files(self):
            return {**files, "programme.evening": bytes(broken)}

    result = play.run(
        Broken.model_validate({**json.loads(played.model_dump_json()), "path": played.path}), "micropython"
    )
    assert not np.any(result.pcm) and result.summary["end"] == "refused"


def test_a_pattern_is_made_from_a_seed_that_stands_in_the_journal(tmp_path):
    """And with that seed the same music is made again, note by note of what the engine was given."""
    profile = {
        "population": "adult",
        "mode": "open_loop",
        "song": "pattern_tide",
        "opening": "music",
        "soundscape": "none",
    }
    played = [
        play.run(bedside(tmp_path, 90, profile=profile, event=[{"at_s": at_s, "do": "press"}]), "micropython")
        for at_s in (5, 6)
    ]
    seeds = [
        next(event["detail"]["value"] for event in result.events if event["kind"] == "device_seed")
        for result in played
    ]
    assert seeds[0] != seeds[1] and all(0 <= seed < 1 << 30 for seed in seeds)
    assert np.any(played[0].pcm[40 * results.RATE_HZ :])
    assert not np.array_equal(
        played[0].pcm[20 * results.RATE_HZ : -results.RATE_HZ], played[1].pcm[21 * results.RATE_HZ :]
    )


def test_a_programme_that_finds_no_memory_is_no_reset_but_a_press_refused_with_its_reason(tmp_path):
    bench = Bedside(bedside(tmp_path, 10), display=True)
    micropython.boot(bench, SIM / "short_of_memory.py")
    assert bench.next_boot is None, "it would meet the same again after a reset"
    result = bench.result("micropython", 0.0, {})
    told = [(event["kind"], event["detail"].get("reason")) for event in result.events]
    assert ("device_fault", "heap_low") in told and ("device_save_failed", None) not in told
    assert result.summary["end"] == "refused" and result.summary["reason"] == "heap_low"
    assert not result.pcm.any()
    assert bench.display_picture().count("#") > 100, "it is lit, and says not now, memory"


def test_a_computer_that_comes_after_a_programme_finds_room():
    """What looked at the light and what was played go before the line's modules come: together they are too much."""
    segments = [
        segment("arrive", "pattern", "tide"),
        segment("arrive", "pattern", "tide"),
        segment("rest", "song", "fais_dodo"),
        segment("rest", "song", "dromore"),
        SILENCE,
    ]
    made = scenario.from_values({
        "title": "a programme", "duration_s": 75,
        "profile": {"population": "adult", "listening_programme": "evening"},
        "programme": {"title": "T", "shape": "flat", "segment": segments},
        "patient": {"population": "adult"},
        "event": [{"at_s": 5, "do": "press"}, {"at_s": 20, "do": "press"}, {"at_s": 50, "do": "usb_host", "for_s": 11}],
    })  # fmt: skip
    told = play.run(made, "micropython").events
    assert [event["time_s"] < 2 for event in told if event["kind"] == "device_boot"] == [True]
    assert [event for event in told if event["kind"] == "device_fault"] == []


def test_a_ready_made_programme_is_played_after_a_computer_came_and_went(tmp_path):
    """A therapist puts it on, pulls the cable and presses. The desk's heap was too small for that, the chip's never."""
    text = (programmes.FOLDER / "settle.toml").read_text("utf-8")
    for name, data in programmes.songs_of(programmes.load("settle")).items():
        (tmp_path / f"{name}.lul").write_bytes(data)
    values = {
        "title": "settle", "duration_s": 40, "programme": tomllib.loads(text),
        "profile": {"population": "adult", "listening_programme": "settle"},
        "patient": {"population": "adult"},
        "event": [{"at_s": 2, "do": "usb_host", "for_s": 20}, {"at_s": 30, "do": "press"}],
    }  # fmt: skip
    made = scenario.from_values(values, tmp_path / "settle.toml")
    result = play.run(made, "micropython")
    assert result.summary["reason"] is None and result.rows[-1]["phase"] not in ("idle", "fade")
