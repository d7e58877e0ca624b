"""A family's own song, from a MIDI file, MusicXML, ABC, or a recording of somebody singing or humming, to a
score.

One voice is taken as it is; what had to be changed to fit the device is told in plain sentences, and the
notes are shown for somebody to confirm. Nothing is guessed about copyright.
"""

import re
import zipfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from firmware.sound import score
from firmware.sound.score import Score, ScoreError
from host_tools.songs import abc
from host_tools.songs.songbook import note_name
from host_tools.sound import decode, meter
from simulator.files.errors import CalandoError, os_reason

LARGEST_FILE = 4_000_000
LOW, HIGH = 60, 76  # C4 to E5: where the songs of the device lie
LONGEST_NOTES = 400
GRID = 6  # ticks: a sixteenth in duple metre, and MIDI's or a singer's unevenness goes
MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)  # Krumhansl 1990
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@dataclass
class Melody:
    """One voice: (MIDI note or 0 for a rest, length in beats), and what is known about its metre and key."""

    notes: list[tuple[int, float]]
    beats_per_bar: int = 4
    compound: bool = False
    upbeat: float = 0.0
    tonic: int | None = None
    minor: bool | None = None
    grid: int | None = None  # ticks on which its notes begin; None for a sixteenth
    told: list[str] = field(default_factory=list)


@dataclass
class Imported:
    """A score ready for the device, and what somebody should know before it is used."""

    name: str
    data: bytes
    told: list[str]

    def table(self) -> list[tuple[str, float]]:
        """Note names ("-" for a rest) and lengths in beats, for confirming."""
        read = Score(self.data)
        rows = []
        for index in range(read.notes):
            note = self.data[score.HEADER + 2 * index] & 127
            rows.append((note_name(note) if note else "-", self.data[score.HEADER + 2 * index + 1] / 24))
        return rows


def import_song(path: Path, anyway: bool = False) -> Imported:
    """Read a file of any known kind; `anyway` takes a recording with trouble in it.

    CalandoError says in one sentence what cannot be used.
    """
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")[:24] or "song"
    try:
        size = path.stat().st_size
    except OSError as error:
        raise CalandoError(f"cannot read {path}: {os_reason(error)}") from error
    kind = path.suffix.lower()
    readers = {
        ".mid": read_midi, ".midi": read_midi, ".musicxml": read_musicxml, ".xml": read_musicxml,
        ".mxl": read_musicxml, ".abc": read_abc,
    }  # fmt: skip
    sung = kind in decode.SUFFIXES
    if kind not in readers and not sung:
        raise CalandoError(
            f"{path} is of no known kind; give a .mid, .musicxml, .mxl, .abc file, or a recording: "
            f"{', '.join(decode.SUFFIXES)}"
        )
    if size == 0:
        raise CalandoError(f"{path} is empty")
    if size > LARGEST_FILE and not sung:
        raise CalandoError(f"{path} has {size} bytes; a single melody has less than {LARGEST_FILE}")
    found = read_sung(path, anyway) if sung else readers[kind](path)
    if isinstance(found, bytes):
        return Imported(name, found, ["the tune is taken as it is written"])
    return fit(found, name, path)


# Fitting a melody into what the device plays


def fit(melody: Melody, name: str, path: Path) -> Imported:
    """Range, grid, phrases, key and simple chords; every change is told."""
    told = list(melody.told)
    notes = [(note, length) for note, length in melody.notes if length > 0]
    while notes and notes[0][0] == 0:
        notes.pop(0)
    while notes and notes[-1][0] == 0:
        notes.pop()
    if not notes:
        raise CalandoError(f"{path} holds no notes")
    if len(notes) > LONGEST_NOTES:
        raise CalandoError(f"{path} has {len(notes)} notes; a song has at most {LONGEST_NOTES}: shorten it")
    sounding = [note for note, _ in notes if note]
    lowest, highest = min(sounding), max(sounding)
    if highest - lowest > score.HIGHEST_NOTE - score.LOWEST_NOTE:
        raise CalandoError(
            f"{path} spans {highest - lowest} semitones, more than the two octaves that sound gentle here"
        )
    tonic, minor = melody.tonic, melody.minor
    if tonic is None or minor is None:
        tonic, minor = key_of(notes)
        told.append(f"its key was taken to be {note_name(60 + tonic)[:-1]} {'minor' if minor else 'major'}")
    shift = _shift(sounding)
    if shift:
        notes = [(note + shift if note else 0, length) for note, length in notes]
        tonic = (tonic + shift) % 12
        told.append(
            f"it was moved {'up' if shift > 0 else 'down'} by {abs(shift)} semitones: "
            f"{note_name(lowest + shift)} to {note_name(highest + shift)}"
        )
    grid = melody.grid or (4 if melody.compound else GRID)
    ticks = _on_grid(notes, grid)
    if any(abs(length * 24 - tick) > 1 for (_, length), tick in zip(notes, ticks, strict=True)):
        told.append(f"note lengths were rounded to the nearest {'half beat' if grid > GRID else 'sixteenth'}")
    bar = melody.beats_per_bar * 24
    phrased = _phrases(
        [(note, tick) for (note, _), tick in zip(notes, ticks, strict=True)], bar, round(melody.upbeat * 24)
    )
    chords = _harmonise(phrased, bar, round(melody.upbeat * 24), tonic, minor)
    told.append("simple chords were added under the melody")
    try:
        data = score.encode(
            phrased,
            chords,
            melody.beats_per_bar,
            melody.compound,
            tonic,
            score.MINOR if minor else score.MAJOR,
        )
    except ScoreError as error:
        raise CalandoError(f"{path} cannot be made into a song: {error}") from error
    return Imported(name, data, told)


def _shift(sounding: list[int]) -> int:
    """The smallest move, whole octaves first, that brings a melody into the device's range."""
    lowest, highest = min(sounding), max(sounding)
    fits = [shift for shift in range(-48, 49) if lowest + shift >= LOW and highest + shift <= HIGH]
    if not fits:
        wide = range(-48, 49)
        fits = [s for s in wide if lowest + s >= score.LOWEST_NOTE and highest + s <= score.HIGHEST_NOTE]
    return min(fits, key=lambda shift: (shift % 12 != 0, abs(shift)))


def _on_grid(notes: list[tuple[int, float]], grid: int) -> list[int]:
    """Lengths in ticks with every onset on the grid, so that rounding never adds up."""
    ends = np.cumsum([length * 24 for _, length in notes])
    onsets = [0, *(round(float(end) / grid) * grid for end in ends)]
    for at in range(1, len(onsets)):
        onsets[at] = max(onsets[at], onsets[at - 1] + grid)
    return [after - before for before, after in pairwise(onsets)]


def _phrases(notes: list[tuple[int, int]], bar: int, upbeat: int) -> list[tuple[int, int, bool]]:
    """Phrase ends: at rests of a beat and more, else after four bars or as soon after as a note ends
    there.
    """
    found: list[tuple[int, int, bool]] = []
    at, since, start = -upbeat if upbeat else 0, 0, True
    for index, (note, ticks) in enumerate(notes):
        if start and note == 0:
            continue
        while ticks > 240:
            found.append((note, 240, False))
            at, since, ticks = at + 240, since + 240, ticks - 240
        at += ticks
        since += ticks
        last = index == len(notes) - 1
        rest_next = not last and notes[index + 1][0] == 0 and notes[index + 1][1] >= 24
        long_enough = since >= 2 * bar
        end = last or (rest_next and long_enough) or (since >= 4 * bar - 48 and at % bar in (0, bar - upbeat))
        end = end or since >= 6 * bar
        found.append((note, ticks, end))
        if end:
            since = 0
        start = end
    note, ticks, _ = found[-1]
    found[-1] = (note, ticks, True)
    return found


def key_of(notes: list[tuple[int, float]]) -> tuple[int, bool]:
    """Tonic and whether it is minor, by Krumhansl's key profiles; the last note counts for more."""
    weights = np.zeros(12)
    for note, length in notes:
        if note:
            weights[note % 12] += length
    last = next(note for note, _ in reversed(notes) if note)
    weights[last % 12] += weights.sum() * 0.15
    best = max(
        (float(np.corrcoef(np.roll(profile, tonic), weights)[0, 1]), tonic, minor)
        for tonic in range(12)
        for profile, minor in ((MAJOR_PROFILE, False), (MINOR_PROFILE, True))
    )
    return best[1], best[2]


def _harmonise(phrased, bar: int, upbeat: int, tonic: int, minor: bool) -> list[tuple[int, int, int]]:
    """One of three chords a bar: the one that most of the bar's notes belong to; home at a phrase's end."""
    chords = []
    at = -upbeat if upbeat else 0
    phrase: list[tuple[int, int]] = []
    for note, ticks, end in phrased:
        phrase.append((note, ticks))
        if not end:
            continue
        total = sum(length for _, length in phrase)
        segments, done = [], 0
        while done < total:
            length = min(bar - at % bar, total - done)
            segments.append((done, done + length))
            done, at = done + length, at + length
        for index, (start, stop) in enumerate(segments):
            weight = _weights(phrase, start, stop)
            degrees = [(0, 1 if minor else 0), (5, 1 if minor else 0), (7, 0)]
            scores = [
                sum(weight[(tonic + degree + step) % 12] for step in (0, 3 if quality else 4, 7))
                for degree, quality in degrees
            ]
            scores[0] += 0.01 + (0.5 * (stop - start) if index == len(segments) - 1 else 0)  # pyright: ignore
            degree, quality = degrees[int(np.argmax(scores))]
            length = stop - start
            while length > 0:
                chords.append(((tonic + degree) % 12, quality, min(length, 240)))
                length -= 240
        phrase = []
    return chords if len(chords) <= 255 else []


def _weights(phrase, start: int, stop: int) -> np.ndarray:
    weight: np.ndarray = np.zeros(12)
    at = 0
    for note, ticks in phrase:
        overlap = min(stop, at + ticks) - max(start, at)
        if note and overlap > 0:
            weight[note % 12] += overlap
        at += ticks
    return weight


# MIDI, MusicXML, ABC


def read_midi(path: Path) -> Melody:
    """The one melody of a standard MIDI file; two notes at once are refused."""
    import mido

    try:
        file = mido.MidiFile(str(path))
    except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
        raise CalandoError(f"{path} is not a standard MIDI file, or is damaged: {error}") from error
    per_beat = file.ticks_per_beat
    if not per_beat or per_beat < 0:
        raise CalandoError(f"{path} counts in film frames, not in beats; export it with a tempo in beats")
    melody = Melody([])
    tracks = []
    for track in file.tracks:
        at, events = 0, []
        for message in track:
            at += message.time
            if message.type == "time_signature":
                melody.compound = message.denominator == 8 and message.numerator % 3 == 0
                beats = (
                    message.numerator // 3
                    if melody.compound
                    else message.numerator * 4 // message.denominator
                )
                melody.beats_per_bar = min(6, max(1, beats))
            elif message.type in ("note_on", "note_off") and message.channel != 9:
                on = message.type == "note_on" and message.velocity > 0
                events.append((at, 1 if on else 0, message.note))
        if any(kind for _, kind, _ in events):
            tracks.append(events)
    if not tracks:
        raise CalandoError(f"{path} holds no notes")
    if len(tracks) > 1:
        tracks.sort(key=lambda events: -np.mean([note for _, kind, note in events if kind]))
        melody.told.append(f"of {len(tracks)} tracks with notes the highest was taken")
    beat = per_beat * (1.5 if melody.compound else 1.0)
    played = _midi_notes(tracks[0])
    notes: list[tuple[int, float]] = []
    for index, (start, end, note) in enumerate(played):
        following = played[index + 1][0] if index + 1 < len(played) else end
        if end - following > beat / 8:
            raise CalandoError(
                f"{path} has several notes at once at beat {following / beat:.1f}; give a file with the melody alone"
            )
        held = following if following - end < beat / 8 else end  # small gaps are articulation, not rests
        notes.append((note, (held - start) / beat))
        if following > held:
            notes.append((0, (following - held) / beat))
    melody.notes = notes
    bar = melody.beats_per_bar
    first = played[0][0] / beat
    if first % bar > 0.01:
        melody.upbeat = bar - first % bar
    return melody


def _midi_notes(events: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """(start, end, note) in order of their start; a note that never ends, ends with the track."""
    found, open_at = [], {}
    last = max(at for at, _, _ in events)
    for at, kind, note in sorted(events, key=lambda event: (event[0], event[1])):
        if note in open_at:
            found.append((open_at.pop(note), at, note))
        if kind:
            open_at[note] = at
    found += [(start, last, note) for note, start in open_at.items()]
    return sorted(note for note in found if note[1] > note[0])


def read_musicxml(path: Path) -> Melody:
    """The first part of a MusicXML file; a second voice or chord is refused."""
    try:
        if path.suffix.lower() == ".mxl":
            with zipfile.ZipFile(path) as archive:
                names = [
                    n for n in archive.namelist() if n.endswith((".xml", ".musicxml")) and "META" not in n
                ]
                if not names or archive.getinfo(names[0]).file_size > 4 * LARGEST_FILE:
                    raise CalandoError(f"{path} holds no score of a usable size")
                text = archive.read(names[0])
        else:
            text = path.read_bytes()
        if b"<!ENTITY" in text:
            raise CalandoError(f"{path} defines XML entities, which no score needs; export it again")
        root = ElementTree.fromstring(text)
    except OSError as error:
        raise CalandoError(f"cannot read {path}: {os_reason(error)}") from error
    except (ElementTree.ParseError, zipfile.BadZipFile) as error:
        raise CalandoError(f"{path} is not MusicXML, or is damaged: {error}") from error
    parts = root.findall("part")
    if root.tag != "score-partwise" or not parts:
        raise CalandoError(f"{path} is not a partwise MusicXML score; export it as MusicXML")
    melody = Melody([])
    if len(parts) > 1:
        melody.told.append(f"of {len(parts)} parts the first was taken")
    divisions, steps = 1, {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    for number, measure in enumerate(parts[0].findall("measure"), start=1):
        length = 0.0
        for element in measure:
            if element.tag == "attributes":
                divisions = int(element.findtext("divisions") or divisions)
                if element.find("time") is not None:
                    top, bottom = (
                        int(element.findtext("time/beats") or 4),
                        int(element.findtext("time/beat-type") or 4),
                    )
                    melody.compound = bottom == 8 and top % 3 == 0
                    melody.beats_per_bar = min(6, max(1, top // 3 if melody.compound else top * 4 // bottom))
                if element.find("key") is not None:
                    fifths = int(element.findtext("key/fifths") or 0)
                    melody.minor = (element.findtext("key/mode") or "major") == "minor"
                    melody.tonic = (fifths * 7 + (9 if melody.minor else 0)) % 12
            elif element.tag in ("backup", "forward"):
                raise CalandoError(f"{path} has a second voice in bar {number}; give one voice alone")
            elif element.tag == "note" and element.find("grace") is None:
                if element.find("chord") is not None or (element.findtext("voice") or "1") != "1":
                    raise CalandoError(
                        f"{path} has several notes at once in bar {number}; give one voice alone"
                    )
                beats = int(element.findtext("duration") or 0) / divisions / (1.5 if melody.compound else 1)
                length += beats
                pitch = element.find("pitch")
                note = 0
                if pitch is not None:
                    octave = int(pitch.findtext("octave") or 4)
                    alter = int(float(pitch.findtext("alter") or 0))
                    note = 12 * (octave + 1) + steps[pitch.findtext("step") or "C"] + alter
                stop = any(tie.get("type") == "stop" for tie in element.findall("tie"))
                if stop and melody.notes and melody.notes[-1][0] == note:
                    melody.notes[-1] = (note, melody.notes[-1][1] + beats)
                else:
                    melody.notes.append((note, beats))
        if number == 1 and 0 < length < melody.beats_per_bar - 0.01:
            melody.upbeat = length
    return melody


def read_abc(path: Path) -> bytes:
    """A tune in ABC notation, with its own chords and phrases."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise CalandoError(f"cannot read {path}: {os_reason(error)}") from error
    except UnicodeDecodeError as error:
        raise CalandoError(f"{path} is not text") from error
    notes, chords, beats, compound, tonic = abc.read(text)
    minor = bool(re.search(r"^K:[A-G][b#]? ?m(in)?\s*$", text, re.MULTILINE))
    try:
        return score.encode(notes, chords, beats, compound, tonic, score.MINOR if minor else score.MAJOR)
    except ScoreError as error:
        raise CalandoError(f"{path} cannot be made into a song: {error}") from error


# Somebody singing or humming


def read_sung(path: Path, anyway: bool = False) -> Melody:
    """The melody of a voice in a sound file."""
    from host_tools.songs import sung  # its libraries take a second to load

    heard = sung.read(path, anyway)
    # Nobody sings like a clock: half beats are as fine as can be told.
    return Melody(heard.notes, grid=12, told=heard.told)


# The command


def with_loudness(imported: Imported) -> Imported:
    """The same song with its own loudness measured, so that its first phrase is already at the level asked
    for.
    """
    from host_tools.sound import render

    plan = render.plan_for(render.load_profile(None), "twinkle", seconds=1)
    beats = Score(imported.data).ticks / 24
    plan.update(
        score=imported.data.hex(), song=imported.name, soundscape=None, governed=False, level_cdba=4800,
        first_level_cdba=4800, tempo_mbpm=66000, brightness_permille=500, density_permille=600,
        seconds=max(60.0, min(120.0, 2 * beats * 60 / 66)),  # two rounds: no two have the same accompaniment
    )  # fmt: skip
    samples, _ = render.play(plan)
    found = meter.measure(samples, render.RATE_HZ, plan["full_scale_cdba"] / 100).laeq_dba
    data = bytearray(imported.data[:-4])
    if found is not None:
        data[6] = max(0, min(255, 128 + round((found - 48) * 10)))
    return Imported(imported.name, score.sealed(data), imported.told)


def command(path: Path, out: Path | None = None, anyway: bool = False) -> None:
    """`calando song import`: write the compact form of a song and show its notes to be confirmed."""
    imported = with_loudness(import_song(path, anyway))
    target = out or path.with_name(imported.name + ".lul")
    beside = target.with_name(target.name + ".part")
    try:
        beside.write_bytes(imported.data)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise CalandoError(f"cannot write {target}: {os_reason(error)}") from error
    notes = imported.table()
    print(f"{target}: {len(notes)} notes, {len(imported.data)} bytes")
    for line in imported.told:
        print(f"  {line}")
    print("  " + "  ".join(f"{name} {length:g}" for name, length in notes))
    print(f"hear it: calando render --song {target} --out {target.with_name(target.stem + '_played.wav')}")
