"""The built-in songs as people read them, and the generator of firmware/songs.py and docs/songs.md.

Melodies only, each out of copyright everywhere; the chords and arrangements are ours. `python -m
host_tools.songbook` writes the two files; a test holds them to what is written here.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from firmware import score
from host_tools import abc

ROOT = Path(__file__).resolve().parent.parent
SCALES = {"major": score.MAJOR, "minor": score.MINOR, "in": score.IN, "plain": score.PLAIN}


@dataclass(frozen=True)
class Song:
    """One melody: where it comes from, why it is free, and the tune in ABC with a line a phrase."""

    name: str
    title: str
    origin: str
    culture: str
    free: str
    scale: str
    abc: str
    loudness_cdb: int = (
        0  # how much louder than the reference it comes out; host_tools/loudness.py measures it
    )

    def encode(self) -> bytes:
        notes, chords, beats, compound, tonic = abc.read(self.abc)
        return score.encode(notes, chords, beats, compound, tonic, SCALES[self.scale], self.loudness_cdb)


SONGS = (
    Song(
        "twinkle",
        "Ah! vous dirai-je, maman (Twinkle, twinkle)",
        "France, printed 1761",
        "French",
        "18th century, author unknown",
        "major",
        """
        M:2/4
        L:1/4
        K:C
        "C"CC|GG|"F"AA|"C"G2|"F"FF|"C"EE|"G"DD|"C"C2
        "C"GG|"F"FF|"C"EE|"G"D2|"C"GG|"F"FF|"C"EE|"G"D2
        "C"CC|GG|"F"AA|"C"G2|"F"FF|"C"EE|"G"DD|"C"C2
        """,
    ),
    Song(
        "brahms",
        "Wiegenlied, op. 49 no. 4 (Guten Abend, gut' Nacht)",
        "Germany, Johannes Brahms, 1868",
        "German",
        "Brahms died in 1897",
        "major",
        """
        M:3/4
        L:1/8
        K:C
        EE|"C"G3 EEz|G4 EG|c2 B3 A|"C"A2 G2
        DE|"G"F2 D2 DE|F4 DF|BA G2 B2|"C"c4
        CC|"F"c4 AF|"C"G4 EC|"F"F2 "G"G2 A2|"C"G4
        CC|"F"c4 AF|"C"G4 EC|"G"F2 E2 D2|"C"C4
        """,
    ),
    Song(
        "suo_gan",
        "Suo Gân",
        "Wales, in print by about 1800",
        "Welsh",
        "traditional, author unknown",
        "major",
        """
        M:4/4
        L:1/8
        K:D
        "D"D3E F A3|"A"E3D "D"F "A"E3|"D"D3E F A3|"A"E2F2 "D"D4
        "D"D3E F A3|"A"E3D "D"F "A"E3|"D"D3E F A3|"A"E2F2 "D"D4
        "D"F3G A F3|"G"B3G "D"A F3|F3G A2F2|d3B "D"A4
        "D"D3E F A3|"A"E3D "D"F "A"E3|"D"D3E F A3|"A"E2F2 "D"D4
        """,
    ),
)

DOCS_HEAD = """# The built-in songs

Made from `host_tools/songbook.py`; change the songs there and run `python -m host_tools.songbook`.
"""


def firmware_source() -> str:
    """The text of firmware/songs.py."""
    lines = [
        '"""The built-in songs as scores. Made from host_tools/songbook.py: python -m host_tools.songbook."""',
        "",
        "from firmware.score import Score",
        "",
        "# fmt: off",
        "DATA = {",
    ]
    for song in SONGS:
        data = song.encode()
        lines.append(f'    "{song.name}": (  # {song.title}')
        lines += [
            f'        b"{"".join(f"{chr(92)}x{byte:02x}" for byte in data[at : at + 24])}"'
            for at in range(0, len(data), 24)
        ]
        lines.append("    ),")
    lines += [
        "}",
        "# fmt: on",
        "NAMES = tuple(DATA)",
        "",
        "",
        "class _Songs:",
        '    """Scores by name; one is read when it is asked for and then kept."""',
        "",
        "    def __init__(self):",
        "        self._kept = {}",
        "",
        "    def __getitem__(self, name):",
        "        if name not in self._kept:",
        "            self._kept[name] = Score(DATA[name], name)",
        "        return self._kept[name]",
        "",
        "    def __contains__(self, name):",
        "        return name in DATA",
        "",
        "    def __iter__(self):",
        "        return iter(NAMES)",
        "",
        "    def __len__(self):",
        "        return len(NAMES)",
        "",
        "",
        "SONGS = _Songs()",
        'SOUNDSCAPES = ("ocean", "womb", "rain")',
        "",
    ]
    return "\n".join(lines)


def note_name(note: int) -> str:
    """C4 for 60."""
    return ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")[note % 12] + str(note // 12 - 1)


def docs_source() -> str:
    """The text of docs/songs.md."""
    rows = [
        "| name | title | origin | why it is free | metre | range | mode | seconds at 60 | bytes |",
        "|---|" + "---|" * 8,
    ]
    for song in SONGS:
        data = song.encode()
        read = score.Score(data)
        pitches = [data[score.HEADER + 2 * i] & 127 for i in range(read.notes)]
        pitches = [pitch for pitch in pitches if pitch]
        metre = next(line.strip()[2:] for line in song.abc.splitlines() if line.strip().startswith("M:"))
        rows.append(
            f"| `{song.name}` | {song.title} | {song.origin} | {song.free} | {metre}"
            f"{' (compound)' if read.compound else ''}"
            f" | {note_name(min(pitches))} to {note_name(max(pitches))}"
            f" | {song.scale} | {read.ticks / 24:.0f} | {len(data)} |"
        )
    cultures = sorted({song.culture for song in SONGS})
    return (
        f"{DOCS_HEAD}\n{len(SONGS)} melodies from {len(cultures)} cultures: {', '.join(cultures)}.\n\n"
        + "\n".join(rows)
        + "\n"
    )


def write() -> None:
    (ROOT / "firmware" / "songs.py").write_text(firmware_source(), encoding="utf-8")
    (ROOT / "docs" / "songs.md").write_text(docs_source(), encoding="utf-8")


def digest() -> str:
    """Names the songs' exact content, for golden tests."""
    return hashlib.sha256(b"".join(song.encode() for song in SONGS)).hexdigest()[:16]


if __name__ == "__main__":
    write()
