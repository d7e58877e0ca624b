"""`calando song import`: a family's song from MIDI, MusicXML, ABC, Humdrum or a recording, to the device's form.

Beside it an ABC file of exactly what will be played, and a picture of that. Nothing that is there is overwritten unasked.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path

from firmware.sound import score
from firmware.sound.score import Score
from host_tools import output
from host_tools.songs import fit as fitting
from host_tools.songs.fit import Imported, Melody, TooLong
from host_tools.songs.line import Choice
from host_tools.songs.names import song_name
from host_tools.songs.piece import Piece
from host_tools.sound import decode
from simulator.files import contents, song_file
from simulator.files.errors import CalandoError, os_reason

LARGEST_FILE = 4_000_000  # bytes
PLAYED = ".played"
NOTATION = {
    ".mid": "midi", ".midi": "midi", ".kar": "midi", ".rmi": "midi", ".musicxml": "musicxml", ".xml": "musicxml",
    ".mxl": "musicxml", ".abc": "abc", ".krn": "humdrum",
}  # fmt: skip


def import_song(path: Path, choice: Choice | None = None, anyway: bool = False) -> Imported:
    """Read a file of any known kind; `anyway` takes a recording with a monitor's tones or loud noise in it.

    CalandoError says in one sentence what cannot be used."""
    choice = choice or Choice()
    kind = path.suffix.lower()
    name = song_name(path.name.removesuffix(path.suffix).removesuffix(PLAYED))
    try:
        size = path.stat().st_size
        if kind not in NOTATION and kind not in decode.SUFFIXES:
            raise CalandoError(
                f"{path} is of no known kind; give a .mid, .musicxml, .mxl, .abc or .krn file, or a "
                f"recording as {', '.join(decode.SUFFIXES[:6])}"
            )
        if size == 0:
            raise CalandoError(f"{path} is empty")
        if kind in decode.SUFFIXES:
            return _sung(path, name, choice, anyway)
        if size > LARGEST_FILE:
            told, most = contents.sizes(size, LARGEST_FILE)
            raise CalandoError(f"{path} has {told}; a song's file has at most {most}: give the song alone")
        data = path.read_bytes()
    except OSError as error:
        raise CalandoError(f"cannot read {path}: {os_reason(error)}") from error
    piece = _read(NOTATION[kind], data, str(path), choice)
    try:
        return _fitted(piece, choice, piece.name or name, str(path), NOTATION[kind] == "midi", True)
    except TooLong as error:
        try:
            shorter = _fitted(piece, choice, piece.name or name, str(path), NOTATION[kind] == "midi", False)
        except TooLong:
            raise error from None
        shorter.told.insert(0, "with its repeats it is too long for the device: every bar is played once")
        return shorter


def from_lines(abc: str, name: str, scale: int) -> Imported:
    """Return one of the project's own tunes, a line a phrase; nothing is moved or added. abc: from M: on. scale: as in
    a score.
    """
    from host_tools.songs import notation

    text = "X:1\n" + "\n".join(line.strip() for line in abc.strip().splitlines()) + "\n"
    piece = notation.read_abc(text.encode(), name)
    piece.own, piece.scale = True, scale
    return _fitted(piece, Choice(), name, name, False, True)


def _read(kind: str, data: bytes, where: str, choice: Choice) -> Piece:
    from host_tools.songs import midi, notation

    if kind == "midi":
        return midi.read(data, where, choice.tune)
    if kind == "abc":
        return notation.read_abc(data, where, choice.tune)
    if choice.tune is not None:
        raise CalandoError(f"{where} holds one tune; --part chooses among its parts")
    return notation.read_humdrum(data, where) if kind == "humdrum" else notation.read_musicxml(data, where)


def _fitted(piece: Piece, choice: Choice, name: str, where: str, midi: bool, repeats: bool) -> Imported:
    from host_tools.songs import line
    from host_tools.songs.piece import timeline

    whole = timeline(piece, repeats)
    part, told = line.choose(piece.parts, whole, choice, where, midi)
    taken, rest, more = line.melody(whole.notes[part], choice, where, "track" if midi else "part")
    others = rest + [note for index, notes in whole.notes.items() if index != part for note in notes]
    if whole.repeated:
        told.append(
            f"repeats are played as written: {whole.repeated} bar{'s' if whole.repeated > 1 else ''} more than on the page"
        )
    if whole.upbeats_left_out:
        told.append("the upbeat is not played again after the jump back: the bar before it is whole")
    metre, key = _ruling(whole, piece, told)
    melody = Melody(
        taken,
        whole.bars,
        whole.end,
        metre,
        key,
        [(chord.start, chord.root, chord.quality, chord.text) for chord in whole.chords],
        others,
        whole.phrases,
        piece.exact,
        piece.per_quarter,
        piece.own,
        piece.struck_anew,
        piece.scale,
        [*piece.told, *told, *more],
        whole.keys,
    )
    found = fitting.fit(melody, name, where, piece.title)
    if piece.tempo_bpm and not piece.own:
        found.told.append(
            f"its tempo, {piece.tempo_bpm:.0f} quarters a minute, is not kept: the session sets the tempo"
        )
    return found


def _ruling(whole, piece: Piece, told: list[str]):
    """The metre of the first whole bars and the key of most of the song; changes are told."""
    metres = whole.metres
    metre = metres[0][1] if metres else None
    if metre and len(metres) > 1:
        ends = [start for start, _ in metres[1:]] + [whole.end]
        for (start, (top, bottom)), end in zip(metres, ends, strict=True):
            if end - start > 4 * top / bottom:
                metre = (top, bottom)
                break
        changes = ", ".join(f"{top}/{bottom}" for _, (top, bottom) in metres[:6])
        told.append(
            f"its metre changes ({changes}): lengths stay as written, the device counts {metre[0]}/{metre[1]}"
        )
    key = None
    if whole.keys:
        ends = [start for start, _ in whole.keys[1:]] + [whole.end]
        spans: dict = {}
        for (start, found), end in zip(whole.keys, ends, strict=True):
            spans[found] = spans.get(found, 0) + end - start
        own = {found: span for found, span in spans.items() if found.tonic == piece.tonic is not None}
        key = max(own or spans, key=lambda found: spans[found])
        if len(spans) > 1:
            told.append(
                "its key changes: the notes stay as written, and chords that are added follow each key"
            )
    return metre, key


def _sung(path: Path, name: str, choice: Choice, anyway: bool) -> Imported:
    """A recording, through the pitch tracker."""
    from fractions import Fraction

    from host_tools.songs import sung
    from host_tools.songs.piece import Note

    if any((choice.part, choice.voice, choice.tune, choice.track)):
        raise CalandoError(f"{path} is a recording: it has no parts, voices, tunes or tracks to choose from")
    heard = sung.read(path, anyway)
    notes, at = [], Fraction(0)
    for pitch, beats in heard.notes:
        length = Fraction(beats).limit_denominator(24)
        if pitch:
            notes.append(Note(at, length, pitch))
        at += length
    if not notes:
        raise CalandoError(f"{path} holds no notes")
    bars = [Fraction(4 * index) for index in range(int(at / 4) + 1)]
    melody = Melody(notes, bars, at, (4, 4), None, told=heard.told)
    return fitting.fit(melody, name, str(path))


def with_loudness(imported: Imported) -> Imported:
    """Return the same song with its own loudness measured, so that its first phrase is already at the level asked for."""
    from host_tools.sound import meter, render

    plan = render.plan_for(render.load_profile(None), "twinkle", seconds=1)
    beats = Score(imported.data).ticks / 24
    plan.update(
        score=imported.data.hex(), song=imported.name, soundscape=None, governed=False, level_cdba=4800,
        first_level_cdba=4800, tempo_mbpm=66000, brightness_permille=500, density_permille=600,
        seconds=max(60.0, min(120.0, 2 * beats * 60 / 66)),  # two rounds: no two have the same accompaniment
    )  # fmt: skip
    samples, _ = render.play(plan)
    found = meter.laeq_dba(samples, render.RATE_HZ, plan["full_scale_cdba"] / 100)
    data = bytearray(imported.data[:-4])
    if found is not None:
        data[score.LOUDNESS_PLACE] = max(0, min(255, score.LOUDNESS_ZERO + round((found - 48) * 10)))
    imported.data = score.sealed(data)
    return imported


@dataclass(frozen=True)
class Written:
    """A song as it was written: its compact form, the ABC of exactly that, and the picture of it."""

    song: Imported
    changes: list[str]
    file: Path
    sheet: Path
    image: Path

    def told(self) -> list[str]:
        """Return what to show to whoever confirms it: a line for each change, the notes, and how to go on."""
        notes = self.song.table()
        return [
            f"{self.file}: {len(notes)} note{'s' if len(notes) != 1 else ''}, {len(self.song.data)} bytes",
            *(f"  {line}" for line in self.changes),
            "  " + "  ".join(f"{name} {length:g}" for name, length in notes),
            f"see and correct it: {self.sheet} (picture: {self.image}); import that file again with --overwrite",
            to_hear(self.file, "song"),
        ]


def to_hear(file: Path, option: str) -> str:
    """Return the sentence with the command that plays a file of this room, to be pasted into a shell.

    option: of `calando render`, "song" or "voice".
    """
    played = file.with_name(file.stem + "_played.wav")
    return f"hear it: calando render --{option} {_pasted(file)} --out {_pasted(played)}"


def bring(
    path: Path, out: Path | None, choice: Choice, overwrite: bool = False, anyway: bool = False
) -> Written:
    """Import a file and write its compact form (to `out`, or beside it), its ABC and its picture.

    Raises CalandoError where the file is no song, or where one of the three is there already or cannot be written.
    """
    imported = import_song(path, choice, anyway)
    return write(imported, out or path.with_name(imported.name + ".lul"), overwrite, path)


def write(imported: Imported, target: Path, overwrite: bool = False, path: Path | None = None) -> Written:
    """Write a song, its ABC and its picture. path: what it was made of; None for one of our own, whose changes are
    not told. Raises CalandoError, and then nothing is written.
    """
    from host_tools.songs import abc_out, picture

    output.refuse_folders([target])
    sheet = target.with_name(target.stem + PLAYED + ".abc")
    image = target.with_name(target.stem + PLAYED + ".svg")
    files = [target, sheet, image]
    if path is not None and _same(sheet, path):
        files.remove(sheet)
    song_file.refuse_nothing(target.stem, "--out")
    if path is not None:
        imported = with_loudness(imported)
    text = abc_out.text(imported)
    contents = {target: imported.data, sheet: text.encode(), image: picture.svg(text).encode()}
    written = {file: contents[file] for file in files}
    output.refuse_to_replace(written, overwrite)
    output.write_files(written)
    return Written(imported, imported.told if path is not None else [], target, sheet, image)


def _same(one: Path, two: Path) -> bool:
    try:
        return one.exists() and one.samefile(two)
    except OSError:
        return False


def _pasted(path: Path) -> str:
    """A path as a shell takes it."""
    shown = str(path)
    return shlex.quote(f"./{shown}" if shown.startswith("-") else shown)
