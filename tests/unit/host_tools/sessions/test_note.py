"""The note beside a session: kept in versions on this computer, asked about when it names somebody, printed on the page."""

import datetime
import json
import re
import shutil
import threading

import journal_records as made
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright import sync_api as playwright
from typer.testing import CliRunner

from host_tools.cli import app
from host_tools.commands import session_note
from host_tools.sessions import chart, identifying, note, scales, session_file
from host_tools.sessions.note import SessionNote
from host_tools.sessions.told import tell
from simulator.files.errors import CalandoError

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


def session(age=7, **changes):
    raw = made.session(**changes)
    return session_file.make(
        raw, unit="a1b2", firmware="0.1.0", protocol=1, age=age, this_boot=False, cut=False, read_at=NOW
    )


@pytest.fixture(autouse=True)
def notes_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("CALANDO_NOTES_DIR", str(tmp_path / "notes"))
    return tmp_path / "notes"


class TestScores:
    @pytest.mark.parametrize(
        ("text", "lowest", "highest"),
        [("NRS before", 0, 10), ("ESAS-r breathlessness after", 0, 10), ("n-pass during", -10, 13),
         ("COMFORT neo before".replace(" neo", "neo"), 6, 30)],
    )  # fmt: skip
    def test_a_score_within_its_scale_is_kept_as_entered_and_one_outside_is_refused(
        self, text, lowest, highest
    ):
        for value in (lowest, highest):
            assert note.changed(SessionNote(), scores=[f"{text} {value}"]).scores[0].value == value
        for value in (lowest - 1, highest + 1):
            with pytest.raises(CalandoError, match=f"outside {lowest} to {highest}"):
                note.changed(SessionNote(), scores=[f"{text} {value}"])

    def test_nothing_entered_is_not_zero(self):
        assert SessionNote().scores == ()
        assert note.changed(SessionNote(), scores=["NRS before 0"]).scores[0].value == 0
        assert (
            note.changed(note.changed(SessionNote(), scores=["NRS before 0"]), scores=["NRS before -"])
            == SessionNote()
        )

    def test_the_same_scale_and_time_is_replaced_and_another_is_beside_it(self):
        first = note.changed(SessionNote(), scores=["NRS before 4", "NRS after 2"])
        second = note.changed(first, scores=["nrs before 5"])
        assert [(score.when, score.value) for score in second.scores] == [("before", 5), ("after", 2)]

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [("NRS 4", "no score"), ("VAS before 4", "no scale"), ("NRS soon 4", "no time of a score"),
         ("NRS before four", "no whole number"), ("NRS before 3.5", "no whole number"), ("ESAS-r before 3", "name it"),
         ("NRS pain before 3", "one number"), ("ESAS-r " + 25 * "x" + " before 3", "at most 24")],
    )  # fmt: skip
    def test_what_is_no_score_is_one_sentence(self, text, sentence):
        with pytest.raises(CalandoError, match=sentence):
            note.changed(SessionNote(), scores=[text])

    def test_a_scale_has_a_name_and_a_range_and_nothing_of_its_items(self):
        assert set(vars(scales.SCALES[0])) == {"name", "lowest", "highest", "of_one_symptom"}


class TestWords:
    def test_what_is_not_given_stays_and_what_is_given_empty_goes(self):
        first = note.changed(SessionNote(), {"goal": "settle", "remarks": "quiet"})
        assert note.changed(first, {"goal": " "}) == SessionNote(remarks="quiet")

    @pytest.mark.parametrize("name", note.WORDS)
    def test_words_fit_on_the_page_or_are_refused(self, name):
        most = note.WORDS[name][1]
        assert len(getattr(note.changed(SessionNote(), {name: "x" * most}), name)) == most
        with pytest.raises(CalandoError, match=f"{name} has {most + 1} characters"):
            note.changed(SessionNote(), {name: "x" * (most + 1)})

    @pytest.mark.parametrize("character", ["\x1b", "\0", "\udcff"])
    def test_what_cannot_stand_on_paper_is_refused(self, character):
        for entered in ({"words": {"goal": f"a{character}b"}}, {"moments": [f"0:05 a{character}b"]}):
            with pytest.raises(CalandoError, match="has a character that cannot be printed"):
                note.changed(SessionNote(), **entered)
        kept = note.changed(SessionNote(), {"goal": "آرامش می‌خواهد, \N{SMILING FACE WITH SMILING EYES}"})
        assert "\u200c" in kept.goal, "joiners belong to a writing"

    def test_a_moment_is_a_time_of_the_session(self):
        kept = note.changed(SessionNote(), moments=["12:30 grimaces", "0:05  eyes   open"], length_s=750)
        assert [(moment.time_s, moment.words) for moment in kept.moments] == [
            (5, "eyes open"),
            (750, "grimaces"),
        ]
        assert note.changed(kept, moments=["12:30"]).moments == kept.moments[:1]
        for text, sentence in (
            ("12:31 x", "ends at 12:30"),
            ("12:60 x", "no moment"),
            ("soon x", "no moment"),
        ):
            with pytest.raises(CalandoError, match=sentence):
                note.changed(SessionNote(), moments=[text], length_s=750)


class TestNaming:
    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("slept when Anna sang", "a name"), ("Anna Müller slept", "a name"), ("Mrs Smith asked", "a name"),
            ("Anna's mother", "a name"), ("baby Noah", "a name"), ("sat with A. M.", "a name"), ("MUELLER", "a name"),
            ("Nurse Okafor", "a name"), ("Ms. de Vries was there", "a name"), ("called Ali", "a name"),
            ("born 3 March 2026", "a birth date"), ("03/03/2026", "a birth date"), ("2026-03-03", "a birth date"),
            ("DOB 3.3.", "a birth date"), ("3.3.26", "a birth date"), ("March 3, 2026", "a birth date"),
            ("MRN 4411", "a record number"), ("12345678", "a record number"), ("record no. A77", "a record number"),
            ("943 476 5919", "a record number"), ("AB12345", "a record number"), ("a@b.org", "an address"),
        ],
    )  # fmt: skip
    def test_what_looks_like_somebody_is_asked_about(self, text, what):
        assert what in [found for found, _ in identifying.found(text)]

    @pytest.mark.parametrize(
        "text",
        [
            "Settle before the night feed", "O2 weaned at 10:15. Mother sang along.", "NRS 2/10, ESAS-r asked twice",
            "Asleep; woke at 12:30, 40 % O2, 1200 g", "Kangaroo care on Monday", "CPAP 5. Grimaces, fists.",
            "Not needed", "SpO2 92 %, pulse 150 to 138", "then SpO2 fell, FiO2 up",
            "The nurse said: Enough.", "I held his hand", "29+3 weeks",
        ],
    )  # fmt: skip
    def test_what_a_nurse_writes_is_not_asked_about(self, text):
        assert identifying.found(text) == []

    def test_who_was_present_is_looked_at_from_its_first_word(self):
        assert identifying.found("Mother, Nurse, music therapist", lists_people=True) == []
        assert identifying.found("Anna, nurse", lists_people=True) == [("a name", "Anna")]

    def test_what_was_asked_about_once_is_not_asked_about_again(self):
        kept = SessionNote(remarks="Liked Schumann")
        assert note.identifying_words(kept, SessionNote()) == [("remarks", "a name", "Liked Schumann")]
        assert note.identifying_words(note.changed(kept, {"goal": "calm"}), kept) == []
        assert note.identifying_words(
            note.changed(SessionNote(), moments=["1:00 smiles at Anna"]), SessionNote()
        )
        assert (
            note.identifying_words(
                note.changed(SessionNote(), scores=["ESAS-r Anna before 2"]), SessionNote()
            )
            == []
        )

    @given(st.text(max_size=80))
    def test_any_text_can_be_looked_at(self, text):
        for what, words in identifying.found(text):
            assert what and words in text


class TestVersions:
    def test_every_version_is_kept_and_none_is_written_over(self, notes_folder):
        played = session()
        note.write(played, SessionNote(goal="one"), 0, NOW)
        first = next(notes_folder.glob("*/0001.json")).read_bytes()
        note.write(played, SessionNote(goal="two"), 1, NOW)
        assert [version.note.goal for version in note.history(played)] == ["one", "two"]
        assert next(notes_folder.glob("*/0001.json")).read_bytes() == first
        with pytest.raises(CalandoError, match="somebody wrote version 2"):
            note.write(played, SessionNote(goal="three"), 1, NOW)
        assert note.newest(played).note.goal == "two"
        assert len(list(notes_folder.glob("*/*"))) == 2

    def test_two_who_write_at_once_make_one_version_and_one_refusal(self):
        played = session()
        outcomes = []

        def write(goal):
            try:
                outcomes.append(note.write(played, SessionNote(goal=goal), 0, NOW).note.goal)
            except CalandoError as error:
                outcomes.append(error)

        writers = [threading.Thread(target=write, args=(f"goal {number}",)) for number in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert [outcome for outcome in outcomes if isinstance(outcome, str)] == [
            note.newest(played).note.goal
        ]

    def test_it_is_found_when_the_session_is_read_again_and_by_no_other(self):
        note.write(session(), SessionNote(goal="one"), 0, NOW)
        again = session().model_copy(
            update={"read_at": NOW + datetime.timedelta(days=9), "dose_today_min": 3}
        )
        assert note.newest(again).note.goal == "one"
        assert note.newest(session(age=8)) is None
        assert (
            note.newest(session(length_s=200)) is None
        )  # the device was set back to new, and counts from 1 again

    def test_a_damaged_version_is_one_sentence(self, notes_folder):
        note.write(session(), SessionNote(goal="one"), 0, NOW)
        place = next(notes_folder.glob("*/0001.json"))
        text = place.read_text()
        for damaged in (text[:-20], "", text.replace("goal", "gaol"), "\x80"):
            place.write_bytes(damaged.encode("latin-1"))
            with pytest.raises(CalandoError, match="no whole note; move it"):
                note.history(session())

    def test_a_folder_that_cannot_be_written_is_one_sentence(self, monkeypatch, tmp_path):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("CALANDO_NOTES_DIR", str(tmp_path / "file"))
        with pytest.raises(CalandoError, match="cannot be kept"):
            note.write(session(), SessionNote(goal="one"), 0, NOW)

    def test_what_nobody_entered_is_not_in_the_file(self, notes_folder):
        note.write(session(), SessionNote(goal="one"), 0, NOW)
        assert set(json.loads(next(notes_folder.glob("*/0001.json")).read_text())["note"]) == {
            "goal",
            "scores",
            "moments",
        }


class TestOnThePage:
    def test_the_note_stands_on_the_page_and_what_was_not_entered_does_not(self):
        made_note = note.changed(
            SessionNote(), {"goal": "settle <b>", "stopped_by": "nurse", "stopped_why": "feeding"},
            ["NRS before 4", "NRS after 0", "ESAS-r pain before 3"], ["1:05 sighs"],
        )  # fmt: skip
        played = session()
        page = chart.html(played, tell(played.raw), note.write(played, made_note, 0, NOW))
        for text in (
            "settle &lt;b&gt;", "by nurse; feeding", "NRS: before 4, after 0; ESAS-r pain: before 3 (as entered)",
            "1:05 sighs", "Version 1 of the note, written 2026-01-02 03:04",
        ):  # fmt: skip
            assert text in page
        for text in ("Signs of too much", "Remarks", "State before", "None"):
            assert text not in page

    def test_the_longest_note_and_the_most_eventful_session_are_one_page_of_a4(self, tmp_path):
        """Printed by Chromium, as a therapist prints it."""
        chromium = (
            shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        )
        if chromium is None:
            pytest.skip("there is no Chromium to print the page with")
        words = "Wabcdef ghi jklm nopqr stw " * 20
        longest = note.changed(
            SessionNote(), {name: words[:most].strip() for name, (_, most) in note.WORDS.items()},
            [f"ESAS-r {words[:20]}{number:03d} before 3" for number in range(note.MOST_SCORES)],
            [f"{number}:00 {words[:59]}" for number in range(note.MOST_MOMENTS)],
        )  # fmt: skip
        raw = made.session(end=None) + b"".join(made.event(400 + number, "press") for number in range(50))
        for second in range(500, 800):
            raw += made.row(second, pulse_bpm=None if second // 7 % 2 else 150, contact=second // 14 % 2)
        raw += b"".join(made.row(second) for second in (*range(1500, 2100, 2), 3000, 3900))
        profile = {
            "title": "Night",
            "population": "newborn",
            "song": "brahms",
            "soundscape": "ocean",
            "level_dba": 48,
        }
        eventful = session_file.make(
            raw, unit="a" * 16, firmware="0.1.0", protocol=1, age=9, this_boot=False, cut=True, read_at=NOW,
            dose_today_min=20, calibrated=False, full_scale_dba=74.0, profile=profile,
        )  # fmt: skip
        written = note.write(eventful, longest, 0, NOW)
        (tmp_path / "page.html").write_text(chart.html(eventful, tell(raw), written))
        with playwright.sync_playwright() as started:
            browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto((tmp_path / "page.html").as_uri())
            printed = page.pdf(prefer_css_page_size=True)
            browser.close()
        assert re.findall(rb"/Count (\d+)", printed) == [b"1"]


class TestTheCommand:
    @pytest.fixture
    def run(self, tmp_path, monkeypatch):
        """Run `calando session note` on a session's file; `answers` are what somebody types."""
        session_file.save(session(), tmp_path / "s.calando")

        def run(*words, answers=()):
            typed = list(answers)
            monkeypatch.setattr(session_note, "ask", lambda question, instead: typed.pop(0))
            result = CliRunner().invoke(
                app, ["session", "note", str(tmp_path / "s.calando"), *words], catch_exceptions=False
            )
            assert result.exit_code == 0, result.output
            assert not typed
            return result.output

        return run

    def test_fields_as_options_and_versions_shown(self, run):
        run("--goal", "settle", "--score", "NRS before 4", "--score", "NRS after 0")
        assert "goal: settle" in run("--remarks", "quiet", "--score", "NRS before -")
        shown = json.loads(run("--show", "--json"))
        assert [version["number"] for version in shown] == [1, 2]
        assert [score["value"] for score in shown[1]["note"]["scores"]] == [0]
        assert "nothing was written" in run("--remarks", "quiet")

    def test_asked_line_by_line_and_asked_again_what_cannot_be(self, run):
        words = ["settle", "", "", "asleep", "", "", ""]
        run(answers=[*words, "NRS before 44", "NRS before 4", "", "9:00 late", "1:00 sighs", "", "-"])
        assert note.newest(session()).note == note.changed(
            SessionNote(), {"goal": "settle", "after": "asleep"}, ["NRS before 4"], ["1:00 sighs"]
        )

    def test_a_name_is_asked_about_once(self, run):
        with pytest.raises(CalandoError, match="nothing was written"):
            run("--present", "Anna", answers=[""])
        assert note.newest(session()) is None
        said = run("--present", "Anna", answers=["yes"])
        assert '"Anna" looks like a name' in said
        run("--remarks", "slept")
        run("--goal", "as Anna asked", "--keep-as-written")
