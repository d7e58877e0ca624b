"""A page for who sings with the device: the tune on a staff, a line a phrase, the words' place under it, the first note.

verovio draws the notes, from the ABC of exactly what is accompanied. The page is one HTML file, to be printed.
"""

import html
from collections.abc import Callable
from pathlib import Path

from firmware.sound import score
from firmware.sound.score import Score
from host_tools.songs import abc_out, airs, importing, picture, songbook
from host_tools.songs.fit import Imported
from host_tools.songs.piece import spelled_note
from simulator.files import contents, song_file
from simulator.files.errors import CalandoError, did_you_mean

LARGEST_WORDS = 20_000  # bytes
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:1.5rem auto;padding:0 1rem;color:#222;background:#fff}
h1{font-weight:500;margin:.2rem 0}h2{font-weight:500;font-size:1.1rem;margin:1.4rem 0 .2rem}p{margin:.3rem 0}
figure{margin:.6rem 0;break-inside:avoid}svg{width:100%;height:auto;display:block}
.place{border-bottom:1px dotted #888;height:1.9rem}.words{font-size:1.15rem;margin:.1rem 0 .1rem .5rem}
.intro{opacity:.6}
"""
_PLACE = '<div class="place"></div>'
Say = Callable[..., str]  # a text in English to the reader's language, with `{name}` replaced by values


def english(text: str, **values: object) -> str:
    """Return a text as it stands in the code, with `{name}` replaced by values."""
    return text.format(**values) if values else text


def song_of(source: str) -> Imported:
    """Return a built-in song or an air by its name, or the song in a file: notes of any kind, or a .lul.

    Raises CalandoError.
    """
    for known in (*songbook.SONGS, *airs.AIRS):
        if known.name == source:
            return known.imported()
    path = Path(source)
    if path.suffix == song_file.SUFFIX:
        written = path.with_name(path.stem + importing.PLAYED + ".abc")
        data = song_file.read(path)
        if written.is_file():
            found = importing.import_song(written)
            if _notes_of(found.data) == _notes_of(data):
                return found
        return Imported(path.stem, data, [], path.stem.replace("_", " "))
    if path.suffix or path.exists():
        return importing.import_song(path)
    names = [known.name for known in (*songbook.SONGS, *airs.AIRS)]
    raise CalandoError(
        f"there is no song {source!r}{did_you_mean(source, names)}; choose one of {', '.join(names)}, or a song's file"
    )


def _notes_of(data: bytes) -> bytes:
    """Return a score without what was measured of it, its loudness, and the checksum over that."""
    return data[: score.LOUDNESS_PLACE] + data[score.LOUDNESS_PLACE + 1 : -4]


def read_words(path: Path) -> list[list[str]]:
    """Return the stanzas of a text: lines, with an empty one between two stanzas. Raises CalandoError."""
    raw = contents.read_bytes(path, "text of a song", LARGEST_WORDS, "give the words of one song")
    try:
        return stanzas(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise CalandoError(f"{path} is no text in UTF-8; save it as one") from error


def stanzas(text: str) -> list[list[str]]:
    """Return the stanzas of a text: lines, with an empty one between two stanzas."""
    found = [[line.strip() for line in part if line.strip()] for part in _parts(text.splitlines())]
    return [stanza for stanza in found if stanza]


def _parts(lines: list[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            found[-1].append(line)
        else:
            found.append([])
    return found


def page(
    song: Imported, words: list[list[str]] | None = None, say: Say = english, language: str = "en"
) -> str:
    """Return the page as HTML. words: for each stanza the words of each phrase; without, there are lines to write on.

    say: what puts a text into the reader's language, such as studio/texts.py; language: that language, "en" or "de".
    Raises CalandoError where a stanza has more lines than the song has phrases.
    """
    sung = words or []
    read = Score(song.data)
    if not read.chords:
        raise CalandoError(
            f"{song.name} has no chords, so the device plays its melody; there is nothing to sing with"
        )
    drawn = abc_out.phrases(song)
    for number, stanza in enumerate(sung, start=1):
        if len(stanza) > len(drawn):
            raise CalandoError(
                f"stanza {number} of the words has {len(stanza)} lines and the song {len(drawn)} phrases: write one line "
                "for each phrase, and an empty line between two stanzas"
            )
    first = next(note for note, _, _ in song.notes() if note)
    title = " ".join(song.title.split()) or song.name
    breath = (
        say(
            "The last line with its tune, then one bar ({beats} beats) to breathe in.",
            beats=read.beats_per_bar,
        )
        if read.beats_per_bar > 1
        else say("The last line with its tune, then one bar (one beat) to breathe in.")
    )
    parts = [
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">',
        f"<title>{html.escape(say('{title}: to sing with it', title=title))}</title>",
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style><h1>{html.escape(title)}</h1>',
        _paragraph(
            say(
                "The device plays chords and bass, and leaves the tune to you. It begins at the tempo of the pulse and "
                "slows a little: follow it, and sing as softly as you like. When you grow louder, it does not."
            )
        ),
        _heading(say("You begin on")),
        f'<figure class="first">{picture.svg(abc_out.first_note(song), header=False)}'
        f"<figcaption>{html.escape(_named(first, song.fifths_at(0), say))}</figcaption></figure>",
        _heading(say("First you hear this")),
        _paragraph(breath),
        f'<figure class="intro">{picture.svg(drawn[-1], header=False)}</figure>',
        _heading(say("Then you sing")),
    ]
    for at, abc in enumerate(drawn):
        lines = [stanza[at] for stanza in sung if at < len(stanza)]
        under = "".join(
            f'<div class="words">{number}. {html.escape(line)}</div>' if len(sung) > 1 else
            f'<div class="words">{html.escape(line)}</div>'
            for number, line in enumerate(lines, start=1)
        )  # fmt: skip
        parts.append(f"<figure>{picture.svg(abc, header=False)}{under or _PLACE}</figure>")
    parts.append(
        _paragraph(
            say(
                "There is no rest between the lines. After the last one there is a bar to breathe in, and it begins "
                "again, as often as you like. When you stop, it plays on softly by itself."
            )
        )
        + "</html>"
    )
    return "\n".join(parts) + "\n"


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text, quote=False)}</p>"


def _heading(text: str) -> str:
    return f"<h2>{html.escape(text, quote=False)}</h2>"


def _named(note: int, fifths: int, say: Say) -> str:
    """Return a note as who reads no staff may ask a piano for it: "G, below middle C"."""
    name = spelled_note(note, fifths).rstrip("0123456789").replace("#", " sharp")
    name = say(name[0] + name[1:].replace("b", " flat"))
    if note == 60:
        return say("{note}, middle C", note=name)
    if note < 60:  # a song's lowest note is the G below it
        return say("{note}, below middle C", note=name)
    if note < 72:
        return say("{note}, above middle C", note=name)
    return say(
        "{note}, an octave above middle C" if note == 72 else "{note}, more than an octave above middle C",
        note=name,
    )
