"""A session that leaves the device says what was written down: gaps as gaps, unknowns as unknown, nobody's name."""

import csv
import datetime
import io
import json
import re
from html.parser import HTMLParser

import edfio
import journal_records as made
import pytest
from desk_cable import Cable
from desk_device import recording
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import meta
from read_sessions import file_of

from firmware.care import dose
from firmware.care.hour import MINUTES
from firmware.memory.journal import read_record
from firmware.prescription import profile
from firmware.sound import adpcm
from host_tools.device import client
from host_tools.forms import csv_form, edf_form, fhir_form
from host_tools.sessions import chart, report, session_file, session_read
from host_tools.sessions.told import tell
from simulator.files.errors import CalandoError

READ_AT = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)


def read_csv(told):
    return list(csv.DictReader(io.StringIO(csv_form.csv_text(file_of(made.row(0)), told))))


class Text(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.said = []
        self.links = []
        self.skip = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.skip = tag == "style"
        self.links += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        if not self.skip and data.strip():
            self.said.append(" ".join(data.split()))


def said(file):
    return " ".join(Text(chart.html(file, tell(file.raw))).said)


@pytest.mark.parametrize(
    ("kind", "programme", "found"),
    [
        (adpcm.VOICE, "none", True),
        (adpcm.HEARTBEAT, "none", False),
        (None, "none", None),
        (adpcm.VOICE, "own", False),
    ],
)
def test_whether_a_recorded_voice_played_is_read_from_its_head(kind, programme, found):
    cable = Cable()
    if kind is not None:
        cable.device.files.files["voice.mother"] = recording(20, kind)
    with client.Connection(cable) as device:
        values = {"voice": "mother", "listening_programme": programme}
        assert session_read._recorded_voice(device, values) is found
        assert session_read._recorded_voice(device, {"voice": "none"}) is False


class TestRecords:
    def test_a_session_begins_at_zero_whenever_the_device_was_switched_on(self):
        told = tell(made.event(3, "boot", 1) + made.session(first_s=40_000))
        assert told.rows[0]["time_s"] == 1
        assert told.length_s == 300
        assert [event["time_s"] for event in told.events if event["kind"] == "boot"] == [3 - 40_000]
        assert (told.end, told.reason) == ("faded", "time_up")

    def test_the_clock_may_wrap_in_the_middle(self):
        told = tell(made.session(first_s=65_436))
        assert [row["time_s"] for row in told.rows] == list(range(1, 60)) + list(range(60, 300))
        assert told.gaps == []

    def test_a_boot_within_a_session_goes_on_where_it_was_cut(self):
        told = tell(made.session(end=None) + made.event(0, "boot", 1) + made.row(1))
        assert told.rows[-1]["time_s"] == told.rows[-2]["time_s"] + 1

    def test_what_was_refused_has_a_beginning_and_an_end(self):
        told = tell(made.event(2, "boot", 1) + made.event(900, "press") + made.event(900, "end", 3, "dose"))
        assert (told.rows, told.end, told.reason, told.length_s) == ([], "refused", "dose", 0)
        assert "Nothing was played." in said(
            file_of(made.event(900, "press") + made.event(900, "end", 3, "dose"))
        )

    @pytest.mark.parametrize("every_s", [1, 2, 4])
    def test_thinned_rows_are_no_gaps_and_are_said_to_be_thinned(self, every_s):
        told = tell(made.session(every_s=every_s))
        assert told.gaps == []
        assert {every for _, _, every in told.thinning} == {every_s}

    def test_thinning_may_change_on_the_way(self):
        rows = [*range(100, 300, 4), *range(300, 400, 2), *range(400, 460)]
        told = tell(b"".join(made.row(second) for second in rows))
        assert told.gaps == []
        assert [every for _, _, every in told.thinning] == [4, 2, 1]

    @settings(max_examples=40)
    @given(st.integers(10, 100), st.integers(8, 90), st.sampled_from([1, 2, 4]))
    def test_a_hole_is_a_gap_and_its_seconds_are_nowhere(self, at, wide, every):
        seconds = [s for s in range(0, 300, every) if not at < s < at + wide + 3 * every]
        told = tell(b"".join(made.row(1000 + second) for second in seconds))
        first = max(s for s in seconds if s <= at)
        after = min(s for s in seconds if s > at)
        assert told.gaps == [(first, after)]
        assert not [row for row in told.rows if first < row["time_s"] < after]
        _, signals, _ = edf_form.read_edf(edf_form.edf(file_of(made.row(0)), told))
        assert set(signals["contact"][first + 1 : after]) == {None}

    def test_a_second_that_is_late_is_no_gap(self):
        told = tell(b"".join(made.row(s) for s in (1, 2, 3, 3, 5, 6, 8, 9)))
        assert told.gaps == []

    def test_a_pulse_that_was_unknown_says_where_and_why(self):
        rows = [made.row(s, pulse_bpm=None if 10 <= s < 30 else 150, contact=s < 20) for s in range(60)]
        told = tell(b"".join(rows))
        assert told.unknown == [(10, 20, "no steady reading"), (20, 30, "the sensor is not on the skin")]

    @given(st.binary(min_size=1, max_size=200))
    def test_bytes_that_are_no_records_are_a_sentence_or_a_session(self, noise):
        try:
            told = tell(noise)
        except CalandoError as error:
            assert len(str(error)) > 20
        else:
            read_csv(told)

    @pytest.mark.parametrize(
        ("this_boot", "uptime_s", "known"),
        [(True, 400, True), (True, 90, False), (True, 65_536 + 400, False), (False, 400, False)],
    )
    def test_the_host_anchors_only_what_it_can_know(self, this_boot, uptime_s, known):
        told = tell(made.session(first_s=100))
        now = datetime.datetime(2026, 5, 1, 12, 10, 30, tzinfo=datetime.UTC)
        started = session_file.started_at(told, this_boot, uptime_s, now)
        assert started == (datetime.datetime(2026, 5, 1, 12, 5, tzinfo=datetime.UTC) if known else None)


class TestTheFile:
    def test_what_is_saved_is_loaded(self, tmp_path):
        file = file_of(made.session())
        session_file.save(file, tmp_path / "a.json")
        assert session_file.load(tmp_path / "a.json") == file

    @settings(max_examples=40)
    @given(st.data())
    def test_one_changed_character_is_noticed(self, tmp_path_factory, data):
        place = tmp_path_factory.mktemp("s") / "a.json"
        session_file.save(file_of(made.session(length_s=70)), place)
        text = place.read_text()
        start = text.index('"records"')
        at = data.draw(st.integers(start + 12, len(text) - 5))
        place.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :])
        with pytest.raises(CalandoError, match="get it from the device again"):
            session_file.load(place)

    @pytest.mark.parametrize(
        "content",
        [b"", b"{}", b"[1]", b"\xff\xfe", b"time_s,ir,red\n0,1,2\n", b'{"format": "calando session"'],
        ids=["empty", "nothing in it", "a list", "no text", "a recording", "half"],
    )
    def test_another_file_is_a_sentence(self, tmp_path, content):
        (tmp_path / "a.json").write_bytes(content)
        with pytest.raises(CalandoError, match=r"a\.json is not a "):
            session_file.load(tmp_path / "a.json")

    def test_a_missing_and_a_huge_file_are_a_sentence(self, tmp_path):
        with pytest.raises(CalandoError, match="no such session"):
            session_file.load(tmp_path / "a.json")
        with (tmp_path / "b.json").open("wb") as file:
            file.truncate(1 << 30)
        with pytest.raises(CalandoError, match="a session has at most"):
            session_file.load(tmp_path / "b.json")

    def test_what_is_not_foreseen_is_refused(self):
        with pytest.raises(CalandoError, match="patient"):
            file_of(made.session(), patient="somebody")


class TestChart:
    def test_it_says_what_was_played_how_it_ended_and_what_is_not_known(self):
        page = said(file_of(made.session()))
        for text in (
            "Night (newborn)",
            "brahms over ocean, asked for at 48 dB(A)",
            "How it ended: the music faded out: the session had come to its planned end.",
            "not calibrated: strictest assumption",
            "20 min of music in 24 hours",
            "not known: the device has no clock; write it below",
            "known all the time",
            "It is not a monitor and not a medical device",
        ):
            assert text in page

    def test_it_leaves_blanks_for_what_only_a_person_can_see(self):
        page = said(file_of(made.session()))
        for text in ("Colour", "Calm", "Comfort", "Remarks", "Who was there", "before during afterwards"):
            assert text in page

    def test_a_calibration_is_named_by_its_day(self):
        file = file_of(made.session(), calibrated=True, calibrated_on=datetime.date(2026, 3, 4))
        assert "calibrated on 2026-03-04" in said(file)

    def test_a_power_cut_is_said_and_nothing_is_guessed(self):
        raw = made.session(end=None)
        page = said(file_of(raw, cut=True))
        assert "The record stops before the session ended: the power went" in page
        assert "How it ended" not in page

    def test_a_profile_that_may_have_changed_since_is_said_to_be_uncertain(self):
        page = said(file_of(made.session(), this_boot=False))
        assert "not known: the device may have been set differently since" in page
        assert "asked for at" not in page
        assert "not known" in said(file_of(made.session(), profile=None))

    def test_a_profile_that_the_records_name_is_known_after_a_power_cut(self):
        raw = made.profile(100, "adult", "0123456789abcdef") + made.session()
        night = {"title": "Night", "population": "adult", "song": "brahms", "sha256": "0123456789abcdef"}
        file = file_of(raw, this_boot=False, profile=night)
        assert file.played is not None and file.population == "adult"
        assert "Night (adult)" in said(file) and "set differently" not in said(file)
        other = file_of(raw, this_boot=True, profile=night | {"sha256": "f" * 16, "population": "newborn"})
        assert other.played is None and other.population == "adult"
        assert (
            "for an adult, and not the one that the device has since; as it was read, it had Night"
            in said(other)
        )

    def test_a_study_s_profile_is_known_by_its_population_alone(self):
        file = file_of(made.profile(100, "adult") + made.session(), this_boot=False)
        assert file.played is None and file.population == "adult"
        assert "for an adult, else not known" in said(file)
        assert file_of(file.raw, this_boot=True).played is not None

    def test_two_sessions_that_the_device_kept_as_one_have_no_one_profile(self):
        one, two = (made.profile(100, "adult", digit * 16) for digit in "ab")
        assert file_of(one + made.session() + two, this_boot=False).population is None

    def test_oxygen_is_not_on_the_page(self):
        page = said(file_of(made.session()))
        assert "SpO2" not in page
        assert "xygen" not in page

    def test_gaps_are_named(self):
        raw = b"".join(made.row(s) for s in range(600) if not 100 < s < 200)
        assert "nothing written down from 1:40 to 3:20" in said(file_of(raw))

    def test_a_listening_programme_is_not_told_as_the_profiles_song(self):
        profile = {"title": "x", "population": "adult", "song": "suo_gan"}
        plain = made.event(99, "boot", 1) + made.session()
        for raw, song in ((plain, True), (plain + made.event(161, "segment", 0x110), False)):
            page = said(file_of(raw, profile=profile, this_boot=True))
            assert ("suo gan" in page) == song
            assert ("a listening programme, in place of the profile's own song" in page) != song

    def test_a_tempo_that_is_no_pulses_is_not_told_as_met_with_one(self):
        raw = (
            made.event(99, "boot", 1)
            + made.session(end=None)
            + made.event(200, "phase", "match", "open_loop")
        )
        assert "now going to the next piece's tempo" in said(file_of(raw))
        raw = made.event(99, "boot", 1) + made.session(end=None) + made.event(200, "phase", "match")
        assert "now meeting the pulse" in said(file_of(raw))

    def test_a_long_list_keeps_its_beginning_and_its_end(self):
        raw = made.session(end=None) + b"".join(made.event(400 + n, "press") for n in range(50))
        raw += made.event(460, "end", 2, "held")
        page = said(file_of(raw))
        assert "more, in the exported file" in page
        assert len(re.findall("noticed a press", page)) <= chart.MOST_EVENTS

    def test_a_recorded_voice_is_listed_with_its_times_and_its_level_and_has_no_tempo(self):
        profile = {"title": "Night", "population": "newborn", "song": "brahms", "recorded_voice": True}
        page = said(file_of(made.session(), profile=profile))
        assert re.search(r"Heard .*\d+:\d\d to \d+:\d\d: recorded voice, [\d.]+ dB\(A\)\.", page)
        assert "Music recorded voice" in page and "beats a minute" not in page and "brahms" not in page
        without = said(file_of(made.session(), profile=profile | {"recorded_voice": False}))
        assert "beats a minute" in without and "Music brahms" in without and "Heard" not in without

    def test_it_needs_nothing_from_elsewhere_and_a_title_is_no_markup(self):
        profile = {"title": "<b>x</b>", "population": "newborn"}
        page = chart.html(file_of(made.session(), profile=profile), tell(made.session()))
        assert all(link.startswith("data:image/png") for link in Text(page).links)
        assert "<b>x" not in page

    @settings(max_examples=8)
    @given(st.lists(st.sampled_from([made.row(7), made.row(9, pulse_bpm=None), made.event(8, "hold"),
                                     made.event(1, "boot", 1), made.event(600, "phase", "fault")]),
                    min_size=1, max_size=4))  # fmt: skip
    def test_whatever_was_written_down_becomes_a_page(self, records):
        raw = b"".join(records)
        try:
            assert "Music session" in said(file_of(raw))
        except (
            CalandoError
        ) as error:  # a clock that goes back is one that went round: the same records may be days
            assert "hours, which is no one session" in str(error)


# --- nothing else leaves the device ---

READINGS = {
    "pulse_rate_bpm", "tempo_bpm", "target_tempo_bpm", "level_dba", "perfusion_index_percent", "quality_percent",
    "contact",
}  # fmt: skip
KNOWN_OF_A_SESSION = {
    "unit", "firmware", "protocol", "age", "this_boot", "cut", "profile", "calibrated", "calibrated_on",
    "full_scale_dba", "dose_today_min", "read_at", "started", "sha256",
}  # fmt: skip


class TestNothingElse:
    """An allow-list for each form in which a session leaves: a new field is a decision, made here."""

    def test_in_a_journal_record(self):
        assert set(read_record(made.row(1))) == {
            "seconds", "phase", "reason", "pulse_rate_mbpm", "tempo_mbpm", "target_tempo_mbpm", "level_cdba",
            "perfusion_index_ppm", "spo2_permille", "quality_percent", "contact",
        }  # fmt: skip
        assert set(read_record(made.event(1, "press"))) == {"seconds", "kind", "reason", "detail"}
        assert set(read_record(made.breath(1))) == {
            "seconds", "kind", "reason", "breathing_rate_mbpm", "breath_amplitude_mbpm", "pulse_variability_us",
            "beats_corrected_permille", "coherence_permille", "pace_mbpm", "feedback_percent", "pacer", "breath_followed",
        }  # fmt: skip

    def test_in_a_profile(self):
        """Its one free text is the title on the display, of 16 characters; docs and table say whose name it is not."""
        assert {setting.name for setting in profile.TABLE if setting.kind == "text"} == {"title"}
        assert "never a patient's name" in profile.find("title").meaning
        assert {setting.name for setting in profile.TABLE} == {
            "title", "population", "maturity", "early_unlock", "song", "voice", "soundscape", "opening", "metre", "mode",
            "programme", "listening_programme", "melody", "light_swell",
            "opening_tempo_bpm", "level_dba", "baseline_below_db", "knob_range_db", "session_min",
            "gap_min", "daily_min", "sessions_a_day", "onset_s", "fade_s", "baseline_s", "baseline_max_s", "match_min",
            "lead_rate_percent_per_min", "margin_percent", "slowing_percent", "follow", "sensor_off",
            "sensor_off_hold_s", "poor_signal_hold_s", "pulse_low_stop_bpm", "pulse_rise_stop_percent",
            "spo2_stop_percent", "arm", "curve",
            "breath_tempo_bpm", "breath_first_percent", "breath_floor_per_min", "breath_inhalation_percent",
            "breath_swell_db", "breath_length_min", "breath_feedback",
        }  # fmt: skip

    def test_in_a_dose(self):
        """Minutes of power, minutes of music, whether it counts, and how loud the last hour was: there is room for
        nothing else in the record, and it has no date."""
        assert dose.VERSION == 2  # another version is another decision
        length = 2 + 5 * dose.SESSIONS_MAX + 1 + 2 * MINUTES
        assert length == dose.RECORD_BYTES

    def test_in_the_file(self):
        assert set(session_file.SessionFile.model_fields) == KNOWN_OF_A_SESSION | {
            "format",
            "version",
            "records",
        }
        assert set(session_file.PlayedProfile.model_fields) == {
            "title", "population", "sha256", "song", "soundscape", "recorded_voice", "level_dba", "session_min",
        }  # fmt: skip

    def test_in_the_csv_and_beside_it(self):
        file = file_of(made.session())
        told = tell(file.raw)
        assert set(read_csv(told)[0]) == READINGS | {
            "time_s", "phase", "reason", "spo2_uncalibrated_percent", "session_sha256",
            "breathing_rate_bpm", "breath_amplitude_bpm", "pulse_variability_ms", "beats_corrected_percent",
            "coherence_percent", "pace_bpm", "feedback_percent", "pacer", "breath_followed",
        }  # fmt: skip
        beside = json.loads(csv_form.sidecar_text(file, told))
        assert set(beside) == {
            "format", "version", "notice", "unknown", "columns", "words", "session", "length_s", "end", "reason",
            "events", "gaps", "kept", "made_with", "records",
        }  # fmt: skip
        assert set(beside["session"]) == KNOWN_OF_A_SESSION
        for event in beside["events"]:
            assert set(event) <= {"time_s", "kind", "reason", "phase", "end", "chip_fault", "value"}

    def test_in_edf(self):
        file = file_of(made.session())
        data = edf_form.edf(file, tell(file.raw))
        read = edfio.read_edf(io.BytesIO(data))
        assert set(read.labels) == {
            "pulse_rate_bpm", "tempo_bpm", "target_tempo_bpm", "level_dba", "perfusion_index", "SpO2uncalibrated",
            "quality", "contact",
            "pulse_rate_valid", "tempo_valid", "target_valid", "level_valid", "perfusion_valid", "SpO2_valid",
            "quality_valid", "contact_valid",
        }  # fmt: skip
        assert data[8:88].decode().split() == ["X", "X", "X", "X"]
        assert data[88:168].decode().split() == ["Startdate", "X", "X", "X", "Calando_43414c414e444f01_0.1.0"]
        assert data[168:184] == b"01.01.8500.00.00"  # EDF+'s way to say that nobody knows
        words = " ".join(annotation.text for annotation in read.annotations)
        assert not re.search(r"\d{4}-\d\d-\d\d|\d\d:\d\d", words)

    def test_in_fhir(self):
        """No Patient, no name of anything that is a person; SpO2 only where it is asked for."""
        made_bundle = fhir_form.bundle(file_of(made.session()), tell(made.session()))
        resources = [entry["resource"] for entry in made_bundle["entry"]]
        assert {one["resourceType"] for one in resources} == {"Device", "Observation"}
        seen = [one for one in resources if one["resourceType"] == "Observation"]
        assert {one["code"]["coding"][0]["code"] for one in seen} == {"149530", "music-tempo", "music-level"}
        assert {key for one in seen for key in one} == {
            "resourceType", "id", "meta", "extension", "identifier", "status", "category", "code", "subject",
            "_effectiveDateTime", "method", "device", "component", "valueQuantity", "dataAbsentReason",
        }  # fmt: skip

    def test_on_the_page(self):
        environment = report._template("chart.html.j2").environment
        source = environment.loader.get_source(environment, "chart.html.j2")[0]
        assert meta.find_undeclared_variables(environment.parse(source)) == {
            "story", "tone", "ending", "numbers", "picture", "events", "facts", "blanks", "origin",
            "note", "note_origin", "long_note", "simulated", "lang", "say",
        }  # fmt: skip

    def test_no_clock_and_no_day_but_the_host_s(self):
        page = said(file_of(made.session()))
        assert set(re.findall(r"\d{4}-\d\d-\d\d", page)) == {"2026-01-02"}  # the day on which it was read
