"""`calando song import` of MIDI and MusicXML, note by note against readings that share nothing with it.

MIDI: abc2midi's files of the public tunes that music21 brings along, read by mido alone. MusicXML (and .mxl): every score
of music21's corpus whose way through is straight (no repeats or jumps), its part read from the XML by a few lines here.
Scores with repeats are imported too, for whether they are taken at all, and so is the unofficial MusicXML test suite of
LilyPond, which music21 brings along. `python tests/bench/song_forms.py --tunes 300`.
"""

import argparse
import collections
import random
import subprocess
import tempfile
import time
import zipfile
from fractions import Fraction
from multiprocessing import Pool
from pathlib import Path
from xml.etree import ElementTree

import music21
import song_corpus

from firmware.sound.score import Score
from host_tools.songs.importing import import_song
from host_tools.songs.line import Choice
from simulator.files.errors import CalandoError

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
Line = list[tuple[float, int, float]]


def ours(path: Path, choice: Choice | None = None) -> tuple[Line, list[str]]:
    """(onset, MIDI note, length) in quarters of the imported song, and what was told."""
    song = import_song(path, choice)
    quarter = 16 if Score(song.data).compound else 24
    found, at = [], 0
    for note, ticks, _ in song.notes():
        if note:
            found.append((at / quarter, note, ticks / quarter))
        at += ticks
    return found, song.told


def judged(found: Line, other: Line, told: list[str]) -> tuple[str, str]:
    """A word for how two readings compare, and where they part."""
    parted = song_corpus.difference(found, other)
    if not parted:
        return "the same", ""
    more = [line for line in told if not song_corpus.OF_EVERY_SONG.match(line)]
    return ("differs, told" if more else "differs"), f"{parted}: {more}"


def midi(tune: tuple[str, str]) -> tuple[str, str, str, float]:
    """(file, verdict, detail, seconds) of abc2midi's MIDI of a tune."""
    where, text = tune
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        other = song_corpus.other_reading(text, folder)
        if not other:
            return where, "abc2midi made nothing of it", "", 0.0
        began = time.perf_counter()
        try:
            found, told = ours(folder / "other.mid")
        except CalandoError as error:
            return where, "refused", str(error).replace(name, ""), time.perf_counter() - began
        verdict, detail = judged(found, other, told)
        return where, verdict, detail, time.perf_counter() - began


def tree_of(path: Path) -> ElementTree.Element:
    """The score of an .xml, .musicxml or .mxl file."""
    if path.suffix != ".mxl":
        return ElementTree.parse(path).getroot()
    with zipfile.ZipFile(path) as archive:
        names = [
            n for n in archive.namelist() if n.endswith((".xml", ".musicxml")) and not n.startswith("META")
        ]
        return ElementTree.fromstring(archive.read(names[0]))


def straight(root: ElementTree.Element) -> bool:
    """Whether nothing in a score says that it is played in another order than it stands in."""
    if any(True for tag in ("repeat", "ending", "segno", "coda") for _ in root.iter(tag)):
        return False
    words = " ".join("".join(words.itertext()).lower() for words in root.iter("words"))
    jumps = any(set(sound.attrib) & {"dacapo", "dalsegno", "fine", "tocoda"} for sound in root.iter("sound"))
    return not jumps and not any(word in words for word in ("d.c", "d.s", "da capo", "dal segno", "fine"))


def part_line(part: ElementTree.Element) -> Line | None:
    """The top line of a part that has one voice; None for a part that has more, or transposes."""
    notes: list[list] = []
    at, divisions, tied = Fraction(0), Fraction(1), False
    for measure in part.findall("measure"):
        position, extent = Fraction(0), Fraction(0)
        begun = Fraction(0)
        for child in measure:
            if child.tag == "attributes":
                divisions = Fraction(child.findtext("divisions") or divisions)
                if child.find("transpose") is not None or child.findtext("staves", "1") != "1":
                    return None
            if child.tag in ("backup", "forward"):
                return None
            if child.tag != "note" or child.find("grace") is not None:
                continue
            if (
                child.findtext("voice", "1") != part.findtext(".//voice", "1")
                or child.find("cue") is not None
            ):
                return None
            length = Fraction(child.findtext("duration") or 0) / divisions
            if child.find("chord") is None:
                begun, position = position, position + length
                extent = max(extent, position)
            pitch = child.find("pitch")
            if pitch is None:
                continue
            note = 12 * (int(pitch.findtext("octave", "4")) + 1) + STEPS[pitch.findtext("step", "C")]
            note += round(float(pitch.findtext("alter", "0")))
            # Old scores begin ties that no other note ends.
            follows = notes and notes[-1][1] == note and notes[-1][0] + notes[-1][2] == at + begun
            if follows and tied:
                notes[-1][2] += length
            elif child.find("chord") is not None:
                if notes and notes[-1][0] == at + begun and note > notes[-1][1]:
                    notes[-1][1:] = [note, length]
            else:
                notes.append([at + begun, note, length])
            tied = any(tie.get("type") == "start" for tie in child.findall("tie"))
        at += extent
    return [(float(start), note, float(length)) for start, note, length in notes] if notes else None


def musicxml(path: Path) -> list[tuple[str, str, str, float]]:
    """A row for the first three parts of a score, or for the whole where its way is not straight."""
    where = f"{path.parent.name}/{path.name}"
    root = tree_of(path)
    rows = []
    parts = root.findall("part")
    for number, part in enumerate(parts[:3] if straight(root) else parts[:1], start=1):
        other = part_line(part) if straight(root) else None
        began = time.perf_counter()
        try:
            found, told = ours(path, Choice(part=str(number)) if other else None)
        except CalandoError as error:
            rows.append((where, "refused", str(error).replace(str(path), ""), time.perf_counter() - began))
            continue
        verdict, detail = judged(found, other, told) if other else ("taken, not compared", "")
        rows.append((where, verdict, detail, time.perf_counter() - began))
    return rows


def suite(path: Path) -> tuple[str, str, str, float]:
    """A row for a file of the MusicXML test suite: taken, or refused in a sentence."""
    began = time.perf_counter()
    try:
        return path.name, "taken", str(ours(path)[1]), time.perf_counter() - began
    except CalandoError as error:
        return path.name, "refused", str(error).replace(str(path), ""), time.perf_counter() - began


def report(form: str, rows: list[tuple[str, str, str, float]]) -> None:
    counts = collections.Counter(verdict for _, verdict, _, _ in rows)
    print(
        f"{form}: {len(rows)} imports, "
        + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    )
    for where, verdict, detail, _ in rows:
        if verdict in ("differs", "differs, told", "refused"):
            print(f"  {verdict}: {where}: {detail[:200]}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--tunes", type=int, default=300)
    parser.add_argument("--scores", type=int, default=150)
    parser.add_argument("--seed", type=int, default=14)
    asked = parser.parse_args()
    draw = random.Random(asked.seed)
    tunes = draw.sample(song_corpus.tunes(), asked.tunes)
    root = Path(music21.__path__[0])
    scores = sorted(
        path for form in ("*.mxl", "*.xml", "*.musicxml") for path in (root / "corpus").rglob(form)
        if path.stat().st_size < 400_000
    )  # fmt: skip
    chosen = draw.sample(scores, min(asked.scores, len(scores)))
    with Pool(2) as pool:
        report("MIDI", list(pool.imap_unordered(midi, tunes, chunksize=5)))
        rows = [row for found in pool.imap_unordered(musicxml, chosen, chunksize=2) for row in found]
        report(f"MusicXML, {len(chosen)} of {len(scores)} scores", rows)
        files = sorted((root / "musicxml" / "lilypondTestSuite").glob("*.xml"))
        report("MusicXML test suite", list(pool.imap_unordered(suite, files, chunksize=4)))


if __name__ == "__main__":
    if subprocess.run(["which", "abc2midi"], capture_output=True, check=False).returncode:
        raise SystemExit("abc2midi is not here: it is the other reader (Debian package abcmidi)")
    main()
