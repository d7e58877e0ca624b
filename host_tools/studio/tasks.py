"""What the workshop does in its own process: sounds, pictures, sessions. Plain functions of plain values."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from firmware.prescription.profile import Profile
from host_tools.studio.workshop import Teller
from simulator.files.errors import CalandoError

# What may be done to one note: another pitch (semitones), another length (steps of the row), a rest in its place.
ORDERS = {
    "higher": ("pitch", 1), "lower": ("pitch", -1), "octave up": ("pitch", 12), "octave down": ("pitch", -12),
    "longer": ("length", 1), "shorter": ("length", -1), "rest": ("rest", 0),
}  # fmt: skip
RETURN_TO = 67  # G4: what a rest becomes that is to be a note again
FILES = ("report.html", "audio.wav")  # of a session at the bench
BENCH_FILE = "bench.calando"  # what its device kept of it, as one that is read from a device
BENCH_UNIT = "0" * 16
KEPT_RENDERINGS = 6  # a whole session is 40 MB


def warm(_told: Teller) -> None:
    """Load what sounds need, while somebody still looks at the page."""
    from host_tools.sound import meter, render  # noqa: F401


def hear(
    told: Teller,
    folder: str,
    values: dict[str, Any],
    pulse: list[tuple[int, int | None]],
    start_s: int,
    seconds: int,
    song: str | None,
    voice: str | None,
    programme: bytes | None = None,
) -> dict[str, Any]:
    """Write a part of what `calando render` gives for a profile and a pulse into a WAV file of the folder.

    song, voice: files of what is not built in. programme: the compact form of the profile's listening programme, whose own
    songs lie beside the `folder` in "songs". What came before the part is played too, for the part depends on it; it is
    kept, so that another part is there at once. Returns `file`, `length_s`, `laeq_dba`, `las_max_dba`; None is silence.
    """
    profile = Profile.from_values(values)
    if programme is not None:
        from host_tools.programmes import programmes

        listening = programmes.Listening(
            values["listening_programme"], programme, Path(folder).parent / "songs"
        )
        plan = programmes.plan_for(listening, profile, pulse=pulse, seconds=start_s + seconds)
    else:
        from host_tools.sound import render

        recording = None if voice is None else Path(voice)
        plan = render.plan_for(profile, song, pulse, start_s + seconds, recording)
    return _part(plan, Path(folder), start_s, seconds)


def hear_programme(
    _told: Teller, folder: str, data: bytes, name: str, songs: str, start_s: int, seconds: int
) -> dict[str, Any]:
    """Write a part of what `calando programme preview` gives into a WAV file of the folder; result as `hear`.

    data: the programme's compact form. songs: the folder of those of its songs and voices that are not Calando's own.
    """
    from host_tools.programmes import programmes

    listening = programmes.Listening(name, data, Path(songs))
    plan = programmes.plan_for(listening, seconds=start_s + seconds)
    return _part(plan, Path(folder), start_s, seconds)


def _part(plan: dict[str, Any], folder: Path, start_s: int, seconds: int) -> dict[str, Any]:
    """The seconds of a plan that are wanted, as a file in the folder, and how loud they are."""
    from host_tools.sound import meter, render

    samples = _rendered(plan, folder)
    part = samples[start_s * render.RATE_HZ : (start_s + seconds) * render.RATE_HZ]
    if not len(part):
        over_s = len(samples) / render.RATE_HZ
        raise CalandoError(f"the session is over after {over_s / 60:.0f} min; choose an earlier minute")
    levels = meter.measure(part, render.RATE_HZ, plan["full_scale_cdba"] / 100)
    name = f"{_digest(plan)}-{start_s}-{seconds}.wav"
    meter.write_wav(folder / name, part, render.RATE_HZ)
    return {
        "file": name,
        "length_s": len(part) / render.RATE_HZ,
        "laeq_dba": levels.laeq_dba,
        "las_max_dba": levels.las_max_dba,
    }


def _digest(plan: dict[str, Any]) -> str:
    same = {name: value for name, value in plan.items() if name != "seconds"}
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:24]


def _rendered(plan: dict[str, Any], folder: Path) -> Any:
    """The samples from the beginning, as far as the plan goes and further where they are kept already."""
    import numpy as np

    from host_tools.output import write_files
    from host_tools.sound import render

    path = folder / f"{_digest(plan)}.pcm"
    wanted = int(plan["seconds"] * render.RATE_HZ)
    over = path.with_suffix(".over")  # the session ended there
    if path.exists() and (over.exists() or path.stat().st_size >= 2 * wanted):
        path.touch()
        return np.fromfile(path, dtype="<i2")
    samples, _ = render.play(plan)
    write_files({path: samples.astype("<i2").tobytes()})
    if len(samples) + render.RATE_HZ < wanted:
        over.touch()
    for old in sorted(folder.glob("*.pcm"), key=lambda file: file.stat().st_mtime)[:-KEPT_RENDERINGS]:
        for file in (old, old.with_suffix(".over"), *folder.glob(f"{old.stem}-*.wav")):
            file.unlink(missing_ok=True)
    return samples


def session_page(_told: Teller, folder: str, session: str, language: tuple[str, str]) -> str:
    """Write the page about a session for the chart; session: its file's JSON; language: texts.spoken() of the reader.

    Returns the page's name in the folder.
    """
    from host_tools.sessions import chart, note, session_read
    from host_tools.sessions.session_file import SessionFile
    from host_tools.sessions.told import tell

    read = SessionFile.model_validate_json(session)
    name = session_read.stem(read) + ".html"
    simulated = read.unit == BENCH_UNIT
    with _speaking(language):
        page = chart.html(read, tell(read.raw), None if simulated else note.newest(read), simulated)
    (Path(folder) / name).write_text(page, encoding="utf-8")
    return name


def _speaking(language: tuple[str, str]) -> Any:
    """Have what is told of a session told in the reader's language: a context."""
    from host_tools.sessions.language import spoken
    from host_tools.studio import texts

    texts.use(*language)
    return spoken(texts.for_sessions())


def session_files(_told: Teller, session: str, form: str) -> dict[str, bytes]:
    """Return the files of a session for other programs, by name; form: one of host_tools/forms/export.py."""
    from host_tools.forms import export
    from host_tools.sessions import note
    from host_tools.sessions.session_file import SessionFile

    read = SessionFile.model_validate_json(session)
    written = note.newest(read)
    files = export.files(read, (form,), Path(), written.note if written else None, None, False)
    return {place.name: content for place, content in files.items()}


@cache
def patients() -> list[tuple[str, str, str]]:
    """Return (name, title, population) of the scenarios whose patient a draft may be tried with."""
    from simulator import scenario

    found = []
    for path in sorted(scenario.FOLDER.glob("*.toml")):
        if not path.stem.startswith("hazard_"):
            read = scenario.load(path.stem)
            found.append((path.stem, read.title, read.patient.population))
    return found


def bench(
    told: Teller, folder: str, values: dict[str, Any], patient: str, songs: str, language: tuple[str, str]
) -> dict[str, Any]:
    """Play a whole session in the simulator for a profile and the patient of a scenario; each second's row is told.

    songs: the folder of songs that are not built in. language: as of session_page. Returns `sentence`, and the names of
    `report` and `sound`; what its device kept of the session is in the folder as BENCH_FILE.
    """
    import tempfile

    from host_tools.play import results
    from host_tools.sessions import words
    from host_tools.studio import texts
    from simulator import play, scenario
    from simulator.flash import Flash
    from simulator.interpreter import find_micropython

    texts.use(*language)
    chosen = scenario.load(patient)
    changes: dict[str, Any] = {
        "profile": values,
        "expect": scenario.Expect(),
        "title": texts._(
            "this draft: {patient}", patient=texts._(chosen.title[:1].upper() + chosen.title[1:])
        ),
    }
    if chosen.patient.recording is None:
        changes["path"] = Path(songs) / "draft.toml"
    chosen = chosen.model_copy(update=changes)
    runtime = "micropython" if find_micropython() else "cpython"

    def progress(row: dict[str, Any]) -> None:
        told.row(row)
        told.progress(int(row["time_s"]), int(chosen.duration_s))

    (Path(folder) / BENCH_FILE).unlink(missing_ok=True)
    flash = Flash()
    flash.commit_profile(chosen.profile_values(), chosen.own_files())
    result = play.run(chosen, runtime, None, progress, flash)
    _keep_session(flash, values, Path(folder))
    with _speaking(language), tempfile.TemporaryDirectory(dir=folder) as made:
        summary = results.write(result, Path(made))
        for name in FILES:  # by their own names, for the report plays the sound beside it
            (Path(made) / name).replace(Path(folder) / name)
        sentence = words.ending(summary.get("end"), summary.get("reason"))
    return {"sentence": sentence, "report": FILES[0], "sound": FILES[1]}


def _keep_session(flash: Any, values: dict[str, Any], folder: Path) -> None:
    """Keep the session of a simulated device as one that was read from it; none where it has not ended."""
    import datetime

    from firmware.memory.names import SESSION, SESSIONS_KEPT
    from firmware.usb.link import PROTOCOL
    from firmware.version import VERSION
    from host_tools.output import write_files
    from host_tools.sessions import session_file

    raw = flash.load(SESSION, SESSIONS_KEPT)
    if raw is None:
        return
    profile = {name: values.get(name) for name in session_file.PlayedProfile.model_fields}
    session = session_file.make(
        raw, unit=BENCH_UNIT, firmware=VERSION, protocol=PROTOCOL, age=0, this_boot=True, cut=False, profile=profile,
        read_at=datetime.datetime.now().astimezone().replace(second=0, microsecond=0),
    )  # fmt: skip
    write_files({folder / BENCH_FILE: session.model_dump_json().encode()})


def beside(file: Path) -> Path:
    """Return the folder in which a file that was sent here has the name it came with, while it is read."""
    return file.with_name(file.name + ".read")


def bring_song(_told: Teller, file: str, name: str, choice: dict[str, str], anyway: bool) -> dict[str, Any]:
    """Read a song from a file that was called `name`: what the page keeps and shows of it (see `_shown`).

    choice: part, voice, tune or track, where somebody chose one. anyway: take a recording with loud noise in it.
    """
    import shutil

    from host_tools.songs import importing
    from host_tools.songs.line import Choice

    folder = beside(Path(file))
    folder.mkdir()
    place = folder / name
    try:
        Path(file).replace(place)
        imported = importing.import_song(place, Choice(**choice), anyway)
    except CalandoError as error:
        raise CalandoError(str(error).replace(str(place), name)) from None
    finally:
        shutil.rmtree(folder)
    imported.told = [line.replace(str(place), name) for line in imported.told]
    return _shown(importing.with_loudness(imported))


def read_abc(told: Teller, text: str, name: str) -> dict[str, Any]:
    """Read a song from ABC that somebody wrote or corrected here; as `bring_song`."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "text"
        file.write_text(text, encoding="utf-8")
        return bring_song(told, str(file), f"{name}.abc", {}, False)


def show_song(_told: Teller, song: dict[str, Any]) -> dict[str, Any]:
    """Draw a song that was kept, a dict of `Imported` with its data in hexadecimal. As `bring_song`."""
    return _shown(_imported(song))


def retouch(_told: Teller, song: dict[str, Any], index: int, order: str) -> dict[str, Any]:
    """Change one note of a song by an order of ORDERS; `song` and result as `show_song`."""
    from host_tools.songs import retouch

    imported = _imported(song)
    note, ticks, _ = imported.notes()[index]
    what, by = ORDERS[order]
    if what == "pitch":
        changed = retouch.retouched(imported, index, note=(note or RETURN_TO) + (by if note else 0))
    elif what == "length":
        changed = retouch.retouched(imported, index, ticks=retouch.beside(imported, ticks, by))
    else:
        changed = retouch.retouched(imported, index, note=0)
    return _shown(changed)


def _imported(song: dict[str, Any]) -> Any:
    from host_tools.songs.fit import Imported

    return Imported(**{**song, "data": bytes.fromhex(song["data"])})


def draw(_told: Teller, text: str) -> str:
    """Return ABC as a picture of its notes, SVG."""
    from host_tools.songs import picture

    return picture.svg(text)


def _shown(imported: Any) -> dict[str, Any]:
    """A song as the page keeps it (`song`), and its ABC, its picture, how often each note is drawn, its notes."""
    import dataclasses

    from host_tools.songs import abc_out, picture

    text = abc_out.text(imported)
    return {
        "song": {**dataclasses.asdict(imported), "data": imported.data.hex()}, "abc": text, "svg": picture.svg(text),
        "pieces": abc_out.pieces(imported), "notes": imported.table(),
    }  # fmt: skip


def sung_sheet(
    _told: Teller, folder: str, song: dict[str, Any] | None, source: str, words: str, language: str
) -> str:
    """Write the page for who sings with the device into the folder, and return its name there.

    song: as `show_song` takes it; without one, source is the name of a song or a song's file. words: see `song sheet`.
    """
    from host_tools.songs import parents_page
    from host_tools.studio import texts

    texts.use(language)
    found = parents_page.song_of(source) if song is None else _imported(song)
    page = parents_page.page(found, parents_page.stanzas(words), texts._, language)
    file = f"sung-{found.name}.html"
    (Path(folder) / file).write_text(page, encoding="utf-8")
    return file


def bring_recording(_told: Teller, file: str, name: str, kind: str, anyway: bool) -> dict[str, Any]:
    """Make a voice or a heartbeat ready for the device: `data`, `told`, `seconds`, `name`."""
    from host_tools.songs import names, record

    try:
        found = record.record(Path(file), kind, anyway)
    except CalandoError as error:
        raise CalandoError(str(error).replace(file, name)) from None
    finally:
        Path(file).unlink(missing_ok=True)
    return {
        "data": found.data,
        "told": found.told,
        "seconds": found.seconds,
        "name": names.song_name(Path(name).stem),
    }


def play_song(_told: Teller, folder: str, data: bytes, name: str, seconds: int) -> str:
    """Write the song as the ready-made profile for newborns plays it into a WAV file; returns its name in the folder."""
    from host_tools.sound import meter, render

    plan = render.plan_for(Profile.ready("newborn"), seconds=seconds)
    plan.update(song=name, score=data.hex())
    samples, _ = render.play(plan)
    file = f"song-{hashlib.sha256(data).hexdigest()[:16]}.wav"
    meter.write_wav(Path(folder) / file, samples, render.RATE_HZ)
    return file
