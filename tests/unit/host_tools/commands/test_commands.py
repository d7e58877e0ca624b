"""The commands about a device, against the firmware's own desk: a whole round trip, and nothing lost by what goes wrong."""

import hashlib
import json
import re
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import programme_parts
import pytest
from desk_cable import Cable
from memory_files import Files

from firmware.memory.journal import Journal
from firmware.prescription.profile import READY, Profile
from firmware.sound import songs
from host_tools.device import backup, changes, client
from host_tools.sound import meter
from simulator.files import profile_file
from simulator.files.errors import CalandoError

ROOT = Path(__file__).resolve().parents[4]
NIGHT = "population = 'newborn'\ntitle = 'Night'\nlevel_dba = 40\nfade_s = 60\n"
OWN = songs.DATA["edo"]
RECORDS = bytes(range(16)) * 40
ABOUT = {"unit": "a1", "firmware": "0.1.0", "board": "pico", "protocol": 1, "schema": "88C39449"}


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(client, "POLL_S", 0.0)
    monkeypatch.setattr(client, "serial_ports", list)


@pytest.fixture
def cable(monkeypatch):
    """A device from the factory with one session on it, found by every command."""
    cable = Cable()
    cable.device.store.save("session", 1, RECORDS, 8)
    monkeypatch.setattr(client, "connect", lambda port=None: client.Connection(cable))
    return cable


@pytest.fixture
def calando(run_calando):
    return run_calando


def done(answer):
    assert answer[0] == 0, answer[2]
    return answer[1]


def refused(answer):
    status, _, err = answer
    assert status == 1 and err.startswith("calando: ") and err.endswith(".\n") and err.count("\n") == 1
    return err


class TestRoundTrip:
    def test_from_the_factory_to_a_backup_and_back(self, calando, cable, tmp_path):
        (tmp_path / "own.lul").write_bytes(OWN)
        done(calando("song", "put", "own.lul"))
        assert "song.own  bytes new -> " in done(calando("song", "put", "own.lul"))
        assert cable.device.files.size("song.own") is None, "staged is not committed"
        (tmp_path / "night.toml").write_text(NIGHT + "song = 'own'\n")
        said = done(calando("profile", "put", "night.toml"))
        assert "level_dba  - -> 40 dBA" in said and "calando profile commit" in said
        said = done(calando("profile", "commit", typed="yes"))
        assert "deafness" in said and "Hold the button" in said and "Read back and compared" in said

        shown = done(calando("profile", "show"))
        (tmp_path / "shown.toml").write_text(shown)
        assert done(calando("profile", "diff", "shown.toml")) == "Nothing differs.\n"
        assert json.loads(done(calando("profile", "show", "--json")))["song"] == "own"
        assert {"name": "own", "bytes": len(OWN), "built_in": False} in json.loads(
            done(calando("song", "list", "--json"))
        )

        assert "1 profile, 0 calibrations, 1 song, 0 voices, 0 programmes, 1 session" in done(
            calando("backup", "all.zip")
        )
        before = cable.contents()
        done(calando("factory-reset", typed=cable.device.unit[-4:]))
        assert cable.contents() == {}
        said = done(calando("restore", "all.zip", "--checked"))
        assert "Not put back: 1 sessions" in said and "The device is as all.zip has it." in said
        assert cable.contents()["song.own"] == before["song.own"]
        assert Cable(cable.device.files).device.store.load("profile") == (
            1,
            profile_file.as_bytes(profile_file.load("night.toml")),
        )
        done(calando("backup", "again.zip"))
        one, two = backup.read(tmp_path / "all.zip"), backup.read(tmp_path / "again.zip")
        assert two.objects == {
            name: data for name, data in one.objects.items() if not name.startswith("session")
        }
        assert one.objects["session.1"] == RECORDS

    def test_back_to_the_profile_before(self, calando, cable, tmp_path):
        for title in ("One", "Two"):
            (tmp_path / "p.toml").write_text(f"population = 'newborn'\ntitle = '{title}'\n")
            done(calando("profile", "put", "p.toml", "--commit", "--checked"))
        assert "Two (newborn), on the device, in use" in done(calando("profile", "list"))
        assert "profile  title  Two -> One" in done(calando("profile", "rollback", "--commit", "--checked"))
        assert json.loads(done(calando("profile", "show", "--json")))["title"] == "One"
        assert json.loads(done(calando("profile", "show", "--previous", "--json")))["title"] == "Two"

    def test_restoring_what_is_there_already_asks_for_nobody(self, calando, cable, tmp_path):
        (tmp_path / "p.toml").write_text(NIGHT)
        done(calando("profile", "put", "p.toml", "--commit", "--checked"))
        done(calando("backup", "all.zip"))
        cable.somebody = False
        assert "The device is as" in done(calando("restore", "all.zip"))

    def test_a_song_that_came_after_the_backup_goes(self, calando, cable, tmp_path):
        (tmp_path / "own.lul").write_bytes(OWN)
        done(calando("backup", "empty.zip"))
        done(calando("song", "put", "own.lul", "--name", "later", "--commit"))
        assert "song.later  goes" in done(calando("restore", "empty.zip"))
        assert cable.device.files.size("song.later") is None

    def test_a_calibration_of_another_device_is_not_put_back(self, calando, cable, tmp_path):
        backup.write(tmp_path / "other.zip", backup.Backup(ABOUT, {"calibration": b"{}"}))
        assert "of another device" in done(calando("restore", "other.zip"))

    def test_a_song_comes_and_goes(self, calando, cable, tmp_path):
        (tmp_path / "own.lul").write_bytes(OWN)
        done(calando("song", "put", "own.lul", "--commit"))
        assert "goes" in done(calando("song", "rm", "own", "--commit"))
        assert "own" not in [item["name"] for item in json.loads(done(calando("song", "list", "--json")))]

    def test_an_air_of_the_adults_songbook_comes_by_its_name(self, calando, cable, tmp_path):
        assert "sakura" in done(calando("song", "airs")) and "intensity 3" in done(calando("song", "airs"))
        assert json.loads(done(calando("song", "airs", "--json")))[0]["culture"] == "American"
        done(calando("song", "put", "sakura", "--commit"))
        assert cable.device.files.size("song.sakura") > 100
        assert 'did you mean "sakura"' in refused(calando("song", "airs", "sakora"))
        done(calando("song", "airs", "sakura"))
        assert {file.name for file in tmp_path.glob("sakura*")} == {
            "sakura.lul", "sakura.played.abc", "sakura.played.svg",
        }  # fmt: skip
        done(calando("song", "airs", "sakura"))  # the same again is no loss
        (tmp_path / "sakura.played.abc").write_text("X:1\nK:C\nC4|\n", "utf-8")
        told = refused(calando("song", "airs", "sakura"))
        assert "sakura.played.abc is there already with other contents" in told
        assert "sakura.lul" not in told

    def test_a_recording_comes_is_named_by_a_profile_and_goes(self, calando, cable, tmp_path):
        noise = np.random.default_rng(1).normal(0, 3000, 8000).astype(np.int16)
        meter.write_wav(tmp_path / "oma.wav", noise, 8000)
        done(calando("song", "record", "oma.wav", "--kind", "heartbeat"))
        assert "voice.oma  bytes new -> " in done(calando("song", "put", "oma.adp", "--commit"))
        assert "a recording" in done(calando("song", "list"))
        (tmp_path / "p.toml").write_text("population = 'newborn'\nvoice = 'oma'\n")
        done(calando("profile", "put", "p.toml"))
        done(calando("profile", "discard"))
        assert "voice.oma  goes" in done(calando("song", "rm", "oma", "--commit"))
        assert cable.device.files.size("voice.oma") is None
        (tmp_path / "oma.adp").write_bytes(b"ADP1")
        assert "cannot be played" in refused(calando("song", "put", "oma.adp"))


EVENING = [
    programme_parts.segment("arrive", "song", "own", minutes=5),
    programme_parts.SILENCE,
    programme_parts.segment("rest", "song", "twinkle", minutes=5),
]


class TestProgrammes:
    def on(self, cable, *names, segments=EVENING):
        for number, name in enumerate(names):
            cable.device.files.files[f"programme.{name}"] = programme_parts.compact(
                segments, title=f"{number}"
            )
        if names:
            cable.device.files.files["song.own"] = OWN

    def names(self, cable):
        return sorted(name for name in cable.contents() if name.startswith(("programme.", "song.")))

    def test_eight_come_back_over_eight_others(self, calando, cable, tmp_path):
        """A device holds eight, and the ninth was refused: the old ones were to go only after the new had come."""
        self.on(cable, *(f"old_{number}" for number in range(8)))
        before = cable.contents()
        assert "8 programmes" in done(calando("backup", "all.zip"))
        for name in [name for name in cable.device.files.files if name.startswith("programme.")]:
            cable.device.files.remove(name)
        self.on(cable, *(f"new_{number}" for number in range(8)))
        others = cable.contents()
        done(calando("backup", "others.zip"))
        assert "The device is as all.zip has it." in done(calando("restore", "all.zip"))
        assert cable.contents() == before
        cable.somebody = False
        assert "nobody held the button" in refused(calando("restore", "others.zip"))
        assert cable.contents() == before
        cable.somebody = True
        done(calando("restore", "others.zip"))
        assert cable.contents() == others

    def test_more_than_a_device_holds_are_left_by_a_cut_and_go_with_the_next_restore(
        self, calando, cable, tmp_path
    ):
        self.on(cable, *(f"old_{number}" for number in range(8)))
        before = cable.contents()
        done(calando("backup", "all.zip"))
        cable.device.files.remove("programme.old_3")
        self.on(cable, *(f"new_{number}" for number in range(6)))
        assert len(self.names(cable)) == 14
        done(calando("restore", "all.zip"))
        assert cable.contents() == before

    def test_nothing_goes_where_the_flash_is_full(self, calando, cable, tmp_path):
        self.on(cable, *(f"old_{number}" for number in range(8)))
        done(calando("backup", "all.zip"))
        for name in [name for name in cable.device.files.files if name.startswith("programme.")]:
            cable.device.files.remove(name)
        self.on(cable, *(f"new_{number}" for number in range(8)))
        cable.device.files.files["voice.large"] = bytes(cable.device.files.free_bytes() - 17_000)
        before = cable.contents()
        assert "bytes are free on the device; remove something first" in refused(
            calando("restore", "all.zip")
        )
        assert cable.contents() == before
        assert not cable.device.desk.staged, "half of a backup waits to be committed"

    def test_a_song_that_a_programme_of_the_backup_names_stays(self, calando, cable, tmp_path):
        self.on(cable, "evening")
        about, objects = ABOUT, {"programme.evening": cable.contents()["programme.evening"]}
        backup.write(tmp_path / "old.zip", backup.Backup(about, objects))
        said = done(calando("restore", "old.zip"))
        assert "song.own on the device stays: programme.evening names it, and the backup has none." in said
        assert self.names(cable) == ["programme.evening", "song.own"]

    def test_a_programme_whose_song_is_nowhere_is_not_put_back(self, calando, cable, tmp_path):
        objects = {"programme.evening": programme_parts.compact(EVENING), "song.other": OWN}
        backup.write(tmp_path / "old.zip", backup.Backup(ABOUT, objects))
        said = done(calando("restore", "old.zip"))
        assert "Not put back: programme.evening. It names song.own, which is neither" in said
        assert self.names(cable) == ["song.other"]
        cable.device.files.files["programme.evening"] = objects["programme.evening"]
        # As an older firmware let its song go: it is no worse than before.
        done(calando("restore", "old.zip"))
        assert self.names(cable) == ["programme.evening", "song.other"]

    def test_a_bad_one_in_a_backup_is_named_and_nothing_waits(self, calando, cable, tmp_path):
        objects = {"song.own": OWN, "programme.evening": programme_parts.compact(EVENING)[:-40]}
        backup.write(tmp_path / "bad.zip", backup.Backup(ABOUT, objects))
        before = cable.contents()
        assert (
            "programme.evening of the backup is refused by the device: the programme is damaged"
            in refused(calando("restore", "bad.zip"))
        )
        assert cable.contents() == before and not cable.device.desk.staged

    def test_a_song_that_one_names_is_refused_to_go(self, calando, cable):
        self.on(cable, "evening")
        before = cable.contents()
        assert "song.own cannot go: programme evening names it; remove that first" in refused(
            calando("song", "rm", "own", "--commit")
        )
        assert cable.contents() == before

    def test_a_name_means_one_programme(self, calando, cable, tmp_path):
        done(calando("programme", "put", "company", "--commit"))
        rows = [row.split(maxsplit=4) for row in done(calando("programme", "list")).splitlines()]
        assert [row[4] for row in rows if row[0] == "company"] == ["Company, ready-made and on the device"]
        (tmp_path / "company.toml").write_text(
            done(calando("programme", "show", "company", "--file")).replace("Company", "Mine")
        )
        for words in (("validate", "company.toml"), ("put", "company.toml", "--commit")):
            assert '"company" is the name of a ready-made programme' in refused(calando("programme", *words))
        (tmp_path / "company.toml").rename(tmp_path / "mine.toml")
        done(calando("programme", "put", "mine.toml", "--commit"))
        self.on(cable, "settle")  # as an older program put it there
        listed = {
            row["where"]: row["name"] for row in json.loads(done(calando("programme", "list", "--json")))
        }
        assert listed == {
            "ready-made and on the device": "company", "on the device": "mine", "ready-made": "there_and_back",
            "on the device, not the ready-made one": "settle",
        }  # fmt: skip

    def test_one_that_is_nowhere_is_told_with_where_it_may_be(self, calando, cable):
        assert "or --port for one that is on a device" in refused(calando("programme", "show", "mine"))
        assert "There is no programme.settle on this device" in refused(calando("programme", "rm", "settle"))

    def test_a_reset_and_a_backup_tell_of_them(self, calando):
        for words in (("backup", "--help"), ("factory-reset", "--help")):
            assert "songs, voices, programmes and sessions" in " ".join(done(calando(*words)).split())


class TestWhatIsTold:
    def test_of_a_first_profile_only_what_is_not_ready_made(self, calando, cable, tmp_path):
        (tmp_path / "p.toml").write_text(NIGHT)
        said = done(calando("profile", "put", "p.toml")).splitlines()
        assert [line.split()[1] for line in said[:4]] == ["fade_s", "level_dba", "title", "everything"]
        assert "as ready-made for the newborn" in said[3]

    def test_of_one_that_changes_every_change(self, calando, cable, tmp_path):
        (tmp_path / "p.toml").write_text(NIGHT)
        done(calando("profile", "put", "p.toml", "--commit", "--checked"))
        said = done(calando("profile", "put", "newborn"))
        assert "level_dba  40 dBA -> 48 dBA" in said and "everything" not in said

    @pytest.mark.parametrize("options", [("--commit", "--checked"), ("--commit",), ()])
    def test_of_one_that_changes_nothing_that_and_no_more(self, calando, cable, tmp_path, options):
        (tmp_path / "p.toml").write_text(NIGHT)
        done(calando("profile", "put", "p.toml", "--commit", "--checked"))
        said = done(calando("profile", "put", "p.toml", *options))
        assert said == "Nothing differs from what is on the device, so there is nothing to commit.\n"

    def test_of_one_that_goes_its_title(self, calando, cable, tmp_path):
        (tmp_path / "p.toml").write_text(NIGHT)
        done(calando("profile", "put", "p.toml", "--commit", "--checked"))
        said = done(calando("factory-reset", typed=cable.device.unit[-4:]))
        assert "  profile  goes (Night)\n" in said and "  sessions  go (1)\n" in said and "fade_s" not in said


class TestLooking:
    def test_info_tells_how_it_is(self, calando, cable):
        said = done(calando("device", "info"))
        assert "supply_v             5.021" in said and "unit                 43414c41" in said
        assert json.loads(done(calando("device", "info", "--json")))["commit"] == "none"
        assert "last_fault           -" in said

    def test_info_tells_what_it_last_died_of(self, calando, cable):
        died = 'Traceback (most recent call last):\n  File "firmware/main.py", line 180, in sense\nValueError: broken\n'
        cable.device.store.save("fault", 2, died.encode())
        said = done(calando("device", "info"))
        assert 'last_fault           ValueError: broken, File "firmware/main.py", line 180, in sense' in said
        assert json.loads(done(calando("device", "info", "--json")))["last_fault"] == died

    def test_identify(self, calando, cable):
        assert "changes colour" in done(calando("device", "identify"))

    def test_monitor_prints_a_line_a_second(self, calando, cable, monkeypatch):
        from types import SimpleNamespace

        outputs = SimpleNamespace(
            phase="lead", reason=None, playing=True, tempo_mbpm=72_500, target_tempo_mbpm=72_000
        )
        inputs = SimpleNamespace(
            pulse_rate_mbpm=145_000,
            quality_percent=90,
            contact=True,
            level_cdba=4700,
            perfusion_index_ppm=None,
            spo2_permille=None,
        )
        journal = Journal(None, None)
        journal.row(61, outputs, inputs)
        cable.device.journal.record = journal.record
        assert "1:01  lead      pulse 145  tempo  72.5 (target  72.0)" in done(
            calando("device", "monitor", "--seconds", "1")
        )
        assert json.loads(done(calando("device", "monitor", "--seconds", "1", "--json")))["phase"] == "lead"

    def test_list(self, calando, cable, monkeypatch):
        monkeypatch.setattr(
            client, "find_all", lambda: ([client.Connection(cable)], [CalandoError("/dev/b is in use")])
        )
        said = done(calando("device", "list"))
        assert "/dev/ttyDESK  unit 43414c41" in said and "/dev/b is in use" in said
        assert json.loads(done(calando("device", "list", "--json")))[0]["port"] == "/dev/ttyDESK"
        monkeypatch.setattr(client, "find_all", lambda: ([], []))
        assert "no Calando device found" in refused(calando("device", "list"))


def test_without_a_device_the_built_in_songs_are_listed(calando):
    said = done(calando("song", "list"))
    assert all(f"{name} " in said for name in songs.DATA) and "no Calando device found" in said
    listed = json.loads(done(calando("song", "list", "--json")))
    assert [(song["name"], song["bytes"]) for song in listed] == [(n, len(d)) for n, d in songs.DATA.items()]


class TestRefusals:
    def test_nothing_is_committed_without_the_checklist(self, calando, cable, tmp_path):
        (tmp_path / "p.toml").write_text(NIGHT)
        assert "contraindications" in refused(calando("profile", "put", "p.toml", "--commit", typed="maybe"))
        assert "profile.0" not in cable.contents()

    def test_a_script_is_told_what_to_add(self, calando, cable, tmp_path):
        (tmp_path / "p.toml").write_text(NIGHT)
        assert "add --checked" in refused(calando("profile", "put", "p.toml", "--commit"))
        end = cable.device.unit[-4:]
        assert f"give {end} as an argument" in refused(calando("factory-reset"))

    def test_a_wrong_word_resets_nothing(self, calando, cable):
        before = cable.contents()
        assert "nothing was changed" in refused(calando("factory-reset", "beef"))
        assert cable.contents() == before

    def test_nobody_at_the_button_changes_nothing(self, calando, cable, tmp_path):
        cable.somebody = False
        before = cable.contents()
        (tmp_path / "own.lul").write_bytes(OWN)
        assert "nobody held the button" in refused(calando("song", "put", "own.lul", "--commit"))
        assert cable.contents() == before

    def test_a_simulated_device_forgets_what_is_staged(self, calando, cable, tmp_path, monkeypatch):
        from types import SimpleNamespace

        beside = SimpleNamespace(port="sim", hold_button=lambda: None, close=lambda: None)
        monkeypatch.setattr(client, "connect", lambda port=None: client.Connection(cable, beside))
        (tmp_path / "own.lul").write_bytes(OWN)
        assert "add --commit" in done(calando("song", "put", "own.lul"))

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("song", "put", "p.toml"), "cannot be played: this is not a score"),
            (("song", "put", "none.lul"), "there is no such song"),
            (("song", "put", "huge.bin"), "a song has at most 2048 bytes"),
            (("song", "put", "own.lul", "--name", "Own Song"), "small letters"),
            (("song", "put", "own.lul", "--name", "twinkle"), "a song that comes with Calando"),
            (("song", "rm", "nothing"), "no song.nothing on this device"),
            (("profile", "put", "own.lul"), "not UTF-8"),
            (("profile", "put", "huge.bin"), "has 20.0 MB; a profile has at most 1 MB"),
            (("profile", "put", "p.toml"), "put it there first"),
            (("profile", "validate", "."), "is a folder"),
            (("profile", "show"), "no profile has been committed"),
            (("profile", "show", "--ready", "newbron"), 'did you mean "newborn"'),
            (("profile", "rollback"), "no profile before"),
            (("profile", "commit", "--checked"), "Nothing is staged"),
            (("restore", "p.toml"), "is no backup"),
            (("restore", "none.zip"), "cannot read the backup"),
            (("restore", "huge.bin"), "larger than any backup"),
            (("backup", "no/folder.zip"), "its folder does not exist"),
            (("backup", "/proc/b.zip"), "cannot be written"),
            (("backup", "p.toml"), "p.toml is there already"),
        ],
    )
    def test_bad_files_are_a_sentence_and_change_nothing(self, calando, cable, tmp_path, words, says):
        (tmp_path / "own.lul").write_bytes(OWN)
        (tmp_path / "p.toml").write_text("population = 'newborn'\nsong = 'nowhere'\n")
        with (tmp_path / "huge.bin").open("wb") as huge:
            huge.truncate(20_000_000)
        before, files = cable.contents(), sorted(tmp_path.iterdir())
        assert says in refused(calando(*words))
        assert cable.contents() == before and sorted(tmp_path.iterdir()) == files


def test_what_a_profiles_file_does_not_say_is_told(calando, cable, tmp_path):
    """A file that was cut is a profile too: 40 dB(A) were lost that way, and "nothing" was other than ready-made."""
    whole = calando("profile", "show", "--ready", "newborn")[1]
    (tmp_path / "cut.toml").write_text(whole[: whole.index("level_dba")])
    said = done(calando("profile", "validate", "cut.toml"))
    assert "Not in the file, and as ready-made: " in said and "level_dba" in said.splitlines()[-1]
    (tmp_path / "whole.toml").write_text(whole)
    assert "Not in the file" not in done(calando("profile", "validate", "whole.toml"))


class TestBackupFile:
    def test_the_same_content_is_the_same_bytes_and_names_no_day(self, tmp_path):
        kept = backup.Backup(ABOUT, {"song.own": OWN})
        for name in ("a.zip", "b.zip"):
            backup.write(tmp_path / name, kept)
        assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
        with zipfile.ZipFile(tmp_path / "a.zip") as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert backup.read(tmp_path / "a.zip") == kept

    @pytest.mark.parametrize(
        ("manifest", "says"),
        [
            ({"format": "other"}, "is no backup"),
            ({"format": backup.FORMAT, "version": 2}, "backup of version 2, this program reads 1"),
            (
                {"format": backup.FORMAT, "version": 1, "device": ABOUT, "objects": {"song.gone": {}}},
                "is no backup",
            ),
            (
                {
                    "format": backup.FORMAT,
                    "version": 1,
                    "device": ABOUT,
                    "objects": {"x": {"bytes": 1, "sha256": "0" * 64}},
                },
                "is no backup",
            ),
            ([], "is no backup"),
        ],
    )
    def test_what_is_none_is_refused(self, tmp_path, manifest, says):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(backup.MANIFEST, json.dumps(manifest))
            archive.writestr("x", b"x")
        with pytest.raises(CalandoError, match=says):
            backup.read(tmp_path / "a.zip")

    def packed(self, path, manifest=None, **options):
        """A backup with one song, and what is other than in an honest one."""
        objects = {"song.own": {"bytes": len(OWN), "sha256": hashlib.sha256(OWN).hexdigest()}}
        said = {"format": backup.FORMAT, "version": 1, "device": ABOUT, "objects": objects} | (manifest or {})
        with zipfile.ZipFile(path, "w", **options) as archive:
            archive.writestr(backup.MANIFEST, said if isinstance(said, str) else json.dumps(said))
            archive.writestr("song.own", OWN)
        return path

    @pytest.mark.parametrize(
        "manifest",
        [
            {"version": True}, {"version": -1}, {"version": 1.5}, {"version": None}, {"format": ["calando backup"]},
            {"device": ABOUT | {"unit": "../../x"}}, {"device": ABOUT | {"unit": None}}, {"device": []},
            {"device": ABOUT | {"protocol": -1}}, {"device": ABOUT | {"firmware": "x" * 1000}}, {"objects": []},
            {"objects": {"song.own": {"bytes": 10**30, "sha256": "0" * 64}}}, {"objects": {"song.own": None}},
            {"objects": {"../own": {"bytes": 60, "sha256": "0" * 64}}},
            {"objects": {"/etc/passwd": {"bytes": 60, "sha256": "0" * 64}}},
            {"objects": {"song.own": {"bytes": float("nan"), "sha256": "0" * 64}}},
            {"objects": {"session.-1": {"bytes": 60, "sha256": "0" * 64}}},
        ],
    )  # fmt: skip
    def test_every_field_of_the_manifest_is_checked(self, tmp_path, manifest):
        with pytest.raises(CalandoError, match=r"is no backup, or a damaged one"):
            backup.read(self.packed(tmp_path / "a.zip", manifest))
        assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]

    @pytest.mark.parametrize(
        ("manifest", "says"),
        [
            ({"version": 0}, "version: it is out of its range"),
            ({"version": "1"}, "version: it is of another kind"),
            ({"format": "x"}, "format: it is none of those that there are"),
            ({"device": ABOUT | {"unit": "../"}}, "device.unit: it has signs that it cannot have"),
            ({"device": ABOUT | {"board": "x" * 99}}, "device.board: it is too long"),
            ({"device": {}}, "device.unit: it is missing"),
            ({"objects": {"song.own": {"sha256": "0" * 64}}}, "objects.song.own.bytes: it is missing"),
            ({"objects": {"/etc": {}}}, "objects./etc: it has signs that it cannot have"),
            ({"objects": []}, "objects: it is of another kind"),
        ],
    )
    def test_what_is_wrong_with_one_is_told_in_plain_words(self, tmp_path, manifest, says):
        """It was "input should be a valid integer", or a pattern for programs."""
        with pytest.raises(CalandoError) as caught:
            backup.read(self.packed(tmp_path / "a.zip", manifest))
        assert f"(manifest.json, {says}); give a file" in str(caught.value)

    def test_a_size_that_is_not_the_contents_is_noticed(self, tmp_path):
        wrong = {"song.own": {"bytes": 1, "sha256": hashlib.sha256(OWN).hexdigest()}}
        with pytest.raises(CalandoError, match=r"is damaged: song\.own"):
            backup.read(self.packed(tmp_path / "a.zip", {"objects": wrong}))

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_twice_the_same_name_is_refused(self, tmp_path):
        path = self.packed(tmp_path / "a.zip")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("song.own", b"another")
        with pytest.raises(CalandoError, match="the same name in it twice"):
            backup.read(path)
        one = json.dumps({"bytes": 60, "sha256": "0" * 64})
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(
                backup.MANIFEST,
                f'{{"format":"calando backup","version":1,"objects":{{"song.a":{one},"song.a":{one}}}}}',
            )
        with pytest.raises(CalandoError, match="is no backup"):
            backup.read(path)

    @pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_what_unpacks_to_more_than_a_device_holds_takes_no_memory(self, tmp_path, how):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", how) as archive:
            archive.writestr(backup.MANIFEST, bytes(100_000_000))
        whole = path.read_bytes()
        path.write_bytes(whole.replace((100_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
        tracemalloc.start()
        with pytest.raises(CalandoError, match="is no backup"):
            backup.read(path)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 10_000_000, "ten times the largest honest backup would be 20 MB"

    def test_a_file_without_an_end_is_refused(self):
        with pytest.raises(CalandoError, match="larger than any backup"):
            backup.read(Path("/dev/zero"))

    def test_a_deep_manifest_is_refused(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(backup.MANIFEST, "[" * 100_000 + "]" * 100_000)
        with pytest.raises(CalandoError, match="is no backup"):
            backup.read(tmp_path / "a.zip")

    def test_a_bit_that_fell_over_is_noticed(self, tmp_path):
        path = tmp_path / "a.zip"
        backup.write(path, backup.Backup(ABOUT, {"song.own": OWN}))
        whole = path.read_bytes()
        for place in range(30, len(whole), 7):
            path.write_bytes(whole[:place] + bytes((whole[place] ^ 4,)) + whole[place + 1 :])
            try:
                assert backup.read(path).objects == {"song.own": OWN}  # a date, or a flag that nobody reads
            except CalandoError:
                continue


# What is on the device before, and what a command makes of it with somebody at the button.
COMMANDS = {
    "song put": ("song", "put", "own.lul", "--commit"),
    "song rm": ("song", "rm", "old", "--commit"),
    "profile put": ("profile", "put", "night.toml", "--commit", "--checked"),
    "profile rollback": ("profile", "rollback", "--commit", "--checked"),
    "restore": ("restore", "kept.zip", "--checked"),
    "factory-reset": ("factory-reset", "4f01"),
    "backup": ("backup", "new.zip"),
    "info": ("device", "info"),
    "show": ("profile", "show"),
}


def used(files=None):
    """A device that has been in use: two profiles, a song, a session."""
    cable = Cable(Files() if files is None else files)
    for title in ("One", "Two"):
        cable.device.has_profile(**READY["newborn"] | {"title": title})
    cable.device.files.files["song.old"] = OWN
    cable.device.store.save("session", 1, RECORDS, 8)
    return cable


@pytest.mark.parametrize("name", COMMANDS)
def test_a_cable_pulled_in_the_middle_leaves_the_device_old_or_new(name, calando, monkeypatch, tmp_path):
    (tmp_path / "own.lul").write_bytes(OWN)
    (tmp_path / "night.toml").write_text(NIGHT)
    backup.write(
        tmp_path / "kept.zip",
        backup.Backup(
            ABOUT,
            {"song.own": OWN, "profile": profile_file.as_bytes(Profile.from_values({"song": "own"}))},
        ),
    )
    cable = used()
    monkeypatch.setattr(client, "connect", lambda port=None: client.Connection(cable))
    old = cable.contents()
    done(calando(*COMMANDS[name]))
    new, whole = cable.contents(), cable.passed
    monkeypatch.setattr(client, "RESTART_S", 0.05)
    asked = 0
    for passes in range(1, whole, whole // 14):
        cable = used()
        cable.passes = passes
        (tmp_path / "new.zip").unlink(missing_ok=True)  # no backup takes the place of another
        answer = calando(*COMMANDS[name])
        assert cable.contents() in (old, new), passes
        if answer[0]:
            assert "is gone" in refused(answer) or "has not come back" in refused(answer)
            asked += 1
    assert asked, "nothing was cut"
    assert not (tmp_path / "new.zip").exists() or name == "backup"


def test_without_anybody_at_the_button_a_pulled_cable_changes_nothing(calando, monkeypatch, tmp_path):
    (tmp_path / "night.toml").write_text(NIGHT)
    for passes in range(1, 6000, 599):
        cable = used()
        cable.passes, cable.somebody = passes, False
        monkeypatch.setattr(client, "connect", lambda port=None, cable=cable: client.Connection(cable))
        old = cable.contents()
        refused(calando("profile", "put", "night.toml", "--commit", "--checked"))
        assert cable.contents() == old


def test_what_had_arrived_before_the_cable_was_pulled_is_not_sent_again():
    cable = used()
    sent = []
    device = client.Connection(cable)
    data = OWN * 8
    device.call("put", name="song.own", size=len(data), sha256="0" * 64, format=1)
    assert device.call("data", at=0, data="AAAA") == {"have": 3}
    assert device.call("put", name="song.own", size=len(data), sha256="0" * 64, format=1) == {"have": 3}
    assert sent == []


def test_the_checklist_is_the_documents():
    page = (ROOT / "docs" / "intended-use.md").read_text()
    listed = page.split("## Contraindications")[1].split("\nStop,")[0]
    items = [" ".join(item.split("\n\n")[0].split()) for item in listed.split("\n- ")[1:]]
    lines = [re.sub(r" \([^)]*\)", "", item).rstrip(";.") for item in items]
    assert tuple(lines) == changes.CONTRAINDICATIONS
