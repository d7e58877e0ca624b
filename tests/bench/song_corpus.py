"""`calando song import` on public tunes, note by note against an independent reading of the same text.

The tunes are those that music21 brings along (folk songs of the Essen collection, O'Neill, Ryan, Aird and others),
drawn by a seed. The other reading is abc2midi's (Debian package abcmidi), whose MIDI file mido reads; what it plays
on purpose in another way (swung hornpipes, trills, fermatas, staccato, grace notes, chord names, accidentals in other
octaves) is switched off in the text it is given. Where the two differ, abc2midi reads the tune again with every repeat
written out (tests/bench/abc_written_out.py). `python tests/bench/song_corpus.py --tunes 2000 --seed 14`.
"""

import argparse
import collections
import random
import re
import shutil
import subprocess
import tempfile
import time
from multiprocessing import Pool
from pathlib import Path

import mido
import music21
from abc_written_out import written_out

from firmware.sound.score import Score
from host_tools.songs import abc_out
from host_tools.songs.importing import import_song
from simulator.files.errors import CalandoError

COLLECTIONS = ("essenFolksong", "oneills1850", "ryansMammoth", "airdsAirs", "miscFolk")
ORNAMENTS = re.compile(r"[uvTk~H.]+(?=[\^_=]*[A-Ga-g(\[.{])")
# An exclamation mark alone ended a line of print in ABC 1.6; two with a name between are a decoration.
OLD_LINE_BREAK = re.compile(r"(![A-Za-z.+<>()^~/0-9]{1,14}!)(?![A-Ga-g]{2})|!")
OF_EVERY_SONG = re.compile(r"key:|metre:|simple chords|it was moved|its tempo|the file|\d+ phrases?:")
# Quarters: two onsets are one when they are nearer than this; abc2midi rolls its chords by a 48th.
SAME = 0.05
ROLLED = 0.08
GOOD = ("the same", "the same, written out", "taken")


def tunes() -> list[tuple[str, str]]:
    """(collection and file, text) of every tune with a key."""
    root = Path(music21.__path__[0]) / "corpus"
    found = []
    for collection in COLLECTIONS:
        for file in sorted((root / collection).glob("*.abc")):
            data = file.read_bytes()
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = data.decode("latin-1")
            pieces = re.split(r"(?m)^(?=X:)", text.replace("\r\n", "\n").replace("\r", "\n"))[1:]
            found += [
                (f"{collection}/{file.name}", piece) for piece in pieces if re.search(r"(?m)^K:", piece)
            ]
    return found


def plain(text: str) -> str:
    """The tune without what abc2midi plays in its own way."""
    text = re.sub(r"(?m)^R:.*\n", "", text)
    text = re.sub(r'"_?(D\.[CS]\.)"', r"!\1!", text)
    text = re.sub(r"(?m)^K:", "%%propagate-accidentals octave\nK:", text, count=1)
    lines = []
    for line in text.split("\n"):
        if not re.match(r"[A-Za-z]:|%", line):
            line = OLD_LINE_BREAK.sub(lambda found: found[1] or "", line)
            pieces = re.split(r'("[^"]*"|![^!\n]*!)', line)
            line = "".join(piece if piece[:1] in '"!' else ORNAMENTS.sub("", piece) for piece in pieces)
        lines.append(line)
    return "\n".join(lines)


def other_reading(text: str, folder: Path) -> list[tuple[float, int, float]]:
    """(onset, MIDI note, length) in quarters, of several at once the highest."""
    source, target = folder / "other.abc", folder / "other.mid"
    target.unlink(missing_ok=True)
    source.write_text(plain(text), "utf-8")
    command = ["abc2midi", str(source), "-NFNP", "-NFER", "-NGRA", "-NGUI", "-o", str(target)]
    subprocess.run(command, capture_output=True, check=False)
    if not target.exists():
        return []
    file = mido.MidiFile(str(target))
    notes = []
    for track in file.tracks:
        at, open_at = 0, {}
        for message in track:
            at += message.time
            if message.type == "note_on" and message.velocity:
                open_at[message.note] = at
            elif message.type in ("note_on", "note_off") and message.note in open_at:
                start = open_at.pop(message.note)
                notes.append((start / file.ticks_per_beat, message.note, (at - start) / file.ticks_per_beat))
    line: list[tuple[float, int, float]] = []
    for note in sorted(notes):
        if line and note[0] - line[-1][0] < ROLLED and line[-1][0] + line[-1][2] > note[0]:
            line[-1] = max(line[-1], note, key=lambda row: row[1])
        else:
            line.append(note)
    return line


def difference(ours, other) -> str:
    """Where two readings part, or nothing. A whole tune may be moved; lengths count but for the last note's."""
    if not other or len(ours) != len(other):
        return f"{len(ours)} notes, not {len(other)}"
    move = other[0][1] - ours[0][1]
    for place, (one, two) in enumerate(zip(ours, other, strict=True)):
        if one[1] + move != two[1]:
            return f"pitch of note {place + 1}"
        if abs(one[0] - ours[0][0] - two[0] + other[0][0]) > SAME:
            return f"onset of note {place + 1}"
        # A note that sounds on under the next one, as a chord's may, is counted until then.
        if place + 1 < len(ours) and abs(one[2] - min(two[2], other[place + 1][0] - two[0])) > SAME:
            return f"length of note {place + 1}"
    return ""


def judge(tune: tuple[str, str]) -> tuple[str, str, str, float]:
    """(file, verdict, detail, seconds)."""
    where, text = tune
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "tune.abc"
        path.write_text(text, "utf-8")
        other = other_reading(text, folder)
        began = time.perf_counter()
        try:
            imported = import_song(path)
        except CalandoError as error:
            return where, "refused", str(error).replace(str(path), ""), time.perf_counter() - began
        seconds = time.perf_counter() - began
        quarter = 16 if Score(imported.data).compound else 24
        ours, at = [], 0
        for note, ticks, _ in imported.notes():
            if note:
                ours.append((at / quarter, note, ticks / quarter))
            at += ticks
        again = folder / "again.abc"
        again.write_text(abc_out.text(imported), "utf-8")
        back = import_song(again).data == imported.data
        if not other:
            return where, "taken" if back else "not given back", "abc2midi made nothing of it", seconds
        found = difference(ours, other)
        if not back:
            return where, "not given back", found, seconds
        if not found:
            return where, "the same", "", seconds
        flat = written_out(text)
        again = difference(ours, other_reading(flat, folder)) if flat else "no way through found"
        if not again:
            return where, "the same, written out", found, seconds
        told = [line for line in imported.told if not OF_EVERY_SONG.match(line)]
        return where, "differs, told" if told else "differs", f"{found}; {again}: {told}", seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--tunes", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=14)
    asked = parser.parse_args()
    if shutil.which("abc2midi") is None:
        raise SystemExit("abc2midi is not here: it is the other reader (Debian package abcmidi)")
    there = tunes()
    drawn = random.Random(asked.seed).sample(there, min(asked.tunes, len(there)))
    rows: list[tuple[str, str, str, float]] = []
    counts: collections.Counter[str] = collections.Counter()
    with Pool(2) as pool:
        for row in pool.imap_unordered(judge, drawn, chunksize=5):
            rows.append(row)
            where, verdict, detail, _ = row
            counts[verdict] += 1
            if verdict not in GOOD:
                print(f"{verdict}: {where}: {detail[:160]}", flush=True)
            # A long run that is stopped has said how far it came.
            if len(rows) % 100 == 0:
                print(f"{len(rows)} tunes: {dict(counts)}", flush=True)
    taken = len(rows) - counts["refused"]
    print(
        f"{len(rows)} of {len(there)} tunes, seed {asked.seed}: {taken} taken ({100 * taken / len(rows):.1f} %)"
    )
    for verdict, count in counts.most_common():
        print(f"  {verdict:<22}{count:>6}  {100 * count / taken:6.2f} % of those taken")
    seconds = sorted(row[3] for row in rows)
    print(
        f"  an import: median {seconds[len(seconds) // 2]:.3f} s, longest {seconds[-1]:.2f} s, without the process's start"
    )


if __name__ == "__main__":
    main()
