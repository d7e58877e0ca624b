"""Which part of a file is the melody, and its top line: one note at a time, with what else there is said in a sentence."""

import re
from dataclasses import dataclass
from fractions import Fraction

from host_tools.songs.piece import Note, Part, Timeline, note_name
from simulator.files.errors import CalandoError

_SUNG = re.compile(
    r"melod|vo(ice|cal|x|z)|sopran|gesang|stimme|sing|lead|cant(o|us)|chant|treble|tune|\bsang", re.I
)
_MOVING = 0.4  # of the busiest part's notes: less is an ornament on top, not the melody
_LEGATO = Fraction(1, 4)  # quarters: a pianist's overlap, not a second voice


@dataclass(frozen=True)
class Choice:
    """What somebody asked for: None where the importer is to choose. part, track: a name or a number from 1."""

    part: str | None = None
    voice: str | None = None
    tune: str | None = None
    track: str | None = None


def chosen_tune(asked: str, numbers: list[str], titles: list[list[str]], name: str) -> int:
    """Return the index of the tune that was asked for: by the file's own number, by a title (capitals do not count, and a
    part is enough where one tune alone has it), or by its place from 1. titles: of each tune. CalandoError.
    """
    if asked in numbers:
        return numbers.index(asked)
    wanted = " ".join(asked.casefold().split())
    known = [[" ".join(title.casefold().split()) for title in those] for those in titles]
    found = [index for index, those in enumerate(known) if wanted in those]
    if not found and asked.isdecimal() and 1 <= int(asked) <= len(numbers):
        return int(asked) - 1
    found = found or [index for index, those in enumerate(known) if any(wanted in title for title in those)]
    if wanted and len(found) == 1:
        return found[0]
    listed = [" ".join([number, *those[:1]]) for number, those in zip(numbers, titles, strict=True)]
    shown = ", ".join(listed[:8]) + (" ..." if len(listed) > 8 else "")
    raise CalandoError(
        f"{name} has {'more than one' if found else 'no'} tune {asked[:30]!r}; it has {len(numbers)}: {shown}; "
        "--tune takes a number or a title"
    )


def choose(
    parts: list[Part], whole: Timeline, choice: Choice, name: str, midi: bool
) -> tuple[int, list[str]]:
    """Return the index of the melody's part and what there is to tell. CalandoError where what was asked for is not
    there.
    """
    there = [index for index in range(len(parts)) if whole.notes.get(index)]
    if not there:
        raise CalandoError(f"{name} holds no notes")
    word = "track" if midi else "part"
    asked = choice.track if midi else choice.part
    other = choice.part if midi else choice.track
    if other is not None:
        raise CalandoError(f"{name} has {word}s; choose with --{word}")
    if midi and choice.voice is not None:
        raise CalandoError(f"{name} is MIDI, which knows no voices; choose with --track")
    labels = [parts[index].name for index in there]
    if asked is not None:
        found = [index for index in there if asked.casefold() in parts[index].name.casefold()]
        if asked.isdecimal() and 1 <= int(asked) <= len(there):
            return there[int(asked) - 1], []
        exact = [index for index in found if asked.casefold() == parts[index].name.casefold()]
        if len(exact or found) != 1:
            listed = ", ".join(f"{at} {label}" for at, label in enumerate(labels[:12], start=1))
            raise CalandoError(
                f"{name} has {'no' if not found else 'more than one'} {word} {asked[:30]!r}; "
                f"--{word} takes a number or a name of: {listed}"
            )
        return (exact or found)[0], []
    if len(there) == 1:
        return there[0], []
    named = [index for index in there if _SUNG.search(parts[index].name)]
    tops = {index: top_line(whole.notes[index]) for index in there}
    busiest = max(len(line) for line in tops.values())
    moving = [index for index in (named or there) if len(tops[index]) >= _MOVING * busiest] or there
    if named and moving == there:
        moving = named
    chosen = max(moving, key=lambda index: (_mean(tops[index]), -index))
    others = [f"{at + 1} {label}" for at, label in enumerate(labels) if there[at] != chosen]
    shown = ", ".join(others[:6]) + (" ..." if len(others) > 6 else "")
    why = "named as the melody" if chosen in named else f"the highest {word} that moves"
    return chosen, [
        f'{word} {there.index(chosen) + 1} "{parts[chosen].name}" was taken, {why}; --{word} chooses another: {shown}'
    ]


def _mean(notes: list[Note]) -> float:
    return sum(note.pitch for note in notes) / max(1, len(notes))


def melody(
    notes: list[Note], choice: Choice, name: str, word: str
) -> tuple[list[Note], list[Note], list[str]]:
    """Return (the line, every other note, what there is to tell) of a part."""
    voices = sorted(
        {note.voice for note in notes},
        key=lambda voice: (not voice.isdecimal(), int(voice) if voice.isdecimal() else 0, voice),
    )
    told = []
    if choice.voice is not None:
        if choice.voice in voices:
            wanted = choice.voice
        elif choice.voice.isdecimal() and 1 <= int(choice.voice) <= len(voices):
            wanted = voices[int(choice.voice) - 1]
        else:
            raise CalandoError(
                f"{name} has no voice {choice.voice[:20]} in this {word}; it has {', '.join(voices)}"
            )
        taken = [note for note in notes if note.voice == wanted]
    elif len(voices) > 1:
        means = {voice: _mean([note for note in notes if note.voice == voice]) for voice in voices}
        busiest = max(sum(note.voice == voice for note in notes) for voice in voices)
        moving = [
            voice for voice in voices if sum(note.voice == voice for note in notes) >= _MOVING * busiest
        ]
        wanted = max(moving, key=lambda voice: means[voice])
        taken = [note for note in notes if note.voice == wanted]
        # Where the upper voice is not written at all, whoever is there carries the tune.
        silent = _gaps(taken, notes)
        taken = sorted(taken + silent, key=lambda note: (note.start, note.pitch))
        told.append(
            f"of {len(voices)} voices on one staff the upper was taken; --voice chooses another: {', '.join(voices)}"
        )
    else:
        taken = notes
    line = top_line(taken)
    kept = {(note.start, note.pitch) for note in line}
    rest = [note for note in notes if (note.start, note.pitch) not in kept]
    if len(voices) == 1 or choice.voice is not None:
        lower = sum(1 for note in taken if (note.start, note.pitch) not in kept)
        if lower:
            first = next(note for note in taken if (note.start, note.pitch) not in kept)
            told.append(
                f"where several notes sound at once, the top ones were taken: {lower} left out, "
                f"the first {note_name(first.pitch)} at beat {float(first.start):g}"
            )
    return joined(line), rest, told


def _gaps(taken: list[Note], notes: list[Note]) -> list[Note]:
    """Notes of other voices that begin four quarters or more from any note of the one that was taken."""
    found = []
    for note in notes:
        if note.voice == taken[0].voice:
            continue
        far = all(note.start >= other.end + 4 or note.end <= other.start - 4 for other in taken)
        if far:
            found.append(note)
    return found


def top_line(notes: list[Note]) -> list[Note]:
    """Return the highest note of each moment, as one line. A note that begins under a longer, higher one is left out,
    unless the higher one only hangs over by a finger's legato; one that begins above another ends it.
    """
    line: list[Note] = []
    for note in sorted(notes, key=lambda note: (note.start, -note.pitch)):
        if line and note.start < line[-1].end:
            last = line[-1]
            if note.start == last.start:
                continue
            overlap = last.end - note.start
            if note.pitch < last.pitch and not (overlap <= _LEGATO and note.end > last.end):
                continue
            line[-1] = Note(last.start, note.start - last.start, last.pitch, last.voice, False)
        line.append(note)
    return line


def joined(line: list[Note]) -> list[Note]:
    """Return tied notes as one."""
    found: list[Note] = []
    for note in line:
        last = found[-1] if found else None
        if last is not None and last.tied and last.pitch == note.pitch and last.end == note.start:
            found[-1] = Note(last.start, last.length + note.length, note.pitch, note.voice, note.tied)
        else:
            found.append(note)
    return found
