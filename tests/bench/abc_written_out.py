"""A third reading of an ABC tune, for tests/bench/song_corpus.py: its text with every repeat written out.

abc2midi passes over da capo in quotation marks and over some endings. Here the way through the tune is found on the
text alone, by rules of its own, and abc2midi then reads a tune in which nothing is repeated. The rules are those of the
ABC standard 2.1, section 4.8 (a repeat without a beginning goes back to the last double bar, end of a repeat, or the
beginning) and 4.9 (endings), and of print for what the standard leaves to words: D.C., D.S., Fine, and a fermata at a
double bar in place of Fine. After a jump back nothing is repeated, and the last ending is played.
"""

import re
from dataclasses import dataclass, field

_ONE_BAR = r"(?:\[\|\]|\[\||:*\|\|?\]?:*|::)"
_BARS = re.compile(
    rf"(\"[^\"]*\"|![^!\n]*!|\{{[^}}]*\}}|\[[A-Za-z]:[^\]]*\])|({_ONE_BAR}(?:\s*{_ONE_BAR})*)(\s*\[[1-9][\d,-]*|[1-9][\d,-]*)?|\s(\[[1-9][\d,-]*)"
)
_NOTE = re.compile(
    r"\((\d)(?::(\d?))?(?::(\d?))?|[\^_=]*[A-Ga-gzx][,']*(\d*)(/*)(\d*)|\[[^\]:]*\](\d*)(/*)(\d*)"
)
_FINE = re.compile(r'"[\^_<>@]? *(?:fine|end) *"', re.I)
_FERMATA = re.compile(r'"[\^_]?H"|H(?=\s*$)|H(?=[\^_=A-Ga-gxz])')


@dataclass
class _Bar:
    text: str
    before: str = ""  # the bar line before it
    after: str = ""
    ending: set[int] = field(default_factory=set)
    key: str = ""


def written_out(text: str) -> str:
    """The tune as it is played, each bar once; empty where this reading knows no way through."""
    head, _, body = re.sub(r"(?m)%.*$", "", text).partition("\nK:")
    key, _, body = body.partition("\n")
    order = re.search(r"(?m)^P:\s*([A-Z]+)\s*$", head)
    head = re.sub(r"(?m)^(P|I|R|W|w|N|H):.*\n?", "", head)
    if "[V:1]" in body:
        body = "\n".join(line.replace("[V:1]", "") for line in body.split("\n") if line.startswith("[V:1]"))
    if re.search(r"(?m)^V:", body):
        return ""
    sections = re.split(r"(?m)^P:\s*([A-Z]).*$", body)
    if order and len(sections) > 1:
        named = dict(zip(sections[1::2], sections[2::2], strict=True))
        if not set(order[1]) <= set(named):
            return ""
        pieces = [part for letter in order[1] for part in _played(named[letter], head, key)]
    else:
        pieces = _played(re.sub(r"(?m)^P:.*$", "", body), head, key)
    music = " | ".join(pieces)
    lines, line = [], ""
    for piece in music.split(" | "):
        line += piece + " | "
        if len(line) > 120:
            lines.append(line)
            line = ""
    return f"{head}\nK:{key}\n" + "\n".join([*lines, line]) + "\n"


def _played(body: str, head: str, key: str) -> list[str]:
    body = re.sub(r"\\[ \t]*(?=\n)", " ", body)
    body = re.sub(r"(?m)^([KLM]):(.*)$", lambda found: f"[{found[1]}:{found[2].strip()}]", body)
    body = re.sub(r"(?m)^[A-Za-z]:.*$", "", body)
    bars = _split(body)
    ruling = f"[K:{key.strip()}]"
    for bar in bars:
        for found in re.findall(r"\[K:[^\]]*\]", bar.text):
            ruling = found
        bar.key = ruling
    order, jumped_at = _order(bars)
    pieces = []
    for place, (index, cut) in enumerate(order):
        bar = bars[index]
        words = bar.text
        if cut and (found := _FERMATA.search(words)):
            note = _NOTE.search(words, found.end())
            words = words[: note.end()] if note else words
        words = re.sub(r'"[^"]*"', "", words)
        if place == jumped_at and _upbeat(bars[index], head) and not _upbeat(bars[order[place - 1][0]], head):
            continue  # the bar before has the upbeat's notes in it
        before = order[place - 1][0] if place else -1
        if index != before + 1 and not words.lstrip().startswith("[K:"):
            words = (bars[index - 1].key if index else f"[K:{key.strip()}]") + words
        pieces.append(" ".join(words.split()))
    return pieces


def _split(body: str) -> list[_Bar]:
    bars, start, before, ending = [], 0, "", set()
    for found in _BARS.finditer(body):
        if found[1]:
            continue
        text = body[start : found.start()]
        line = re.sub(r"\s", "", found[2] or "")
        if re.sub(r"\"[^\"]*\"|!", "", text).strip() or bars:
            if re.sub(r"[\s!]", "", re.sub(r'"[^"]*"', "", text)):
                bars.append(_Bar(text, before, line, ending))
            elif bars:
                bars[-1].after += line
                bars[-1].text += " " + text if '"' in text else ""
            ending = set()
            before = ""
        before += line
        mark = (found[3] or found[4] or "").strip(" [\n")
        ending = _numbers(mark) if mark else ending
        start = found.end()
    text = body[start:]
    if re.sub(r"[\s!\]]", "", re.sub(r'"[^"]*"', "", text)):
        bars.append(_Bar(text, before, "", ending))
    return bars


def _numbers(mark: str) -> set[int]:
    found: set[int] = set()
    for part in mark.split(","):
        low, _, high = part.partition("-")
        if low.isdecimal():
            found |= set(range(int(low), int(high) + 1 if high.isdecimal() else int(low) + 1))
    return found


def _order(bars: list[_Bar]) -> tuple[list[tuple[int, bool]], int]:
    """(index of a bar, whether it ends at its fermata), and the place of the first bar after a jump, or -1."""
    order: list[int] = []
    begin, at = 0, 0
    while at < len(bars):
        stop = at
        # To the end of what belongs together: a repeat's end, a double bar, or a repeat's beginning.
        while stop + 1 < len(bars) and not _closes(bars[stop]) and not _opens(bars[stop + 1], bars[stop]):
            stop += 1
        group = list(range(begin, stop + 1))
        first = next((index for index in group if bars[index].ending), None)
        if first is not None:
            # Every ending up to the last one's own end.
            starts, index = [first], first + 1
            while index < len(bars):
                if bars[index].ending:
                    if 1 in bars[index].ending:
                        break
                    starts.append(index)
                index += 1
            last = starts[-1]
            while last + 1 < len(bars) and not _closes(bars[last]) and not _opens(bars[last + 1], bars[last]):
                last += 1
            for turn in range(1, max(number for start in starts for number in bars[start].ending) + 1):
                order += range(begin, first)
                for place, start in enumerate(starts):
                    if turn in bars[start].ending:
                        order += range(start, starts[place + 1] if place + 1 < len(starts) else last + 1)
            begin = at = last + 1
            continue
        order += group if begin == at else range(at, stop + 1)
        if ":" in bars[stop].after.split("|")[0] or "::" in bars[stop].after:
            order += group
        begin = at = stop + 1
    return _jumps(bars, order)


def _closes(bar: _Bar) -> bool:
    line = bar.after.replace("[|]", "")
    return (
        line.startswith(":") or "::" in line or "||" in line or "|]" in line or "[|" in line or ":|" in line
    )


def _opens(bar: _Bar, before: _Bar) -> bool:
    return before.after.endswith(":") or bar.before.endswith(":")


def _jumps(bars: list[_Bar], order: list[int]) -> tuple[list[tuple[int, bool]], int]:
    def has(pattern: str, bar: _Bar) -> bool:
        return any(re.search(pattern, words, re.I) for words in re.findall(r'["!]([^"!\n]*)["!]', bar.text))

    back = [index for index, bar in enumerate(bars) if has(r"D\. ?[CS]\.|da capo|dal segno", bar)]
    played = [(index, False) for index in order]
    if not back:
        return played, -1
    turn = back[0]
    place = len(order) - 1 - order[::-1].index(turn)
    start = 0
    if has(r"D\. ?S\.|dal segno", bars[turn]):
        start = next((index for index, bar in enumerate(bars) if has(r"^[\^_ ]*(segno|S) *$", bar)), 0)
    played = played[: place + 1]
    jumped_at = len(played)
    has_fine = any(_FINE.search(bar.text) for bar in bars)
    index = start
    while index < len(bars):
        bar = bars[index]
        if bar.ending and index + 1 < len(bars):
            later = [other for other in range(index + 1, len(bars)) if bars[other].ending]
            if later and 1 not in bars[later[0]].ending:
                index = later[0]
                continue
        end_here = (
            bool(_FINE.search(bar.text)) if has_fine else bool(_FERMATA.search(bar.text)) and index < turn
        )
        played.append((index, end_here and not has_fine))
        if end_here or index == turn:
            break
        index += 1
    return played, jumped_at


def _upbeat(bar: _Bar, head: str) -> bool:
    """Whether a bar is shorter than its metre."""
    metre = re.search(r"(?m)^M:\s*(\S+)", head)
    if not metre or metre[1].lower() == "none":
        return False
    said = {"C": "4/4", "C|": "2/2"}.get(metre[1], metre[1])
    top, _, bottom = said.partition("/")
    full = eval_sum(top) / int(bottom)
    unit = re.search(r"(?m)^L:\s*(\d+)/(\d+)", head)
    one = int(unit[1]) / int(unit[2]) if unit else 1 / 16 if full < 0.75 else 1 / 8
    text = re.sub(r'"[^"]*"|\{[^}]*\}|![^!]*!|\[[A-Z]:[^\]]*\]', "", bar.text)
    total, left, factor = 0.0, 0, 1.0
    for found in _NOTE.finditer(text):
        if found[1]:
            count = int(found[1])
            left, factor = count, {2: 3 / 2, 3: 2 / 3, 4: 3 / 4, 6: 1 / 3}.get(count, 1.0)
            continue
        length = (
            _length(found[4], found[5], found[6])
            if found[0][0] != "["
            else _length(found[7], found[8], found[9])
        )
        total += length * (factor if left else 1)
        left = max(0, left - 1)
    return total * one < full - 0.01


def eval_sum(top: str) -> int:
    """3+2 as 5."""
    return sum(int(part) for part in top.strip("()").split("+"))


def _length(over: str, slashes: str, under: str) -> float:
    length = float(over or 1)
    if slashes:
        length /= float(under) if under else 2 ** len(slashes)
    return length
