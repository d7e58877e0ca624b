"""Finds in free words what may say who somebody is: a name, a birth date, a record number. A question, never a verdict.

It errs towards asking, and it proves nothing: a name in small letters, or in a script without capitals, is not seen.
"""

import re

# Words that begin with a capital in the middle of a sentence and name nobody.
_COMMON = frozenset((
    "i", "english", "german", "french", "spanish", "italian", "dutch", "turkish", "arabic", "polish", "russian",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february",
    "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    "calando", "kangaroo", "apgar", "esas-r", "n-pass", "comfortneo", "spo", "fio",
    "brahms", "bach", "mozart", "schubert", "christmas", "easter",
))  # fmt: skip
_ROLES = frozenset((
    "mother", "father", "mum", "mom", "dad", "parent", "parents", "grandmother", "grandfather", "grandparents",
    "brother", "sister", "sibling", "siblings", "son", "daughter", "wife", "husband", "partner", "aunt",
    "uncle", "family", "friend", "friends", "chaplain", "visitor", "visitors", "nurse", "nurses", "doctor",
    "doctors", "physician", "therapist", "therapists", "music", "midwife", "student", "volunteer", "nobody",
    "staff", "team", "the", "a", "an", "and", "with", "of", "both", "one", "two", "three", "no", "patient",
    "baby", "infant", "child", "twin", "twins",
))  # fmt: skip
_ABBREVIATIONS = frozenset((
    "NICU", "ICU", "NRS", "ESAS", "PASS", "CPAP", "HFNC", "ECG", "EEG", "PICC", "IV", "NG", "TPN", "MRI", "CT",
    "RN", "MD", "MT", "OK", "AM", "PM", "UK", "US", "USA", "LISA",
))  # fmt: skip
_TITLE = r"(?:mrs?|ms|miss|dr|prof|sr|sra|baby|nurse|sister|frau|herr|mme|mlle|called|named|née|né)\b\.?"
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_SENTENCE_BEGINS = re.compile(r"(?:^|[.!?:;\n(\"“„»•–-])\s*$")
_MONTH = r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zäé]*"
_DATES = (
    re.compile(r"\b\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4}\b"),
    re.compile(rf"\b\d{{1,2}}\.?\s+{_MONTH}\.?,?\s+\d{{2,4}}\b", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\.?\s+\d{{1,2}},?\s+\d{{2,4}}\b", re.IGNORECASE),
    re.compile(
        r"\b(?:born|dob|d\.o\.b\.?|geb\.?|geboren|née? le|birthday)\b[^\d\n]{0,15}\d[\d./ -]*", re.IGNORECASE
    ),
)
_NUMBERS = (
    re.compile(
        r"\b(?:mrn|nhs|ssn|record|chart|case|file|patient|fall|id)[\s-]*(?:no\.?|number|nr\.?|nummer|id)?[\s:#]+\w*\d\w*",
        re.IGNORECASE,
    ),
    re.compile(r"\b\w*\d(?:[ -]?\d){4,}\w*\b"),
    re.compile(r"\b[A-Za-z]{1,4}-?\d{4,}\b"),
)
WHAT = NAME, BIRTH_DATE, NUMBER, ADDRESS = ("a name", "a birth date", "a record number", "an address")
_ADDRESS = re.compile(r"\S+@\S+\.\S+")
_INITIALS = re.compile(r"\b[A-Z]\.\s?[A-Z]\.")


def found(text: str, lists_people: bool = False) -> list[tuple[str, str]]:
    """Return what looks like something that names somebody: ("a name", "Anna Smith") and so on, in the order of the text.

    lists_people: the text says who was there, so that a capital at the beginning of a sentence is asked about too.
    """
    seen: list[tuple[int, int, str]] = []

    def add(what: str, start: int, end: int) -> None:
        if not any(start < other_end and other_start < end for other_start, other_end, _ in seen):
            seen.append((start, end, what))

    for match in _ADDRESS.finditer(text):
        add(ADDRESS, *match.span())
    for pattern in _DATES:
        for match in pattern.finditer(text):
            add(BIRTH_DATE, *match.span())
    for pattern in _NUMBERS:
        for match in pattern.finditer(text):
            add(NUMBER, *match.span())
    for start, end in _names(text, lists_people):
        add(NAME, start, end)
    return [(what, text[start:end].strip()) for start, end, what in sorted(seen)]


def _names(text: str, lists_people: bool) -> list[tuple[int, int]]:
    """Return where names may be: from, to; neighbours are one."""
    spans = [match.span() for match in _INITIALS.finditer(text)]
    for match in _WORD.finditer(text):
        word = match.group()
        if not word[0].isupper():
            continue
        before = text[: match.start()]
        titled = re.search(rf"\b{_TITLE}\s+$", before, re.IGNORECASE) is not None
        possessive = re.search(r"['’]s$", word) is not None
        plain = re.sub(r"['’]s$", "", word).casefold()
        if titled and plain not in _ROLES:
            spans.append(match.span())
        elif plain in _COMMON or plain in _ROLES or re.match(_TITLE + "$", word, re.IGNORECASE):
            continue
        elif word.isupper():
            if len(word) > 3 and word not in _ABBREVIATIONS:
                spans.append(match.span())
        elif lists_people or possessive or not _SENTENCE_BEGINS.search(before):
            # A lone first word of a sentence is one; before another name it is a first name.
            spans.append(match.span())
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and not text[joined[-1][1] : start].strip(" .-"):
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            first = re.search(r"([^\W\d_]+)\s+$", text[:start])
            begins = first is not None and first.group(1)[0].isupper()
            if first is not None and begins and first.group(1).casefold() not in _ROLES | _COMMON:
                start = first.start(1)
            joined.append((start, end))
    return joined
