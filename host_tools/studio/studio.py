"""Everything that the pages share: the device at the desk, the draft, the workshops, and where they are kept on disk."""

import datetime
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs

from firmware.prescription import programme
from firmware.prescription.profile import Profile, ProfileError
from firmware.sound import songs
from host_tools.device import backup, changes
from host_tools.device.client import Connection
from host_tools.output import write_files
from host_tools.sessions import session_file, session_read
from host_tools.studio import rules, tasks, texts
from host_tools.studio.desk import DeviceWorker
from host_tools.studio.draft import Base, Draft, ready_made
from host_tools.studio.job import Job
from host_tools.studio.workshop import Workshop
from simulator.files import programme_file
from simulator.files.errors import CalandoError, os_reason

REST_S = 10.0
BENCH = "bench"  # in place of a session's age: the one that was played in the simulator
ADULTS_PULSE = [[0, 82], [10, 76], [30, 70]]
NEWBORNS_PULSE = [[0, 152], [6, 146], [20, 140]]


def state_folder() -> Path:
    """Return where the studio keeps what must outlast it: the user's state folder, or CALANDO_STUDIO_DIR."""
    folder = os.environ.get("CALANDO_STUDIO_DIR") or platformdirs.user_state_path("calando") / "studio"
    return Path(folder)


class Studio:
    """One therapist's studio. Raises CalandoError where its folder cannot be had, or another studio has it."""

    def __init__(self, port: str | None, folder: Path | None = None):
        self.folder = folder or state_folder()
        try:
            for name in ("sounds", "songs", "programmes", "made", "uploads"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            self._lock = _lock(self.folder / "lock")
        except OSError as error:
            raise CalandoError(
                f"cannot keep drafts in {self.folder}: {os_reason(error)}; make room, or name another in CALANDO_STUDIO_DIR"
            ) from None
        for left in (*(self.folder / "uploads").iterdir(), *(self.folder / "made").iterdir()):
            throw_away(left)
        self.settings = _settings(self.folder / "settings.json")
        texts.use(self.settings.get("language", "en"), self.settings.get("region"))
        self.draft = Draft.kept(self.folder / "draft.json")
        self.desk = DeviceWorker(port)
        self.jobs: dict[str, Job] = {}  # what goes on when its page is left, and is found again there
        self.tells_of_waiting: Callable[[], bool] = lambda: (
            False
        )  # whether a part of the page that is open does
        self._sessions: dict[tuple[str, str], session_file.SessionFile] = {}
        self.sounds = Workshop()
        self.workshop = Workshop()
        self._judged: tuple[Any, ...] = ()  # table, values and language of `_problems`
        self._problems: dict[str, str] = {}
        self._over = threading.Event()

    def start(self) -> None:
        self.desk.start()
        threading.Thread(target=self._send_home, daemon=True).start()

    def _send_home(self) -> None:
        """Give memory back once nobody has wanted a sound or a picture for a while."""
        while not self._over.wait(REST_S):
            self.sounds.rest()
            self.workshop.rest()

    def close(self) -> None:
        self._over.set()
        self.desk.close()
        self.sounds.close()
        self.workshop.close()
        self._lock.close()

    def set(self, name: str, value: Any) -> None:
        """Keep one of the reader's settings: language, region, pulse; what of a note is not saved yet."""
        self.settings[name] = value
        self._keep_settings()

    def forget(self, name: str) -> None:
        """Keep one of the reader's settings no longer."""
        if self.settings.pop(name, None) is not None:
            self._keep_settings()

    def _keep_settings(self) -> None:
        content = json.dumps(self.settings, ensure_ascii=False).encode()
        write_files({self.folder / "settings.json": content})

    # --- the draft beside the device --------------------------------------------------------------------------------

    @property
    def schema(self) -> tuple[dict[str, Any], ...]:
        """Return the table of settings: as the device serves it, or this program's own while none is there."""
        return self.desk.view.schema or _OWN_SCHEMA

    def base_now(self) -> Base:
        view = self.desk.view
        return Base(view.unit, view.hello.get("schema"), view.profile)

    def meet_device(self) -> None:
        """Begin an untouched draft with what is on the device, and have any other remember what it met first."""
        view, draft = self.desk.view, self.draft
        if not view.ready or not view.schema:
            return
        if not draft.touched:
            if view.profile is not None and view.profile != draft.values:
                draft.steps, draft.at = [dict(view.profile)], 0
                draft.base = Base()
            draft.stands_on(self.base_now())
        elif draft.base.unit is None:
            draft.stands_on(self.base_now())

    def moved_on(self) -> str | None:
        """Return a sentence when the device is not as it was when the draft was begun; None where it is."""
        view, base = self.desk.view, self.draft.base
        if not view.ready or not view.schema or base.unit is None:
            return None
        if base.unit != view.unit:
            return texts._("This draft was begun for another device ({old}); this one is {new}.", old=base.unit[-4:],
                           new=view.unit[-4:])  # fmt: skip
        if base.profile != view.profile:
            return texts._("The profile on the device is another than when this draft was begun.")
        if base.schema != view.hello.get("schema"):
            return texts._(
                "The device has other settings than when this draft was begun: its firmware was renewed."
            )
        return None

    def problems(self) -> dict[str, str]:
        """Return what is wrong with the draft, by setting; asked several times at each click, and reckoned once."""
        about = (self.schema, self.draft.values, texts.spoken())
        if not (self._judged and all(one is other for one, other in zip(about[:2], self._judged[:2], strict=True))
                and about[2] == self._judged[2]):  # fmt: skip
            self._judged, self._problems = about, rules.problems(self.schema, self.draft.values)
        return self._problems

    def ready_made(self) -> dict[str, Any]:
        return ready_made(self.draft.values["population"])

    # --- work with the device -------------------------------------------------------------------------------------

    def stage_profile(self) -> Job:
        """Send the draft to the device, where it is checked and waits; the result are lines of what a commit changes."""
        values = dict(self.draft.values)

        def work(_job: Job, device: Connection) -> dict[str, Any]:
            try:
                profile = Profile.from_values(values)
            except ProfileError as error:
                raise CalandoError(str(error)) from None
            device.call("discard")
            changes.once_more(lambda: changes.put_profile(device, profile))
            return staged(device)

        return self.desk.do("stage", work)

    def stage_sound(self, name: str, data: bytes) -> Job:
        """Send a song ("song.NAME") or a recording ("voice.NAME") to the device, where it waits."""

        def work(job: Job, device: Connection) -> dict[str, Any]:
            device.call("discard")
            changes.put_sound(device, name, data, job.advance)
            return staged(device)

        return self.desk.do("stage", work)

    def stage_programme(self, name: str, data: bytes) -> Job:
        """Send a listening programme and what of its songs and voice is not there yet, where they wait; `notes` of the
        result are what is not heard as it is written, beside the device's profile.
        """

        def work(job: Job, device: Connection) -> dict[str, Any]:
            from host_tools.programmes import programmes, remarks

            self._bring_sounds(device, data)
            device.call("discard")
            listening = programmes.Listening(name, data, self.folder / "songs")
            programmes.put(device, listening, job.advance)
            return {**staged(device), "notes": remarks.beside(listening, changes.profile_on(device))}

        return self.desk.do("stage", work)

    def stage_call(self, command: str, **arguments: Any) -> Job:
        """Stage with one of the device's own commands: remove, rollback, reset."""

        def work(_job: Job, device: Connection) -> dict[str, Any]:
            device.call("discard")
            device.call(command, **arguments)
            return staged(device)

        return self.desk.do("stage", work)

    def commit(self, wanted: backup.Backup | None = None) -> Job:
        """Commit what is staged, once the button is held, and read it back; the contraindications were gone through.

        wanted: what a backup wants to be there afterwards, compared byte for byte.
        """

        def work(job: Job, device: Connection) -> None:
            changes.commit(device, job.say, lambda: True, job.cancelled)
            found = [] if wanted is None else backup.differences(device, wanted)
            if found:
                raise CalandoError(
                    f"the device differs from the backup: {'; '.join(found)}; restore it again"
                )

        return self.desk.do("commit", work)

    def discard(self) -> Job:
        return self.desk.do("discard", lambda _job, device: device.call("discard"))

    # --- sessions -------------------------------------------------------------------------------------------------

    def session(self, age: str) -> Job:
        """Read a session from the device, or the one of the bench (BENCH); one that was read since it was plugged in is at
        hand.
        """
        if age == BENCH:
            job = Job("session")
            job.run(lambda _job: session_file.load(self.folder / "made" / tasks.BENCH_FILE))
            return job
        key = (self.desk.view.unit, age)
        if key in self._sessions:
            job = Job("session")
            job.future.set_result(self._sessions[key])
            return job

        def work(job: Job, device: Connection) -> session_file.SessionFile:
            if key in self._sessions:  # another page asked for it too
                return self._sessions[key]
            now = datetime.datetime.now().astimezone()
            self._sessions[key] = session_read.read(device, age, now, job.advance)
            return self._sessions[key]

        return self.desk.do("session", work)

    def bench_session(self) -> float | None:
        """Return when the session at the bench was kept; None where there is none."""
        try:
            return (self.folder / "made" / tasks.BENCH_FILE).stat().st_mtime
        except OSError:
            return None

    # --- hearing --------------------------------------------------------------------------------------------------

    def song_file(self, kind: str, name: str, built_in: bool) -> Job | None:
        """Bring a song or voice of the device here, for it to be heard; None where there is nothing to bring."""
        if built_in or self.sound_path(kind, name).exists():
            return None

        def work(job: Job, device: Connection) -> None:
            data = device.get(f"{kind}.{name}", job.advance)
            write_files({self.sound_path(kind, name): data})

        return self.desk.do("get", work)

    # --- listening programmes ---------------------------------------------------------------------------------------

    def keep_programme(self, name: str, text: str) -> None:
        """Keep a programme's file for the draft that names it, to be heard before it is on the device."""
        write_files({self.folder / "programmes" / f"{name}.toml": text.encode()})

    def programme(self, name: str) -> Job:
        """Read a listening programme: as it is on the device, or as it was made here; its sounds are brought here too."""
        path = self.folder / "programmes" / f"{name}.toml"
        if any(item["name"] == name for item in self.desk.view.programmes):
            return self.programme_on_device(name)
        job = Job("programme")

        def work(_job: Job) -> bytes:
            if not path.is_file():
                raise CalandoError(
                    f'the programme "{name}" is neither on the device nor on this computer; put it on the device first'
                )
            return programme_file.load(path)

        job.run(work)
        return job

    def programme_on_device(self, name: str) -> Job:
        """Read a listening programme from the device, and bring its sounds here."""

        def work(_job: Job, device: Connection) -> bytes:
            from host_tools.programmes import programmes

            data = programmes.from_device(device, name).data
            self._bring_sounds(device, data)
            return data

        return self.desk.do("get", work)

    def bring_sounds(self, data: bytes) -> Job:
        """Bring those songs of a programme, and its voice, here that are on the device alone, for it to be heard."""
        if not self.desk.view.ready or not self._own_sounds(data):
            job = Job("get")
            job.future.set_result(None)
            return job
        return self.desk.do("get", lambda _job, device: self._bring_sounds(device, data))

    def _own_sounds(self, data: bytes) -> list[tuple[str, str]]:
        """(kind, name) of what a programme names that is neither built in nor an air nor here already."""
        from host_tools.songs import airs

        plan = programme.read(data)
        wanted = [
            ("song", name) for name in plan.names_of("song") if not built_in(name) and airs.find(name) is None
        ]
        wanted += [("voice", name) for name in plan.names_of("voice")]
        return [(kind, name) for kind, name in wanted if not self.sound_path(kind, name).exists()]

    def _bring_sounds(self, device: Connection, data: bytes) -> None:
        for kind, name in self._own_sounds(data):
            found = device.get_or_none(f"{kind}.{name}")
            if found is not None:  # where it is nowhere, whoever needs it says so
                write_files({self.sound_path(kind, name): found})

    def sound_path(self, kind: str, name: str) -> Path:
        return self.folder / "songs" / (name + (".lul" if kind == "song" else ".adp"))

    def pulse(self) -> list[list[float]]:
        """Return the pulse that was drawn last, as rows of minute and beats a minute; a usual one for whom nobody has
        drawn.
        """
        population = self.draft.values["population"]
        usual = NEWBORNS_PULSE if population == "newborn" else ADULTS_PULSE
        return self.settings.get(f"pulse_{population}", usual)


def throw_away(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; nothing where there is none."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def built_in(name: str) -> bool:
    return name in songs.NAMES


def staged(device: Connection) -> dict[str, Any]:
    """Return what a commit would change: `lines` to read, and whether a `profile` comes with it."""
    found = device.diff() if device.call("status")["staged"] else []
    return {
        "lines": changes.told(found),
        "profile": any(change["name"] == "profile" and change["new"] is not None for change in found),
    }


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _lock(path: Path) -> Any:
    """An open file that no other studio has locked. Raises CalandoError."""
    file = path.open("a")
    try:
        import fcntl
    except ImportError:  # no such locks there
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise CalandoError(
            "the studio is open already; use its page in the browser, or close it first (Ctrl-C in its window)"
        ) from None
    return file


_OWN_SCHEMA = rules.own_schema()
