"""What is written about a session is true to its numbers, in words that anybody can read, and whole."""

import csv
import dataclasses
import json
import wave
from html.parser import HTMLParser
from itertools import pairwise

import hand_made_session as hand_made
import numpy as np
import pytest

from firmware import reasons
from firmware.memory.journal import CHIP_FAULTS, EVENTS
from host_tools.play import results
from host_tools.sessions import facts, picture, report, words
from simulator.scenario import QUANTITIES


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Folder and summary of a session made by hand, written once."""
    folder = tmp_path_factory.mktemp("session")
    summary = results.write(hand_made.result(expect={"end": "faded", "max_level_dba": 50.0}), folder)
    return folder, summary


def hand_made_facts(**changes):
    values = {
        "rows": hand_made.rows(), "events": hand_made.events(), "title": "by hand", "population": "newborn",
        "end": "faded", "reason": "time_up", "ceiling_dba": 60.0, "wanted_dba": 48.0,
    }  # fmt: skip
    return facts.from_records(**(values | changes))


class TestWords:
    def test_every_reason_every_phase_and_every_end_has_plain_words(self):
        assert set(words.REASONS) == {reason for reason in reasons.REASONS if reason}
        assert set(words.PHASES) == set(reasons.PHASES) == set(picture.PHASE_COLOURS) == set(picture.SHORT)
        assert set(words.ENDS) == set(reasons.ENDS)

    @pytest.mark.parametrize("kind", [*(f"device_{kind}" for kind in EVENTS), "device_end"])
    def test_every_event_of_the_device_has_plain_words(self, kind):
        told = words.event(
            kind, {"reason": "bradycardia", "value": 3, "phase": "withdraw", "end": "withdrawn"}
        )
        assert "_" not in told
        assert "the pulse is too slow" in told

    @pytest.mark.parametrize("kind", QUANTITIES)
    def test_every_quantity_is_told_with_its_value_and_its_time(self, kind):
        told = words.event(kind, {"to": 42.0, "over_s": 10.0, "for_s": 150.0})
        assert "42" in told
        assert "over 10 s" in told
        assert "for 2 min 30 s" in told

    def test_faults_name_the_part_and_not_the_chip(self):
        assert (
            words.event("i2c_fault", {"chip": "max30102", "kind": "stuck"})
            == "the pulse sensor holds its bus down"
        )
        assert words.event("adc_fault", {}) == "the converter no longer answers"
        found = {"reason": "sensor_fault", "chip_fault": "sensor_rate"}
        assert (
            words.event("device_fault", found) == "the device finds that the pulse sensor has a wrong clock"
        )
        assert set(words.CHIP_FAULTS) == set(CHIP_FAULTS)

    def test_times_read_as_on_a_clock(self):
        assert [words.clock(t) for t in (0, 59.6, 270, 3600)] == ["0:00", "1:00", "4:30", "60:00"]


class TestFacts:
    def test_the_music_is_compared_with_the_pulse_through_their_ratio(self):
        found = hand_made_facts()
        playing = np.isfinite(found.tempo_bpm)
        assert (found.ratio[playing] == 2).all()
        assert found.music_bpm[100] == 150

    def test_the_ratio_of_a_compound_metre_is_found_too(self):
        rows = [row | {"tempo_bpm": row["tempo_bpm"] and row["tempo_bpm"] / 1.5} for row in hand_made.rows()]
        assert (hand_made_facts(rows=rows).ratio == 3).all()

    @pytest.mark.parametrize("from_s", [300, 595])
    def test_a_pulse_that_falls_to_half_for_seconds_is_no_change_of_the_ratio(self, from_s):
        rows = hand_made.rows()
        for row in rows[from_s : from_s + 5]:
            row["pulse_rate_bpm"] = 75.0
        assert (hand_made_facts(rows=rows).ratio == 2).all()

    def test_without_any_pulse_the_population_says_the_ratio(self):
        rows = [row | {"pulse_rate_bpm": None} for row in hand_made.rows()]
        assert (hand_made_facts(rows=rows).ratio == 2).all()
        assert (hand_made_facts(rows=rows, population="adult").ratio == 1).all()

    def test_the_story_says_when_it_met_and_how_far_it_led(self):
        story = " ".join(hand_made_facts().story)
        assert "at 1:10 the music began at 75.0 beats a minute, half of a pulse of 150" in story
        assert "from 3:10 it slowed from 75.0 to 69.0 beats a minute, by 8.0 %" in story
        assert "The music faded out: the session had come to its planned end" in story

    def test_the_story_of_an_adult_has_the_pulse_itself(self):
        rows = [row | {"pulse_rate_bpm": row["pulse_rate_bpm"] and 75.0} for row in hand_made.rows()]
        assert "75.0 beats a minute, as fast as a pulse of 75" in hand_made_facts(rows=rows).story[0]

    def test_a_fixed_tempo_is_not_told_as_met_with_a_pulse(self):
        """A programme's fixed piece is on its way to its tempo, whatever pulse somebody has meanwhile."""
        rows = [row | {"reason": reasons.OPEN_LOOP} for row in hand_made.rows()]
        story = hand_made_facts(rows=rows).story[0]
        assert "a pulse of" not in story

    def test_what_was_slower_before_it_led_is_no_slowing(self):
        rows = [row | {"tempo_bpm": row["tempo_bpm"] and 75.0} for row in hand_made.rows()]
        for row in rows[80:100]:
            row["tempo_bpm"] = 60.0
        assert "slowed" not in hand_made_facts(rows=rows).story[0]

    def test_music_that_is_still_on_its_way_to_the_pulse_is_not_told_as_met(self):
        rows = hand_made.rows()
        for row in rows:
            if row["tempo_bpm"] and row["time_s"] < 140:
                row["tempo_bpm"] = 66.0
        story = hand_made_facts(rows=rows).story[0]
        assert "the music, at 66.0 beats a minute, set out to be half of a pulse of 150" in story

    def test_an_accompaniment_is_not_told_as_a_melody(self):
        assert [part.what for part in hand_made_facts(accompanies=True).heard_parts] == ["accompaniment"]
        assert "melody" not in " ".join(hand_made_facts(accompanies=True).story)

    def test_nothing_is_heard_while_there_is_no_power(self):
        rows = [row for row in hand_made.rows() if not 120 < row["time_s"] < 150]
        for row in rows:
            if row["time_s"] >= 150:
                row.update(phase="idle", tempo_bpm=None, level_dba=0.0)
        cut = {"time_s": 120.4, "kind": "power_cut", "detail": {"for_s": 29.0}}
        found = hand_made_facts(rows=rows, events=[*hand_made.events(), cut], end=None, reason=None)
        assert found.heard_parts[-1].to_s == found.phases[-2][1] == 120.4
        assert found.phases[-1][0] == 150

    def test_a_recorded_voice_is_told_as_one_and_has_no_tempo(self):
        found = hand_made_facts(voice=facts.RecordedVoice())
        parts = {part.what: part for part in found.heard_parts}
        assert set(parts) == {"recorded voice"} and parts["recorded voice"].tempo_bpm is None
        assert (
            parts["recorded voice"].words
            == hand_made_facts().heard_parts[0].words.replace("melody", "recorded voice").rpartition(", ")[0]
        )
        assert "beats a minute" not in " ".join(found.story)
        assert "tempo" not in [row["name"] for row in report.numbers(found, {})]
        assert not np.isfinite(found.target_bpm).any()

    def test_the_tempo_of_an_accompaniment_under_a_voice_is_the_voices_and_a_hearts_is_the_sessions(self):
        over = hand_made_facts(accompanies=True, voice=facts.RecordedVoice(chords_bpm=86.9))
        assert [(part.what, part.tempo_bpm) for part in over.heard_parts] == [
            ("recorded voice, over an accompaniment", (86.9, 86.9))
        ]
        heart = hand_made_facts(voice=facts.RecordedVoice(heart_beats=True))
        assert [(part.what, part.tempo_bpm) for part in heart.heard_parts] == [("recorded voice", None)]
        assert "beats a minute" in heart.story[0]

    def test_after_a_damaged_recording_the_song_has_its_tempo(self):
        events = [*hand_made.events(), {"time_s": 200.0, "kind": "device_recording_failed", "detail": {}}]
        found = hand_made_facts(events=events, voice=facts.RecordedVoice())
        assert [part.what for part in found.heard_parts] == ["recorded voice", "melody"]
        assert found.heard_parts[1].from_s == 200 and found.heard_parts[1].tempo_bpm is not None

    def test_a_programmes_silence_is_no_sound_and_the_fade_into_it_no_silence(self):
        rows = hand_made.rows()
        for row in rows[260:400]:  # silence begins at 250 with a fade of ten seconds
            row["level_dba"], row["tempo_bpm"] = 0.0, None
        for row in rows[400:]:
            row["tempo_bpm"] = row["tempo_bpm"] and 66.0
        segments = [
            {"time_s": float(at), "kind": "device_segment", "detail": {"segment": place, "source": source, "role": role}}
            for at, place, source, role in (
                (70, 1, "song", "arrive"), (250, 2, "silence", "silence"), (400, 3, "song", "rest"),
            )
        ]  # fmt: skip
        found = hand_made_facts(rows=rows, events=hand_made.events() + segments)
        first, silence, last = found.heard_parts
        assert first.to_s == silence.from_s == 260 and silence.to_s == last.from_s == 400
        # What happened at 4:10 is told as what it is: no silence yet.
        assert [what for at, what in found.events if at == 250] == ["segment 2 begins: the fade into silence"]
        assert found.silent_s == 140
        numbers = {number["name"]: number for number in report.numbers(found, {})}
        whole_s = found.heard_s[1] - found.heard_s[0] + 1
        assert numbers["sound"]["value"] == words.span(whole_s - 140)
        assert "without 2 min 20 s of silence" in numbers["sound"]["note"]
        assert "slower" not in numbers["tempo"]["note"] and "slowed" not in found.story[0]

    def test_a_voice_that_keeps_its_own_tempo_is_told_with_none(self):
        segments = [
            {"time_s": float(at), "kind": "device_segment", "detail": {"segment": place, "source": source, "role": "meet"}}
            for at, place, source in ((70, 1, "song"), (250, 2, "voice"), (400, 3, "song"))
        ]  # fmt: skip
        parts = hand_made_facts(events=hand_made.events() + segments).heard_parts
        assert [part.tempo_bpm is None for part in parts] == [False, True, False]
        assert "bpm" not in parts[1].words and parts[1].level_dba is not None

    def test_a_soundscape_has_no_tempo_though_the_piece_before_it_had_one_at_its_beginning(self):
        rows = [row | {"tempo_bpm": None} if 250 < row["time_s"] < 400 else row for row in hand_made.rows()]
        segments = [
            {"time_s": float(at), "kind": "device_segment", "detail": {"segment": place, "source": source, "role": "rest"}}
            for at, place, source in ((70, 1, "song"), (250, 2, "soundscape"), (400, 3, "song"))
        ]  # fmt: skip
        parts = hand_made_facts(rows=rows, events=hand_made.events() + segments).heard_parts
        assert [part.tempo_bpm is None for part in parts] == [False, True, False]

    def test_a_silence_of_no_time_is_not_told(self):
        """A programme that ends in its silence has none between its first and its last sound."""
        rows = hand_made.rows()
        last = max(row["time_s"] for row in rows if row["level_dba"])
        rows = [row | {"time_s": row["time_s"] - 0.3} if row["time_s"] > last else row for row in rows]
        segments = [
            {"time_s": float(at), "kind": "device_segment", "detail": {"segment": place, "source": source, "role": role}}
            for at, place, source, role in ((70, 1, "song", "arrive"), (last - 0.3, 2, "silence", "silence"))
        ]  # fmt: skip
        found = hand_made_facts(rows=rows, events=hand_made.events() + segments)
        note = next(number["note"] for number in report.numbers(found, {}) if number["name"] == "sound")
        assert 0 < found.silent_s < 0.5 and "silence" not in note

    def test_no_pulse_is_said_to_be_missing_that_may_be_known_and_no_time_to_be_up_that_may_not(self):
        """A programme ends when its last song was played, and plays at its own tempo whatever the pulse is."""
        assert "no pulse leads it" in words.reason("open_loop") and "no pulse to" not in words.reason(
            "open_loop"
        )
        assert "planned end" in words.reason("time_up") and "time was up" not in words.ending(
            "faded", "time_up"
        )

    def test_a_session_without_a_sound_says_so(self):
        rows = [row | {"level_dba": 0.0, "tempo_bpm": None} for row in hand_made.rows()]
        story = hand_made_facts(rows=rows, end="refused", reason="too_soon").story
        assert story == [
            "Nothing was heard; the device refused to play: the last session was too short a time ago."
        ]

    def test_phases_follow_each_other_without_gap(self):
        phases = hand_made_facts().phases
        assert [name for _, _, name in phases][:3] == ["idle", "baseline", "match"]
        assert all(before[1] == after[0] for before, after in pairwise(phases))

    def test_a_dark_sensor_is_not_a_lost_one(self):
        looking = hand_made_facts().looking
        assert not looking[:3].any()
        assert looking[10:500].all()


class TestFiles:
    def test_all_files_are_there_and_nothing_else(self, written):
        assert {path.name for path in written[0].iterdir()} == set(results.FILES)

    def test_the_sound_is_what_was_played_sample_for_sample(self, written):
        with wave.open(str(written[0] / "audio.wav")) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
            assert file.readframes(file.getnframes()) == hand_made.sound().tobytes()

    def test_the_csv_has_the_public_columns_and_leaves_unknowns_empty(self, written):
        with (written[0] / "session.csv").open() as file:
            read = list(csv.DictReader(file))
        assert tuple(read[0]) == results.COLUMNS
        assert len(read) == hand_made.LENGTH_S
        assert read[0]["pulse_rate_bpm"] == read[0]["tempo_bpm"] == read[0]["reason"] == ""
        assert read[99]["pulse_rate_bpm"] == "150.0"

    def test_the_events_are_one_json_object_a_line(self, written):
        lines = (written[0] / "events.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in lines] == hand_made.events()

    def test_the_summary_has_the_measured_level_and_the_expectation(self, written):
        read = json.loads((written[0] / "summary.json").read_text())
        assert read["max_level_dba"] == pytest.approx(
            74 - 26 - 4.8, abs=0.3
        )  # A-weighting at 400 Hz is -4.8 dB
        assert read["expected"] == {"held": True, "differences": []}
        for key in ("seed", "runtime", "versions", "underruns", "heap", "end", "reason", "wall_s"):
            assert key in read

    def test_the_picture_is_a_png_of_a_size_for_a_page(self, written):
        data = (written[0] / "plot.png").read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
        assert 1200 <= width <= 2000
        assert 800 <= height <= 1400

    def test_the_page_needs_nothing_but_the_sound_beside_it(self, written):
        class Links(HTMLParser):
            found: list[str]

            def handle_starttag(self, tag, attrs):
                self.found += [value for name, value in attrs if name in ("src", "href") and value]

        links = Links()
        links.found = []
        links.feed((written[0] / "report.html").read_text())
        outside = [link for link in links.found if not link.startswith("data:")]
        assert outside == ["audio.wav"]

    def test_the_page_says_the_story_the_events_and_what_it_is_not(self, written):
        page = (written[0] / "report.html").read_text()
        for text in (
            "A session made by hand",
            "half of a pulse of 150",
            "the sensor comes off, for 20 s",
            "not a monitor",
        ):
            assert text in page
        assert "ended as its scenario expects" in page

    def test_a_second_of_zeros_is_silent_however_long_the_meter_rings_on(self):
        pcm = hand_made.sound()[70 * 16_000 : 80 * 16_000]
        whole = np.concatenate([pcm, np.zeros(64_000, np.int16), pcm[:8000]])
        history, means, numbers, sounded_s = results._heard(whole, 74.0)
        assert list(np.isfinite(history)) == [True] * 10 + [False] * 4 + [True]
        assert sounded_s == pytest.approx((0, 14.5), abs=0.01)
        assert list(np.isfinite(means)) == list(np.isfinite(history))
        assert numbers["las_max_dba"] == pytest.approx(np.nanmax(history), abs=0.01)

    def test_writing_a_silent_session_works_too(self, tmp_path):
        summary = results.write(hand_made.result(end="refused", reason="too_soon", silent=True), tmp_path)
        assert summary["max_level_dba"] is None
        assert "Nothing was heard" in (tmp_path / "report.html").read_text()

    def test_a_title_cannot_become_markup(self):
        found = hand_made_facts(title="<script>alert(1)</script>")
        page = report.html(found, b"", {})
        assert "<script>" not in page


class TestExpectations:
    def differences(self, result):
        summary = dict(result.summary, max_level_dba=51.0)
        return results.check(result.scenario, summary)

    def test_nothing_expected_is_nothing_said(self):
        assert self.differences(hand_made.result()) is None

    def test_what_holds_holds(self):
        checked = self.differences(
            hand_made.result(
                "withdrawn",
                "bradycardia",
                expect={"end": "withdrawn", "reason": "bradycardia", "max_level_dba": 52.0},
            )
        )
        assert checked["held"]

    def test_another_end_is_named_with_its_reason(self):
        result = hand_made.result("withdrawn", "bradycardia", expect={"end": "faded"})
        assert self.differences(result)["differences"] == [
            "it should end faded, and it ended withdrawn (bradycardia)"
        ]

    def test_another_reason_is_named(self):
        result = hand_made.result("withdrawn", "tachycardia", expect={"reason": "bradycardia"})
        assert self.differences(result)["differences"] == [
            "its reason should be bradycardia, and it was tachycardia"
        ]

    def test_a_session_that_never_ended_is_named(self):
        result = hand_made.result(None, None, expect={"end": "faded"})
        assert self.differences(result)["differences"] == ["it should end faded, and it did not end"]

    def test_a_level_above_the_expected_one_is_named(self):
        checked = self.differences(hand_made.result(expect={"max_level_dba": 50.0}))
        assert checked["differences"] == ["it should stay at or below 50 dB(A), and it reached 51.0"]


@pytest.mark.parametrize("length", [0, 1, 2, 30])
def test_a_session_cut_short_is_still_drawn(length):
    found = hand_made_facts(rows=hand_made.rows()[:length], end=None, reason=None)
    whole, bare = picture.pngs(found)
    assert len(whole) > len(bare) > 10_000
    assert "no session came to its end" in report.html(found, bare, {})


def test_nothing_known_at_all_is_still_drawn():
    unknown = dict.fromkeys(results.COLUMNS)
    rows = [unknown | {"time_s": float(t), "phase": "fault", "level_dba": 0.0} for t in range(1, 60)]
    assert picture.pngs(hand_made_facts(rows=rows, end="fault", reason="sensor_fault"))[0]


def test_a_long_list_of_events_ends_in_a_count():
    many = [{"time_s": float(t), "kind": "press", "detail": {}} for t in range(1, 200)]
    page = report.html(hand_made_facts(events=many), b"", {})
    assert "more, in events.jsonl" in page


@pytest.mark.parametrize("text, told", [("press", 12), ("a sentence of some words " * 4, 3), ("x" * 900, 2)])
def test_each_mark_of_the_picture_is_explained_below_it_and_the_rest_counted(text, told):
    """Twelve were marked, and those that did not fit were not told."""
    many = [(10.0 * place, text) for place in range(1, 21)]
    marked = picture._told(dataclasses.replace(hand_made_facts(), scripted=many))
    lines = picture._explanation(marked, dataclasses.replace(hand_made_facts(), scripted=many))
    assert len(marked) == told and len(lines) <= picture.MOST_LINES
    assert f"and {20 - told} more" in lines[-1]


@pytest.mark.parametrize(
    "before, told",
    [
        ([], "9:59."),
        ([12.0], "9:59. Before it a session ended at 0:12: the device refused to play: a computer is connected."),
        ([3.0, 12.0], "9:59. Before it 2 sessions ended, the last at 0:12: the device refused to play: a computer "
         "is connected."),
    ],
)  # fmt: skip
def test_sessions_that_ended_before_the_last_are_told_too(before, told):
    refused = {"end": "refused", "reason": "usb_host"}
    ends = [{"time_s": at, "kind": "device_end", "detail": refused} for at in before]
    begun = {"time_s": 20.0, "kind": "device_phase", "detail": {"phase": "baseline", "reason": None}}
    # A fade that is cut short has two ends, and is one session.
    faded, last = (
        {"time_s": at, "kind": "device_end", "detail": {"end": end, "reason": "held"}}
        for at, end in ((30.0, "faded"), (31.0, "silenced"))
    )
    story = hand_made_facts(events=[*ends, begun, faded, last]).story
    assert story[1].partition("was heard at ")[2] == told


def test_picture_and_page_of_twenty_minutes_are_small():
    rows = [row | {"time_s": row["time_s"] + 600 * part} for part in (0, 1) for row in hand_made.rows()]
    found = hand_made_facts(rows=rows)
    size = len(report.html(found, picture.pngs(found)[1], {}))
    assert size < 250_000


def rows_of_a_led_breath(away_s):
    """Rows of one who breathes with the swell at once, as the device reads it: late by what it looks back on, every other
    second not at all, and three times as fast within `away_s`."""
    rows = [dict(row) for row in hand_made.rows()]
    for row in rows[100:500]:
        at = row["time_s"]
        pace = 10.0 if at < 200 else 7.5
        late = at < 145 or 200 <= at < 245
        known = at % 2 == 0 or at < 105
        row |= {
            "breathing_rate_bpm": (14.0 if late or at > 400 or at in away_s else 0.98 * pace)
            if known
            else None,
            "pace_bpm": pace,
            "pacer": "let_go" if at > 400 else "paced",
            "breath_followed": 0,
        }
    return rows


@pytest.mark.parametrize(
    ("away_s", "share"),
    [((), 100), (range(300, 351), 74), (range(500), 0)],
    ids=["along", "not always", "never"],
)
def test_the_share_that_is_told_is_of_what_could_be_told_and_stands_in_one_place(away_s, share):
    found = hand_made_facts(rows=rows_of_a_led_breath(away_s))
    said = f"Where your breath could be told, it went with the swell for {share} % of the time."
    assert said in found.breath_in_words
    page = report.html(found, b"", {})
    assert said in page
    plain = report.html(hand_made_facts(), b"", {})
    assert page.replace(said, "").count(f"{share} %") == plain.count(f"{share} %")


def test_a_led_breath_has_its_panel_and_words_to_be_read_aloud():
    plain = hand_made_facts()
    assert not plain.paced and plain.breath_in_words == []
    rows = rows_of_a_led_breath(away_s=())
    found = hand_made_facts(rows=rows)
    said = " ".join(found.breath_in_words)
    assert said.startswith(
        "Before, you breathed 14 times a minute. From 1:41 on the swell breathed 10.0 times a minute"
    )
    assert "slowed to 7.5" in said
    assert "At 6:41 your breath went its own way, and the swell let it go: that is fine." in said
    page = report.html(found, b"", {})
    assert said.split(".")[0] in page and "pace of the swell" in page
    assert len(picture.pngs(found)[0]) != len(picture.pngs(plain)[0])
    assert len(picture.page_png(found)) != len(picture.page_png(plain))
