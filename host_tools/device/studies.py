"""Blinded studies on this computer: their seals, kept where nobody looks, and whether they were unsealed.

A study has two arms, "a" and "b". One of them is the sham: the device does all that it does in a session, and nothing is
heard; or, where the profile's music answers to the breath, it answers to a stranger's. Which one it is follows from the
seal (firmware/prescription/profile.py), 32 random characters that a profile of the study takes along to the device and that
no command shows. Until the study is unsealed nothing here says which.
"""

import datetime
import os
import secrets
from pathlib import Path
from typing import Literal, NamedTuple

import platformdirs
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from firmware.prescription.profile import SEAL, SEAL_CHARACTERS, Profile, sham_arm, study_mark
from host_tools.output import write_files
from simulator.files import contents
from simulator.files.errors import CalandoError, os_reason

LARGEST_BYTES = 4096
ARMS = ("a", "b")


class Study(BaseModel):
    """One study, as it lies on this computer and in the file that brings it to another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["calando study"] = "calando study"
    version: Literal[1] = 1
    title: str = Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")
    seal: str = Field(pattern=rf"^[0-9a-f]{{{SEAL_CHARACTERS}}}$")
    made: AwareDatetime
    unsealed: AwareDatetime | None = None

    @property
    def mark(self) -> str:
        """Return the six hex digits that each of its sessions carries; they tell nothing of the arms."""
        return f"{study_mark(self.seal):06x}"

    def opened(self) -> dict[str, str]:
        """Return what each arm was, "music" or "sham". Raises CalandoError while the study is sealed."""
        if self.unsealed is None:
            raise CalandoError(
                f'the study "{self.title}" is sealed; when its last session is over: calando study unseal {self.mark}'
            )
        sham = sham_arm(self.seal)
        return {arm: "sham" if arm == sham else "music" for arm in ARMS}


def folder() -> Path:
    """Return where this computer keeps its studies: in the user's data folder, or in CALANDO_STUDIES_DIR."""
    chosen = os.environ.get("CALANDO_STUDIES_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_data_path("calando")) / "studies"


def known() -> list[Study]:
    """Return the studies on this computer, the oldest first. Raises CalandoError for one that is damaged."""
    try:
        places = sorted(folder().glob("*.json"))
    except OSError as error:
        raise CalandoError(f"the studies in {folder()} cannot be read ({os_reason(error)})") from None
    return sorted(map(read, places), key=lambda study: (study.made, study.mark))


def read(place: Path) -> Study:
    """Read the file of a study. Raises CalandoError where it is none."""
    text = contents.read_bytes(place, "study", LARGEST_BYTES, "take the file that calando study new wrote")
    try:
        return Study.model_validate_json(text.decode("utf-8"))
    except (ValidationError, ValueError):
        # What pydantic says of it would show the seal.
        raise CalandoError(f"{place} is no whole study; take the file that calando study new wrote") from None


def begin(title: str, now: datetime.datetime, out: Path | None = None) -> Study:
    """Make a study with a new seal and keep it, and write it to `out` too: both or neither.

    Raises CalandoError for a title that is taken or cannot be one, and where something is at `out` already: it may be the
    only file of another study.
    """
    if out is not None and (out.exists() or out.is_symlink()):
        raise CalandoError(f"{out} is there already, perhaps another study; give --out another name")
    if any(study.title == title for study in known()):
        raise CalandoError(f'there is a study "{title}" on this computer already; choose another title')
    try:
        study = Study(
            title=title, seal=secrets.token_hex(SEAL_CHARACTERS // 2), made=now.replace(microsecond=0)
        )
    except ValidationError:
        raise CalandoError(
            "the title of a study has 1 to 40 printable characters; choose such a one"
        ) from None
    return _keep(study, out)


def join(study: Study) -> Study:
    """Keep a study that was begun on another computer; one that is here already stays as it is."""
    for here in known():
        if here.seal == study.seal:
            return here
        if here.title == study.title:
            raise CalandoError(
                f'another study "{study.title}" is on this computer; its file must have another title'
            )
    return _keep(study)


def find(name: str) -> Study:
    """Return the study with this title or mark. Raises CalandoError where there is none."""
    there = known()
    for study in there:
        if name in (study.title, study.mark):
            return study
    titles = ", ".join(f'"{study.title}"' for study in there)
    raise CalandoError(
        f'there is no study "{name}" on this computer; '
        + (
            f"choose {titles}"
            if titles
            else "begin one with calando study new TITLE, or bring it with calando study join FILE"
        )
    )


def unseal(study: Study, now: datetime.datetime) -> Study:
    """Open a study for good: from now on reports on this computer say which arm was which."""
    if study.unsealed is not None:
        return study
    return _keep(study.model_copy(update={"unsealed": now.replace(microsecond=0)}))


def sealed(profile: Profile, name: str | None = None) -> Profile:
    """Return a profile with the seal of its study, as the device wants it where an arm is set.

    name: the study's title or mark; may be left out where only one is going on. Raises CalandoError where it is not clear
    which study it is, or none is.
    """
    if profile.arm == "none":
        if name is not None:
            raise CalandoError('a profile of a study says which arm; write arm = "a" or arm = "b" into it')
        return profile
    going_on = [study for study in known() if study.unsealed is None]
    if name is not None:
        study = find(name)
        if study.unsealed is not None:
            raise CalandoError(
                f'the study "{study.title}" was unsealed on {study.unsealed:%Y-%m-%d}; begin another for new sessions'
            )
    elif len(going_on) == 1:
        study = going_on[0]
    elif going_on:
        titles = ", ".join(f'"{study.title}"' for study in going_on)
        raise CalandoError(
            f'arm = "{profile.arm}" is of one of the studies {titles}; say which with --study TITLE'
        )
    else:
        raise CalandoError(
            f'arm = "{profile.arm}" is of a blinded study, and none is going on on this computer; begin one with '
            "calando study new TITLE, or bring it with calando study join FILE"
        )
    return Profile.from_values(profile.values | {SEAL: study.seal})


class ArmTold(NamedTuple):
    """Of which study and arm a session was, and what this computer may say of it."""

    mark: str
    letter: str
    was: str | None  # "music" or "sham"; None while the study is sealed here, or is not on this computer
    words: str  # for a report


def told(written: int) -> ArmTold:
    """Return what a session's event "arm" means. It stays blind until the study is unsealed on this computer."""
    letter, mark = ARMS[written & 1], f"{written >> 1:06x}"
    study = next((study for study in known() if study.mark == mark), None)
    if study is None:
        return ArmTold(
            mark, letter, None, f"arm {letter} of the blinded study {mark}, which is not on this computer"
        )
    if study.unsealed is None:
        return ArmTold(mark, letter, None, f'arm {letter} of the blinded study "{study.title}", sealed')
    was = study.opened()[letter]
    return ArmTold(mark, letter, was, f'arm {letter} of the study "{study.title}": {was}')


def _keep(study: Study, out: Path | None = None) -> Study:
    place = folder() / f"{study.mark}.json"
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CalandoError(f"the study cannot be kept in {place.parent} ({os_reason(error)})") from None
    # A study that was kept without its file could not be brought to another computer: no command gives it again.
    write_files({one: as_file(study) for one in (place, out) if one is not None})
    return study


def as_file(study: Study) -> bytes:
    """Return a study as it is written to a file."""
    return (study.model_dump_json(indent=1) + "\n").encode()
