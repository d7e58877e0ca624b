"""The text of one ABC tune, made ready for its reader: stray words and fields, repeats of more than twice, slurs.

Nothing here is an error of a library (those are in corrections.py): it is what people write, and what of it is left out
or read in another way is told.
"""

import re

TIMES_MARK = "§times"  # before a number: how often the repeat that begins or ends here is played
_FIELD = re.compile(r"[A-Za-z]:|%")
# Quotations, decorations and inline fields: none of them is music.
_APART = re.compile(r'("[^"]*"|![^!\n]*!|\[[A-Za-z]:[^\]\n]*\])')
_UNIT = re.compile(r"[1-9]\d?/(?:1|2|4|8|16|32|64|128|256)(?![\d/])|1(?![\d/])")
_METRE = re.compile(r"C\|?(?!\w)|none\b|\(?\d+(?:\+\d+)*\)?/\d+|\d+(?:\+\d+)*/\d+")
_UNBRACKETED = re.compile(
    r"(?<![A-Za-z\[])(?:(?P<field>M):[ ]?(?P<metre>\d+/\d+|C\|?(?![A-Za-z]))|(?P<unit>L):[ ]?(?P<length>1/\d+)|"
    r"(?P<key>K):[ ]?(?P<name>[A-G][#b]?(?:m|min|maj|ion|dor|phr|lyd|mix|aeo|loc)?(?=[\s|]|$)))"
)
_STRAY_FIELD = re.compile(r"(?<=[\s|])(?:[MLK]:(?=[A-Za-z])[^\s|]*|[A-Za-z]:(?=[A-Za-z]).*)")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))+[.,;:!?]*")
# No note, rest or sign of ABC is one of these; a tune that gives one a meaning of its own (U:) has no stray words with it.
_NO_NOTE = frozenset("hijklmnopqrstwäöüßéèêàâçñåøæœîïôûù")
_CAPITALS = frozenset("HIJKLMNOPQRSTUVWY")
_TERMS = ("coda", "segno", "fine", "end")
_SHOWN = 40  # letters of what is quoted


def ready(text: str, told: list[str]) -> str:
    """Return a tune without stray words, fields that mean nothing and slurs, and with how often its repeats are played."""
    head, key, body = text.partition("\nK:")
    own = set(re.findall(r"(?m)^U:[ \t]*(\S)", head))
    head = "\n".join(_field(line, told) for line in head.split("\n"))
    lines, left_out = [], []
    for number, line in enumerate(body.split("\n")):
        if number and _FIELD.match(line):
            lines.append(_field(line, told))
        elif number:
            music = _fields_within(line, told)
            words = _stray_words(music, own)
            if words is None:
                left_out.append(line.strip())
                continue
            left_out += words
            for word in words:
                music = music.replace(word, " ", 1)
            lines.append(_marked(music))
        else:
            lines.append(line)  # the rest of the K: line
    if left_out:
        shown = ", ".join(repr(words[:_SHOWN]) for words in left_out[:3])
        told.append(
            f"words among the notes were left out: {shown}{' ...' if len(left_out) > 3 else ''}; put W: or % before them"
        )
    return head + key + "\n".join(lines)


def counted(text: str) -> tuple[int, int]:
    """Return how many notes and rests a tune has, and how many bar lines."""
    music = "".join(
        "".join(_APART.split(line)[::2]).split("%")[0] for line in text.split("\n") if not _FIELD.match(line)
    )
    return len(re.findall(r"[A-Ga-gxzXZ]", music)), len(re.findall(r"\|+", music))


def _field(line: str, told: list[str]) -> str:
    """Return a field's line; an L: of no length is empty, and an M: of no metre is none. Both are told."""
    field, _, value = line.partition(":")
    value = value.split("%")[0].strip()
    if field == "L" and value and not _UNIT.match(value):
        told.append(f"L:{value[:20]} is no length of a note: it was left out")
        return ""
    if field == "M" and value and not _METRE.match(value):
        told.append(f"M:{value[:20]} is no metre: none is counted")
        return "M:none"
    return line.replace("L:1", "L:1/1", 1) if field == "L" and value == "1" else line


def _fields_within(line: str, told: list[str]) -> str:
    """Return a line of music in which fields without brackets have some, and other fields are left out."""

    def bracketed(found: re.Match[str]) -> str:
        letter = found["field"] or found["unit"] or found["key"]
        field = f"{letter}:{found['metre'] or found['length'] or found['name']}"
        told.append(f"{field} stands among the notes without brackets: it was read as [{field}]")
        return f"[{field}]"

    def stray(found: re.Match[str]) -> str:
        told.append(f"{found[0][:_SHOWN]!r} stands among the notes: it was left out")
        return ""

    pieces = _APART.split(line)
    pieces[::2] = [_UNBRACKETED.sub(bracketed, piece) for piece in pieces[::2]]
    pieces = _APART.split("".join(pieces))
    pieces[::2] = [_STRAY_FIELD.sub(stray, piece) for piece in pieces[::2]]
    return "".join(pieces)


def _stray_words(line: str, own: set[str]) -> list[str] | None:
    """Return words that are no notes, or None where the whole line is text."""
    music = " ".join(_APART.split(line)[::2]).split("%")[0]
    tokens = music.split()
    foreign = {token: set(_letters(token)) & _NO_NOTE - own for token in tokens if _WORD.fullmatch(token)}
    # One such letter alone is an old editor's sign before notes, as k in "kgBkaB".
    if len(frozenset().union(*foreign.values())) < 2 and not any(token.lower() in _TERMS for token in tokens):
        return []
    words = [token for token in tokens if foreign.get(token) or token.lower() in _TERMS]
    text = [token for token in tokens if token in foreign or token in "aAIO,-&"]
    return None if len(text) >= 0.6 * len([token for token in tokens if token.strip("|:[]")]) else words


def _letters(token: str) -> str:
    """Return the small letters of what may be a word. A capital before notes may be a sign, and notes mix both."""
    first, rest = token[0], token[1:]
    if rest.islower():
        return (first.lower() if first.islower() or first in "IJKNQRWY" else "") + rest
    return token.lower() if token.isupper() and len(set(token) & _CAPITALS) > 2 else ""


def _marked(line: str) -> str:
    """Return a line of music without slurs, in which |:: and ::| say how often they are played."""

    def end(found: re.Match[str]) -> str:
        return f'"^{TIMES_MARK}{len(found[1]) + 1}":|'

    def start(found: re.Match[str]) -> str:
        return f'|:"^{TIMES_MARK}{len(found[1]) + 1}"'

    pieces = _APART.split(line)
    for place, piece in enumerate(pieces):
        if place % 2:
            continue
        piece = re.sub(r"\((?!\d)|\)", "", piece)
        piece = re.sub(r"(?<!\|)(:{2,8})\|", end, piece)
        pieces[place] = re.sub(r"\|(:{2,8})(?![:|])", start, piece)
        if "%" in piece:
            break
    return "".join(pieces)
