"""What the device would play, as samples and as a file: behind `calando render`, `make listen` and many
tests.

The firmware's own engine makes every sample, under MicroPython where there is an interpreter, otherwise under
CPython with a progress bar.
"""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firmware import board
from firmware.care import guard
from firmware.prescription.profile import Profile
from firmware.sound import songs
from firmware.sound.score import GOES_ON, HEADER, LOWEST_NOTE, PATTERN, PATTERNS, Score, is_pattern
from host_tools.output import refuse_another_kind, write_files
from host_tools.sound import meter, render_script
from simulator import interpreter
from simulator.files import contents, profile_file, song_file
from simulator.files.errors import CalandoError, did_you_mean

RATE_HZ = 16000
LONGEST_S = 4 * 3600
PATTERN_S = 60  # of one, where nobody says how much
VOICES = ("melody", "melody", "melody", "chord", "chord", "chord", "heart", "heart")
EVENT_COLUMNS = ("time_s", "voice", "note", "length_s", "tempo_bpm")
PULSE_BPM = (20.0, 300.0)
LARGEST_PULSE_BYTES = 20_000_000  # a day of seconds, as in a session.csv, has 8


@dataclass(frozen=True)
class Rendered:
    """What a sound file that was written holds."""

    seconds: float
    levels: meter.Levels


def load_profile(path: Path | None) -> Profile:
    """Read a checked profile from a TOML file of settings or a ready-made one's name; None is the newborn's."""
    return profile_file.load(path or "newborn")


def load_song(name: str) -> tuple[str, bytes | None]:
    """Return name and bytes of a built-in song, or of a file of the compact form; no bytes for a pattern, which is made."""
    if name in songs.SONGS:
        return name, songs.SONGS[name].data
    if is_pattern(name):
        return name, None
    path = Path(name)
    if path.suffix or path.exists():
        return path.stem, song_file.read(path)
    found = song_file.air(name)
    if found is not None:
        return name, found
    known = [*songs.NAMES, *(PATTERN + kind for kind in PATTERNS)]
    hint = did_you_mean(name, [*known, *song_file.airs()])
    raise CalandoError(
        f"there is no song {name!r}{hint}; choose one of {', '.join(known)}, one of calando song airs, or a song file"
    )


def load_recording(path: Path) -> bytes:
    """Return the bytes of a recording, every block of which has been checked. Raises CalandoError."""
    return song_file.read_recording(path)


def load_pulse(path: Path) -> list[tuple[int, int | None]]:
    """Return rows of (ms, thousandths of a beat a minute or None) from a CSV with columns time_s, pulse_rate_bpm."""
    rows: list[tuple[int, int | None]] = []
    raw = contents.read_bytes(path, "pulse file", LARGEST_PULSE_BYTES, "cut it into parts")
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        if reader.fieldnames is None or not {"time_s", "pulse_rate_bpm"} <= set(reader.fieldnames):
            raise CalandoError(f"{path} needs a first line with the columns time_s and pulse_rate_bpm")
        for number, row in enumerate(reader, start=2):
            rows.append(_pulse_row(path, number, row, rows))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CalandoError(f"{path} is not a CSV text file: {error}") from error
    if not rows:
        raise CalandoError(f"{path} holds no pulse: it has no rows below its first line")
    return rows


def _pulse_row(path, number, row, before) -> tuple[int, int | None]:
    where = f"{path}, line {number}"
    try:
        at_s = float(row["time_s"])
        text = (row["pulse_rate_bpm"] or "").strip()
        rate = float(text) if text else None
    except (TypeError, ValueError) as error:
        raise CalandoError(f"{where}: time_s and pulse_rate_bpm must be numbers (empty: unknown)") from error
    if not 0 <= at_s <= LONGEST_S or (before and at_s * 1000 <= before[-1][0]):
        raise CalandoError(f"{where}: time_s = {row['time_s']} must grow from row to row, within four hours")
    if rate is not None and not PULSE_BPM[0] <= rate <= PULSE_BPM[1]:
        raise CalandoError(
            f"{where}: pulse_rate_bpm = {text} is outside {PULSE_BPM[0]:.0f} to {PULSE_BPM[1]:.0f}"
        )
    return round(at_s * 1000), None if rate is None else round(rate * 1000)


def plan_for(
    profile: Profile,
    song: str | None = None,
    pulse: list[tuple[int, int | None]] | None = None,
    seconds: float | None = None,
    recording: Path | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Return what render_script plays. Without a pulse: the song from its beginning, as the profile opens; a recorded voice
    in its place, or a heartbeat with it.
    """
    name, data = load_song(profile.song if song is None else song)
    adult = profile.population == "adult"
    _minute, _tempo, _level, minor, brightness, density = profile.curve[:6]  # of the first row
    if seconds is None:
        tempo = profile.opening_tempo_mbpm / 1000
        played = PATTERN_S if data is None else Score(data).ticks / 24 * 60 / tempo + 10
        seconds = profile.session_ms / 1000 + 60 if pulse is not None else max(60.0, 2 * played)
    recording_bytes = 0 if recording is None else len(load_recording(recording))
    plan = {
        "full_scale_cdba": board.FULL_SCALE_CDBA,
        "ceiling_cdba": guard.ADULT_CEILING_CDBA if adult else guard.NEWBORN_CEILING_CDBA,
        "ceiling_cdbc": guard.ADULT_CEILING_CDBC if adult else guard.NEWBORN_CEILING_CDBC,
        "seconds": seconds,
        "song": name,
        "score": None if data is None or name in songs.SONGS else data.hex(),
        "seed": 0,
        "recording": None if recording is None else str(recording.absolute()),
        "recording_bytes": recording_bytes,
        "soundscape": None if profile.soundscape == "none" else profile.soundscape,
        "melody": profile.melody,
        "profile": profile.values,
        "pulse": pulse,
        "tempo_mbpm": profile.opening_tempo_mbpm,
        "level_cdba": profile.level_cdba,
        "onset_ms": profile.onset_ms,
        "minor_permille": minor,
        "brightness_permille": brightness,
        "density_permille": density,
        "notes": False,
    }
    plan.update(changes)
    plan["seconds"] = round(float(plan["seconds"]) * 125) / 125
    return plan


def play(
    plan: dict[str, Any],
    runtime: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[np.ndarray, list[tuple]]:
    """Return samples (int16, 16 kHz) and notes (sample, voice, note, length, tempo_mbpm) of a plan.

    runtime: "micropython", "cpython", or None for the first where there is an interpreter. `progress` is called with the
    blocks that are done and of how many, on CPython, which is slower.
    """
    plan = {**plan, "seconds": int(plan["seconds"] * 1000) / 1000}
    if runtime is None:
        runtime = "micropython" if interpreter.find_micropython() else "cpython"
    if runtime == "micropython":
        script = Path(render_script.__file__)
        try:
            done = interpreter.run_script(script, stdin=json.dumps(plan).encode())
        except subprocess.CalledProcessError as error:
            told = error.stderr.decode(errors="replace").strip().splitlines()
            raise CalandoError(f"the engine stopped: {told[-1] if told else 'without a word'}") from error
        notes = [tuple(map(int, line.split())) for line in done.stderr.decode().splitlines()]
        return np.frombuffer(done.stdout, dtype="<i2"), notes
    return _play_here(plan, progress)


def _play_here(
    plan: dict[str, Any], progress: Callable[[int, int], None] | None
) -> tuple[np.ndarray, list[tuple]]:
    notes: list[tuple] = []
    player = render_script.Player(plan, (lambda *note: notes.append(note)) if plan.get("notes") else None)
    total = round(plan["seconds"] * RATE_HZ / 256)
    blocks = []
    block = player.render()
    while block is not None:
        blocks.append(bytes(block))
        if progress is not None:
            progress(len(blocks), total)
        block = player.render()
    return np.frombuffer(b"".join(blocks), dtype="<i2"), notes


def _part(voice: int, note: int) -> str:
    """Return what a note is of. A bass has the voices of the melody that it leaves to a singer, and lies below all that a
    melody may have, in minor too."""
    return "bass" if VOICES[voice] == "melody" and note < LOWEST_NOTE - 1 else VOICES[voice]


def event_rows(notes: list[tuple]) -> list[tuple]:
    """Return rows of the events file: one a note."""
    return [
        (f"{at / RATE_HZ:.6f}", _part(voice, note), note, f"{length / RATE_HZ:.6f}", f"{tempo / 1000:.3f}")
        for at, voice, note, length, tempo in notes
    ]


def check_places(out: Path, events: Path | None) -> None:
    """Raise CalandoError where the sound or its notes may not be written, or would take another file's place."""
    if out.suffix.lower() != ".wav":
        raise CalandoError(f"{out}: what is written is WAV; let its name end in .wav")
    refuse_another_kind([(out, "RIFF"), (events, ",".join(EVENT_COLUMNS))])


def render(
    out: Path,
    profile: Path | None = None,
    pulse: Path | None = None,
    song: str | None = None,
    seconds: float | None = None,
    events: Path | None = None,
    voice: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    seed: int = 0,
) -> Rendered:
    """Write what the device would play to a WAV file, and its notes to a CSV file; return how long and loud it is.

    With a pulse, a whole session as the firmware leads it for that pulse; without, the song as the profile
    opens. `progress` is called as in `play`; a pattern is made from `seed`. Raises CalandoError.
    """
    if seconds is not None and not 0.1 <= seconds <= LONGEST_S:
        raise CalandoError(f"--seconds {seconds:g} is outside 0.1 to {LONGEST_S}")
    check_places(out, events)
    trace = None if pulse is None else load_pulse(pulse)
    chosen = load_profile(profile)
    if trace is not None and chosen.listening_programme != "none":
        raise CalandoError(
            f"{profile}: the profile plays the programme {chosen.listening_programme} in place of its song; hear it with "
            f"calando programme preview {chosen.listening_programme} --profile {profile}"
        )
    if (
        song is None
        and profile is not None
        and chosen.song not in songs.SONGS
        and not is_pattern(chosen.song)
    ):
        song_file.beside(chosen.song, profile.parent)
        file = profile.with_name(chosen.song + song_file.SUFFIX)
        song = str(file) if file.is_file() else chosen.song
    if voice is None and chosen.voice != "none":
        voice = (profile or Path()).with_name(chosen.voice + song_file.RECORDING_SUFFIX)
        if not voice.is_file():
            raise CalandoError(
                f'the profile asks for the recording "{chosen.voice}", and there is no {voice}: lay it there, or give its '
                "file with --voice"
            )
    plan = plan_for(chosen, song, trace, seconds, voice, notes=events is not None, seed=seed)
    samples, notes = play(plan, progress=progress)
    meter.write_wav(out, samples, RATE_HZ)
    if events is not None:
        write_events(events, notes)
    return Rendered(len(samples) / RATE_HZ, meter.measure(samples, RATE_HZ, plan["full_scale_cdba"] / 100))


def write_events(path: Path, notes: list[tuple]) -> None:
    """Write the events file, replaced in one step. Raises CalandoError."""
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(EVENT_COLUMNS)
    writer.writerows(event_rows(notes))
    write_files({path: made.getvalue().encode()})


def melody(score: Score) -> list[int]:
    """Return the MIDI notes of a score's melody, rests left out."""
    notes = (score.data[HEADER + 2 * index] & 127 for index in range(score.notes))
    return [note for note in notes if note > GOES_ON]
