"""The step level plays the scenarios of the whole device, and ends where it ends (tests/sim/test_campaign.py compares)."""

import itertools
import math
from array import array

import pytest
from programme_parts import SILENCE, segment

from firmware.audio import BLOCK, SAMPLE_RATE_HZ, Audio
from firmware.sound.segue import Segue
from firmware.sound.songs import SONGS
from simulator import scenario, step_bedside
from simulator.step_bedside import Sensor

PRESS = {"at_s": 5.0, "do": "press"}


def play(*events, duration_s=300.0, sensor=None, **values):
    made = scenario.from_values({"title": "t", "duration_s": duration_s, "event": [PRESS, *events], **values})
    return step_bedside.play(made, None, sensor)


def ends(result):
    return [
        (round(event["time_s"]), event["detail"]["end"], event["detail"]["reason"])
        for event in result.events
        if event["kind"] == "device_end"
    ]


def sounds(result, at_s):
    return not math.isnan(result.level_dba[round(at_s * 10)])


@pytest.mark.parametrize(
    ("event", "end", "reason", "within"),
    [
        ({"do": "press"}, "faded", "pressed", 0),
        ({"do": "hold"}, "silenced", "held", 1),
        ({"do": "pulse_rate", "to": 80.0}, "withdrawn", "bradycardia", 8),
        ({"do": "spo2", "to": 75.0}, "withdrawn", "desaturation", 15),
        ({"do": "usb_host"}, "withdrawn", "usb_host", 1),
        ({"do": "room_sound", "to": 80.0}, "withdrawn", "room_too_loud", 21),
        ({"do": "supply", "to": 3.0}, "withdrawn", "supply_low", 2),
        ({"do": "i2c_fault", "kind": "nack"}, "fault", "sensor_fault", 1),
        ({"do": "adc_fault"}, "fault", "adc_fault", 1),
        ({"do": "sensor_clock", "to": 20.0}, "fault", "sensor_fault", 7),
        ({"do": "sensor_off"}, "faded", "signal_lost", 16),
        ({"do": "press", "for_s": 30.0}, "silenced", "held", 1),
    ],
)
def test_what_happens_ends_the_session_as_on_the_device(event, end, reason, within):
    result = play({"at_s": 120.0, **event})
    (at_s, *ended), *_ = ends(result)
    if event["do"] == "hold":
        # The finger comes down first: that begins a fade; a second later it is silence.
        assert [one[1] for one in ends(result)] == ["faded", "silenced"]
        (at_s, *ended) = ends(result)[-1]
    elif event.get("for_s") == 30.0:
        (at_s, *ended) = ends(result)[1]
    assert ended == [end, reason] and 120 <= at_s <= 120 + within + 1
    assert not sounds(result, at_s + 14)


@pytest.mark.parametrize("fault", ["i2c_fault", "adc_fault"])
def test_a_chip_with_two_faults_is_well_when_both_are_over(fault):
    """Found by a campaign: the end of the first was the end of both, and a press was taken as seen too early."""

    def presses(*at_s):
        return [{"at_s": one, "do": "press"} for one in at_s]

    frozen = {"do": fault, "kind": "frozen", "for_s": 60.0}
    faults = [{"at_s": 100.0, **frozen}, {"at_s": 130.0, **frozen}]
    seen_too_early = play(*faults, *presses(175.0, 200.0))
    seen = play(*faults, *presses(200.0, 205.0))
    begun = [[one["detail"]["phase"] for one in result.events if one["kind"] == "device_phase"]
             for result in (seen_too_early, seen)]  # fmt: skip
    assert begun[0][-2:] == ["fault", "idle"] and "baseline" in begun[1][3:]


def test_a_power_cut_leaves_silence_and_the_whole_dose():
    result = play({"at_s": 120.0, "do": "power_cut", "for_s": 3.0}, {"at_s": 140.0, "do": "press"})
    assert ends(result) == [(140, "refused", "too_soon")]
    assert sounds(result, 119) and not any(sounds(result, at_s) for at_s in (121, 130, 150, 290))


def test_a_stop_at_the_end_of_a_fade_does_not_make_it_longer():
    """Found by a campaign: the level's glide began anew, which the engine's does not."""
    result = play({"at_s": 120.0, "do": "press"}, {"at_s": 129.5, "do": "usb_host"})
    assert sounds(result, 129.4) and not sounds(result, 130.3)


def test_a_computer_is_seen_at_once_so_that_what_comes_two_seconds_later_ends_nothing():
    """Found by a campaign: it was looked for once a second, and a bus that stuck met music that was over."""
    result = play(
        {"at_s": 120.6, "do": "usb_host", "for_s": 30.0},
        {"at_s": 122.5, "do": "i2c_fault", "kind": "stuck", "for_s": 30.0},
    )
    assert [end[1:] for end in ends(result)] == [("withdrawn", "usb_host")]


def test_on_a_worn_flash_nothing_sounds():
    result = play({"at_s": 1.0, "do": "flash_worn"})
    assert [end for _, end, _ in ends(result)] == ["fault"]
    assert all(math.isnan(level) for level in result.level_dba)


def test_a_blind_sensor_starts_no_melody_and_a_biased_one_stops():
    blind = play(
        {"at_s": 1.0, "do": "motion", "to": 5.0},
        sensor=Sensor(motion_percent=0.5),
        profile={"baseline_max_s": 60},
    )
    assert all(row["pulse_rate_bpm"] is None for row in blind.rows)
    low = play(patient={"pulse_rate_bpm": 103.0}, sensor=Sensor(pulse_times=0.9))
    assert ends(low)[0][1:] == ("withdrawn", "bradycardia")


def test_it_is_the_same_every_time_and_keeps_the_laws():
    one, two = (
        play({"at_s": 60.0, "do": "motion", "to": 3.0, "for_s": 20.0}, duration_s=1300.0) for _ in range(2)
    )
    assert one.rows == two.rows and one.level_dba.tobytes() == two.level_dba.tobytes() and one.broken == []
    assert len(one.level_dba) == 13_000


def test_a_listening_programme_goes_from_segment_to_segment():
    segments = [
        segment("meet", "song", "twinkle"),
        SILENCE | {"minutes": 1.5},
        segment("rest", "pattern", "drift", until="phrase_end"),
        segment("rest", "soundscape", "rain"),
    ]
    result = play(
        duration_s=400.0,
        profile={"population": "adult", "listening_programme": "evening"},
        programme={"title": "T", "shape": "flat", "segment": segments},
        patient={"population": "adult"},
    )
    begins = [
        (event["time_s"], event["detail"]["source"])
        for event in result.events
        if event["kind"] == "device_segment"
    ]
    assert [source for _, source in begins] == ["song", "silence", "pattern", "soundscape"]
    first_s = begins[0][0]
    assert [round(at_s - first_s) for at_s, _ in begins[:3]] == [0, 60, 150]
    assert 210 <= begins[3][0] - first_s <= 225  # with the phrase
    assert sounds(result, 60) and not sounds(result, 120) and sounds(result, 170)
    assert ends(result) == [(round(first_s + 240), "faded", "time_up")] and result.broken == []


@pytest.mark.parametrize(
    ("song", "in_programme", "rises"),
    [
        ("brahms", False, True), ("edo", False, True), (None, False, True),
        ("brahms", True, True), ("suo_gan", True, True), ("suo_gan", True, False),
    ],
)  # fmt: skip
def test_a_phrase_ends_when_the_engine_ends_it(song, in_programme, rises):
    """A tempo is matched anew at the ends of phrases: with another length the two tiers would choose at other times. Found
    by a campaign: a programme's rests are shorter."""
    audio, level = Audio(7400, 6000, 6500), step_bedside.PhrasedLevel(shortens_rests=in_programme)
    segue = Segue(audio)
    audio.sequencer.rest_long_ms = -1  # a session without a programme has none
    for sounding in (audio, level):
        sounding.soundscape("ocean")
        sounding.set_tempo(60_000)
        sounding.set_level(4800 if rises else 1800, 150_000 if rises else 0)  # the engine begins at 18 dB
        sounding.play(None if song is None else SONGS[song])
    level.pass_time(0)
    ends: list[list[float]] = [[], []]
    block = array("h", bytes(2 * BLOCK))
    for number in range(round(75 * SAMPLE_RATE_HZ / BLOCK)):
        if in_programme:
            segue.step()
        audio.render(block)
        level.pass_time(1000 * BLOCK / SAMPLE_RATE_HZ)
        for found, sounding in zip(ends, (audio, level), strict=True):
            if sounding.take_phrase_end():
                found.append(number * BLOCK / SAMPLE_RATE_HZ)
    assert len(ends[0]) >= 3 and ends[0] == pytest.approx(ends[1], abs=0.15)


def test_light_is_not_its_business():
    with pytest.raises(ValueError, match="no light"):
        play(patient={"population": "adult", "recording": "heartpy"}, profile="adult")


def test_music_that_the_guard_held_up_goes_over_to_another_ratio_no_faster_than_it_glides():
    """Found by a campaign: the session's own tempo had sunk far below what the guard let be played. With a ratio of two
    pulses a beat, whose limit is half, the music went down to it by 6.8 % in a minute."""
    result = play(
        {"at_s": 44.3, "do": "ambient_light", "to": 215.1, "over_s": 2.0, "for_s": 120.0},
        {"at_s": 101.9, "do": "motion", "to": 1.51, "for_s": 40.8},
        {"at_s": 451.8, "do": "motion", "to": 1.51, "for_s": 40.8},
        {"at_s": 126.2, "do": "pulse_rate", "to": 70.9, "over_s": 1.0, "for_s": 283.7},
        duration_s=640.0, seed=647253943,
        patient={
            "population": "adult", "pulse_rate_bpm": 109.8, "irregular_pulse": 0.237, "follows_music": 0.8,
            "follows_backwards": True, "spo2_percent": 90.3, "perfusion_index_percent": 4.37, "breathing_rate_bpm": 12.3,
        },
        profile={
            "population": "adult", "maturity": "none", "song": "twinkle", "melody": "accompany", "opening": "music",
            "metre": "duple", "programme": "steady", "opening_tempo_bpm": 81, "session_min": 16, "baseline_s": 140,
            "baseline_max_s": 430, "match_min": 5, "lead_rate_percent_per_min": 0.2, "slowing_percent": 4,
            "pulse_rise_stop_percent": 17, "curve": [[0, 100, -1, 94, 65, 24]],
        },
    )  # fmt: skip
    tempo = [row["tempo_bpm"] for row in result.rows if row["tempo_bpm"] is not None]
    held = [at for at, (before, now) in enumerate(itertools.pairwise(tempo)) if 80 < before == now < 81]
    assert len(held) > 20, "the guard holds it"
    assert tempo[-1] < 78, "and another ratio lets it go"
    assert max(1 - later / tempo_bpm for tempo_bpm, later in zip(tempo, tempo[60:], strict=False)) <= 0.0515
