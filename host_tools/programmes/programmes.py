"""Listening programmes by name or file, what of theirs must be on the device beside them, and how one would sound."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.care.plan import Plan
from firmware.prescription import programme
from firmware.prescription.profile import Profile
from firmware.sound import songs
from host_tools.programmes.rules import FOLDER, ready
from host_tools.songs import airs
from host_tools.sound import meter, render
from simulator.files import profile_file, programme_file, song_file
from simulator.files.errors import CalandoError, choice

if TYPE_CHECKING:
    from host_tools.device.client import Connection

NAME = r"[a-z0-9_]{1,24}"
PREVIEWED = "previewed"


@dataclass(frozen=True)
class Listening:
    """One programme: its name, its compact form, and the folder in which its own songs and its voice lie."""

    name: str
    data: bytes
    folder: Path

    @property
    def plan(self) -> Plan:
        return programme.read(self.data)


def load(name: str | Path, otherwise: str = "or give a TOML file") -> Listening:
    """Return a checked programme from a TOML file, or a ready-made one by its name. `otherwise` is what else can be done
    where there is none of the name. Raises CalandoError.
    """
    path = Path(name)
    if str(name) in ready() and not path.exists():
        path = FOLDER / f"{name}.toml"
    elif not path.suffix and not path.exists():
        raise CalandoError(
            f'there is no ready-made programme "{name}"{choice(str(name), ready())}; {otherwise}'
        )
    return Listening(path.stem, programme_file.load(path), path.parent)


def in_short(listening: Listening, where: str) -> dict[str, Any]:
    """Return a programme as a row of a list: name, where, title, shape, minutes."""
    plan = listening.plan
    return {
        "name": listening.name,
        "where": where,
        "title": plan.title,
        "shape": plan.shape,
        "minutes": plan.total_ms / 60000,
    }


def from_device(device: "Connection", name: str) -> Listening:
    """Return a programme that is on a device. Raises CalandoError when there is none of that name, or it is damaged."""
    raw = device.get_or_none(f"programme.{name}")
    if raw is None:
        there = ", ".join(item["name"] for item in device.list("programme")) or "none"
        raise CalandoError(f'there is no programme "{name}" on {device.port}; there are: {there}')
    try:
        programme.read(raw)
    except programme.ProgrammeError as error:
        raise CalandoError(f"the programme {name} on {device.port} cannot be read: {error}") from None
    return Listening(name, raw, Path())


def is_ready_made(listening: Listening) -> bool | None:
    """Return whether this is the ready-made programme of its name; None where no ready-made one has that name."""
    return (
        listening.data == load(FOLDER / f"{listening.name}.toml").data if listening.name in ready() else None
    )


def _refuse_second_meaning(listening: Listening) -> None:
    if is_ready_made(listening) is False:
        raise CalandoError(
            f'"{listening.name}" is the name of a ready-made programme, and this one differs from it; give its file '
            "another name"
        )


def needed(listening: Listening) -> list[str]:
    """Return the names of what goes to the device with it: "song.amazing_grace", "voice.mother". Raises CalandoError
    where one is nowhere, or its own name cannot be one on the device, or is that of a ready-made one which it is not.
    """
    if not re.fullmatch(NAME, listening.name):
        raise CalandoError(
            f'"{listening.name}" cannot be a programme\'s name on the device: it has 1 to 24 small letters, digits and _; '
            "rename the file"
        )
    if listening.name == song_file.NOTHING:
        raise CalandoError(
            f"{listening.name} cannot be a programme's name on the device: to a profile it means that there is none; "
            "rename the file"
        )
    _refuse_second_meaning(listening)
    voice = voice_of(listening)
    return [
        *(f"song.{name}" for name in songs_of(listening)),
        *([] if voice is None else [f"voice.{voice[0]}"]),
    ]


def songs_of(listening: Listening) -> dict[str, bytes]:
    """Return the songs that must be put on the device with it, by name: airs of the adults' songbook, or NAME.lul
    beside its file.

    Raises CalandoError for one that is nowhere, and when they are too large together.
    """
    found: dict[str, bytes] = {}
    total = 0
    for name in listening.plan.names_of("song"):
        beside = listening.folder / (name + song_file.SUFFIX)
        air = airs.find(name)
        if beside.is_file():
            found[name] = song_file.read(beside)
            song_file.refuse_second_meaning(
                name, found[name], str(beside), "rename the file, and name it so in the programme"
            )
        elif name in songs.NAMES:
            total += len(songs.SONGS[name].data)
            continue
        elif air is not None:
            found[name] = song_file.read(song_file.READY / (name + song_file.SUFFIX))
        else:
            raise CalandoError(
                f'the programme {listening.name} names the song "{name}", which is neither built in nor one of '
                f"calando song airs, and there is no {beside}; import it there with calando song import"
            )
        total += len(found[name])
    if total > programme.SONG_BYTES_MAX:
        raise CalandoError(
            f"the songs of the programme {listening.name} have {total} bytes together and may have "
            f"{programme.SONG_BYTES_MAX}: they wait in the device's memory; name fewer or shorter ones"
        )
    return found


def voice_of(listening: Listening) -> tuple[str, Path] | None:
    """Return name and file of its recorded voice, NAME.adp beside its file; None without one. Raises CalandoError."""
    names = listening.plan.names_of("voice")
    if not names:
        return None
    beside = listening.folder / (names[0] + song_file.RECORDING_SUFFIX)
    if not beside.is_file():
        raise CalandoError(
            f'the programme {listening.name} names the voice "{names[0]}", and there is no {beside}; make it there with '
            "calando song record"
        )
    programme_file.refuse_heartbeat(listening.name, names[0], render.load_recording(beside))
    return names[0], beside


def put(
    device: "Connection", listening: Listening, progress: Callable[[int, int], None] | None = None
) -> list[str]:
    """Stage a programme and what of its songs and voice is not on the device yet; return what was sent, by name.

    The device checks each of them again. Raises CalandoError.
    """
    from host_tools.device import changes

    _refuse_second_meaning(listening)
    sent = []
    there = {item["name"]: item["bytes"] for item in device.list("song")}
    for name, data in songs_of(listening).items():
        if there.get(name) != len(data) or device.get(f"song.{name}") != data:
            changes.put_sound(device, f"song.{name}", data, progress)
            sent.append(f"song.{name}")
    names = listening.plan.names_of("voice")
    if names and names[0] not in [item["name"] for item in device.list("voice")]:
        _, file = voice_of(listening) or ("", Path())
        changes.put_sound(device, f"voice.{names[0]}", render.load_recording(file), progress)
        sent.append(f"voice.{names[0]}")
    changes.put_sound(device, f"programme.{listening.name}", listening.data, progress)
    return [*sent, f"programme.{listening.name}"]


def of_profile(profile: Profile, folder: Path) -> Listening | None:
    """Return the programme that a profile names, from a file in this folder or ready-made; None where it names none, or
    it is not here. Raises CalandoError.
    """
    if profile.listening_programme == "none":
        return None
    path = programme_file.beside(profile.listening_programme, folder)
    return load(path) if path.is_file() else None


def profile_for(listening: Listening, profile: Profile | None = None, where: str = "the profile") -> Profile:
    """Return the profile that a preview plays with: an adult's, open loop, as long as the programme, or the one that
    is given with the programme in it. where: its file, for a sentence. Raises CalandoError when they do not go together.
    """
    named = {
        "listening_programme": PREVIEWED
    }  # what is heard goes to no device, so its file may have any name
    if profile is None:
        minutes = -(-listening.plan.total_ms // 60000)
        usual = {"population": "adult", "mode": "open_loop", "fade_s": 30, "session_min": max(5, minutes)}
        return profile_file.check({**usual, **named}, "the preview's profile")
    if profile.population != "adult":
        raise CalandoError(
            f"{where} is a newborn's profile, and a listening programme is for adults only; give an adult's"
        )
    session_min = profile.values["session_min"]
    if too_long := programme_file.longer_than_session(listening.name, listening.data, session_min, where):
        raise CalandoError(too_long)
    return profile_file.check({**profile.values, **named}, where)


def plan_for(listening: Listening, profile: Profile | None = None, **changes: Any) -> dict[str, Any]:
    """Return what sound/render_script.py plays: a whole session by this programme, with no sensor or with `pulse`."""
    chosen = profile_for(listening, profile)
    whole_s = listening.plan.total_ms / 1000 + 10
    voice = voice_of(listening)
    plan = render.plan_for(
        chosen, "twinkle", [], changes.pop("seconds", whole_s), None if voice is None else voice[1]
    )
    plan.update(
        programme=listening.data.decode(),
        songs={name: data.hex() for name, data in songs_of(listening).items()},
    )
    plan.update(changes)
    return plan


def preview(
    listening: Listening,
    out: Path,
    events: Path | None = None,
    profile: Profile | None = None,
    progress: Callable[[int, int], None] | None = None,
    seed: int = 0,
) -> render.Rendered:
    """Write what the device would play to a WAV file, and its notes to a CSV file; return how long and loud it is.

    The whole session, first sound to last fade, with no sensor: a matched tempo plays as fixed, and patterns are
    made from `seed`. Raises CalandoError.
    """
    render.check_places(out, events)
    plan = plan_for(listening, profile, notes=events is not None, seed=seed)
    samples, notes = render.play(plan, progress=progress)
    meter.write_wav(out, samples, render.RATE_HZ)
    if events is not None:
        render.write_events(events, notes)
    return render.Rendered(
        len(samples) / render.RATE_HZ, meter.measure(samples, render.RATE_HZ, plan["full_scale_cdba"] / 100)
    )
