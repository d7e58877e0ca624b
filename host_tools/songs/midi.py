"""A standard MIDI file to a piece, read by mido.

mido and not music21: music21 10.5.1 moves fast notes to a grid of its own, takes a cut file for a whole one, and
refuses files of type 2.
"""

import io
import re
from fractions import Fraction

import mido

from host_tools.songs.line import chosen_tune
from host_tools.songs.piece import LONGEST_QUARTERS, Key, Measure, Note, Part, Piece, note_name
from simulator.files.errors import CalandoError

_DRUMS = 9  # the channel that General MIDI keeps for them
_NO_KEY = re.compile(rb"\xff\x59\x02(..)", re.DOTALL)


def read(data: bytes, name: str, tune: str | None = None) -> Piece:
    """Return a piece with a part for each track and channel that has notes. CalandoError in one sentence."""
    told: list[str] = []
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        at = data.find(b"MThd")
        data = data[max(0, at) :]
    if data[:8] != b"MThd\x00\x00\x00\x06":
        raise CalandoError(f"{name} is not a standard MIDI file, or is damaged at its beginning")
    data = _without_impossible_keys(data, told)
    try:
        file = mido.MidiFile(file=io.BytesIO(data))
    except EOFError as error:
        raise CalandoError(
            f"{name} ends in the middle of a track: it was cut; copy or export it again"
        ) from error
    except Exception as error:
        raise CalandoError(f"{name} is not a standard MIDI file, or is damaged: export it again") from error
    if file.ticks_per_beat <= 0 or file.ticks_per_beat >= 0x8000:
        raise CalandoError(f"{name} counts in film frames, not in beats; export it with a tempo in beats")
    tracks = list(file.tracks)
    if file.type == 2:
        numbers = [str(number) for number in range(1, len(tracks) + 1)]
        titles = [[track.name.strip()] if track.name.strip() else [] for track in tracks]
        chosen = 0 if tune is None else chosen_tune(tune, numbers, titles, name)
        if len(tracks) > 1:
            told.append(
                f"the file holds {len(tracks)} songs one after another; number {chosen + 1}"
                f"{f' ({titles[chosen][0]})' if titles[chosen] else ''} was taken, --tune chooses another"
            )
        tracks = tracks[chosen : chosen + 1]
    elif tune not in (None, "1"):
        raise CalandoError(f"{name} holds one tune; --track chooses among its tracks")
    return _piece(tracks, file.ticks_per_beat, told, name)


def _without_impossible_keys(data: bytes, told: list[str]) -> bytes:
    """mido 1.3.3 refuses a whole file for a signature of more than seven sharps; only the signature is left out."""

    def mend(found: re.Match[bytes]) -> bytes:
        sharps, mode = found[1]
        if (sharps <= 7 or sharps >= 249) and mode <= 1:
            return found[0]
        if not told:
            told.append("a key signature that does not exist was left out")
        return b"\xff\x7f\x02\x00\x00"  # an empty event of the same length

    return _NO_KEY.sub(mend, data)


def _paired(pitch: int, blows: list[tuple[Fraction, bool]]) -> tuple[list[Note], Fraction | None]:
    """Return the notes of one key of one channel, and where one begins that nothing ends. blows: when, and whether struck.

    A key struck again while it sounds ends its note. Where every note has an end of its own, those come in the order of
    the notes, and the first one after such a stroke is that of the note before.
    """
    waiting: list[Fraction] = []
    found: list[tuple[Fraction, Fraction]] = []
    struck = [at for at, down in blows if down]
    for at, down in blows:
        if down:
            waiting.append(at)
        elif waiting:
            found.append((waiting.pop(0), at))
    if waiting:
        found, began = [], None
        for at, down in blows:
            if began is not None:
                found.append((began, at))
            began = at if down else None
    else:
        found = [
            (start, min([stop, *struck[place : place + 1]]))
            for place, (start, stop) in enumerate(found, start=1)
        ]
        began = None
    return [Note(start, stop - start, pitch) for start, stop in found if stop > start], began


def _piece(tracks, per_quarter: int, told: list[str], name: str) -> Piece:
    parts: list[Part] = []
    notes: list[list[Note]] = []
    metres: list[tuple[Fraction, tuple[int, int]]] = []
    keys: list[tuple[Fraction, Key]] = []
    tempo, title, end, drums = None, "", Fraction(0), False
    endless: list[tuple[Fraction, int]] = []
    for number, track in enumerate(tracks, start=1):
        at = 0
        blows: dict[tuple[int, int], list[tuple[Fraction, bool]]] = {}
        open_at: dict[tuple[int, int], list[Fraction]] = {}
        found: dict[int, list[Note]] = {}
        label = ""
        for message in track:
            at += message.time
            now = Fraction(at, per_quarter)
            if now > LONGEST_QUARTERS and message.type != "end_of_track":
                raise CalandoError(
                    f"{name} goes on for more than {LONGEST_QUARTERS} beats; a song has a few hundred: cut the file"
                )
            if message.type == "track_name":
                label = message.name.strip()
            elif message.type == "time_signature" and message.numerator and message.denominator <= 64:
                metres.append((now, (message.numerator, message.denominator)))
            elif message.type == "key_signature":
                keys.append((now, _key(message.key)))
            elif message.type == "set_tempo" and tempo is None and message.tempo:
                tempo = 60e6 / message.tempo
            elif message.type in ("note_on", "note_off"):
                if message.channel == _DRUMS:
                    drums = True
                    continue
                down = message.type == "note_on" and message.velocity > 0
                blows.setdefault((message.channel, message.note), []).append((now, down))
        for (channel, pitch), those in blows.items():
            ended, began = _paired(pitch, those)
            found.setdefault(channel, []).extend(ended)
            if began is not None:
                open_at[channel, pitch] = [began]
        now = Fraction(min(at, LONGEST_QUARTERS * per_quarter), per_quarter)
        endless += _end_what_goes_on(open_at, found, now)
        found = {channel: those for channel, those in found.items() if those}
        if number == 1 and not found:
            title = label
        for channel, those in sorted(found.items()):
            more = f", channel {channel + 1}" if len(found) > 1 else ""
            parts.append(Part(f"{label or f'track {number}'}{more}", staff_of=f"track {number}"))
            notes.append(sorted(those, key=lambda note: (note.start, note.pitch)))
            end = max(end, *(note.end for note in those))
    if not parts:
        raise CalandoError(f"{name} holds no notes" + (" but drums" if drums else ""))
    if drums:
        told.append("drums were left out")
    if endless:
        began, note = min(endless)
        one = len(endless) == 1
        told.append(
            f"{len(endless)} note{' is' if one else 's are'} never ended in the file{',' if one else ', the first'} "
            f"{note_name(note)} at beat {float(began):g}: {'it was' if one else 'they were'} held until the next note, "
            "or for a beat at the end"
        )
    measures = _measures(notes, metres, keys, end)
    return Piece(title, parts, measures, told, tempo, exact=False, per_quarter=per_quarter)


def _end_what_goes_on(
    open_at: dict[tuple[int, int], list[Fraction]], found: dict[int, list[Note]], now: Fraction
) -> list[tuple[Fraction, int]]:
    """End notes that have no end at the next note of their channel, else at the track's, else after a beat: held on, one
    would cover the whole melody. Return where each began (quarters), and its note.
    """
    going_on = [(channel, note, began) for (channel, note), waiting in open_at.items() for began in waiting]
    starts = {channel: [note.start for note in notes] for channel, notes in found.items()}
    for channel, _, began in going_on:
        starts.setdefault(channel, []).append(began)
    for channel, note, began in going_on:
        stop = min((at for at in starts[channel] if at > began), default=now if now > began else began + 1)
        found.setdefault(channel, []).append(Note(began, stop - began, note))
    return [(began, note) for _, note, began in going_on]


def _key(name: str) -> Key:
    minor = name.endswith("m")
    fifths = "FCGDAEB".index(name[0]) - 1 + 7 * (name.count("#") - name[1:].count("b")) - (3 if minor else 0)
    # By the standard the second byte says minor, but most programs write 0 whatever the song is.
    return Key(fifths, (7 * (fifths + (3 if minor else 0))) % 12, minor or None)


def _measures(notes, metres, keys, end: Fraction) -> list[Measure]:
    """Bars from the time signatures; notes into the bar in which they begin."""
    metres = sorted(metres) or [(Fraction(0), (4, 4))]
    if metres[0][0] > 0:
        metres.insert(0, (Fraction(0), (4, 4)))
    starts: list[Fraction] = []
    ruling: dict[Fraction, tuple[int, int]] = {}
    for index, (start, metre) in enumerate(metres):
        stop = metres[index + 1][0] if index + 1 < len(metres) else max(end, start)
        bar = Fraction(4 * metre[0], metre[1])
        at = start
        while at < stop or (at == start and index + 1 == len(metres) and not starts):
            starts.append(at)
            ruling[at] = metre
            at += bar
    measures = []
    last_key = None
    keys = sorted(keys, key=lambda entry: entry[0])
    for index, start in enumerate(starts):
        stop = starts[index + 1] if index + 1 < len(starts) else max(end, start)
        here = [key for at, key in keys if at <= start] or [key for at, key in keys if at < stop]
        key = here[-1] if here else None
        measures.append(Measure(stop - start, metre=ruling[start], key=key if key != last_key else None))
        last_key = key or last_key
    place = {index: 0 for index in range(len(notes))}
    for part, those in enumerate(notes):
        for note in those:
            while place[part] + 1 < len(starts) and starts[place[part] + 1] <= note.start:
                place[part] += 1
            at = place[part]
            measures[at].notes.setdefault(part, []).append(
                Note(note.start - starts[at], note.length, note.pitch)
            )
    return measures
