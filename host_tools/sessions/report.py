"""The page about one session: report.html, self-contained but for the sound beside it, fit for A4 paper.

Gets the facts and the picture; says them in plain words. Files are written by host_tools/play/results.py.
"""

from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, Template

from host_tools.sessions import language, words
from host_tools.sessions.facts import Facts, SoundHeard
from host_tools.sessions.language import number, say

TEMPLATES = Path(__file__).resolve().parent / "templates"
MODELLED = {"newborn": "a modelled newborn", "adult": "a modelled adult", "": "a modelled patient"}
MOST_EVENTS = 60  # a page or two; events.jsonl has them all


def html(facts: Facts, picture_png: bytes, summary: dict[str, Any]) -> str:
    """Return the page. `picture_png` is the picture without heading, `summary` what stands in summary.json."""
    population = summary.get("population")
    return render(
        "report.html.j2",
        title=facts.title[:1].upper() + facts.title[1:],
        story=facts.story,
        expected=_expected(summary.get("expected")),
        numbers=numbers(facts, summary),
        picture=b64encode(picture_png).decode("ascii"),
        wanted=say("its profile's level")
        if facts.wanted_dba is None
        else f"{number(facts.wanted_dba)} dB(A)",
        heard=[_heard(part) for part in facts.heard_parts],
        events=_events(facts),
        legend=_legend(facts),
        origin=_origin(summary, population),
    )


def _heard(part: SoundHeard) -> dict[str, str]:
    tempo = part.tempo_bpm
    return {
        "from": words.clock(part.from_s),
        "to": words.clock(part.to_s),
        "what": part.what,
        "level": "" if part.level_dba is None else f"{number(part.level_dba, '.1f')} dB(A)",
        "tempo": "" if tempo is None else f"{number(tempo[0], '.1f')} → {number(tempo[1], '.1f')} bpm",
    }


def render(name: str, **values: Any) -> str:
    """Return a page of the folder `templates` with its values, in the language that is spoken."""
    return _template(name).render(lang=language.now().code, say=say, **values)


@cache
def _template(name: str) -> Template:
    """Return a page of the folder `templates`, every value in it escaped."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=False)
    return environment.get_template(name)


def _expected(expected: dict[str, Any] | None) -> dict[str, Any] | None:
    if not expected:
        return None
    if expected["held"]:
        return {"held": True, "sentence": say("The session ended as its scenario expects.")}
    return {
        "held": False,
        "sentence": say("Not as expected: {what}.", what="; ".join(expected["differences"])),
    }


def numbers(facts: Facts, summary: dict[str, Any]) -> list[dict[str, str]]:
    """Return the few numbers at the top, each with what it means."""
    shown = []

    def add(name: str, value: str, note: str = "") -> None:
        shown.append({"name": name, "value": value, "note": note})

    heard = facts.heard_s
    if heard is not None:
        note = say("from {start} to {end}", start=words.clock(heard[0]), end=words.clock(heard[1]))
        if facts.silent_s >= 0.5:
            note += say(", without {silence} of silence", silence=words.span(round(facts.silent_s)))
        add(say("sound"), words.span(heard[1] - heard[0] + 1 - facts.silent_s), note)
    tempo = facts.tempo_bpm[np.isfinite(facts.tempo_bpm)]
    if len(tempo):
        slowed = 100 * (1 - float(tempo.min()) / float(tempo[0])) if tempo[0] > 0 else 0.0
        note = say("beats a minute")
        if (
            facts.segments
        ):  # pieces of their own tempos follow each other, and no one of them need have slowed
            add(say("tempo"), f"{number(tempo.min(), '.1f')} – {number(tempo.max(), '.1f')}", note)
        else:
            if slowed >= 0.05:
                note = say("beats a minute, {share} % slower", share=number(slowed, ".1f"))
            add(say("tempo"), f"{number(tempo[0], '.1f')} → {number(tempo.min(), '.1f')}", note)
    known = np.isfinite(facts.pulse_bpm)
    pulse, at_s = facts.pulse_bpm[known], facts.time_s[known]
    if len(pulse):
        first = float(np.median(pulse[at_s < at_s[0] + 60]))
        last = float(np.median(pulse[at_s > at_s[-1] - 60]))
        add(say("pulse"), f"{first:.0f} → {last:.0f}", say("a minute, first and last minute known"))
    share = facts.known_percent
    if share is not None:
        add(say("pulse known"), f"{share:.0f} %", say("of the time with sound"))
    if "laeq_dba" in facts.sound:
        add(
            say("mean level"), f"{number(facts.sound['laeq_dba'], '.1f')} dB(A)", say("while there was sound")
        )
    if "max_level_dba" in summary and summary["max_level_dba"] is not None:
        ceiling = facts.ceiling_dba
        note = "" if ceiling is None else say("ceiling {level}", level=number(ceiling))
        add(say("highest level"), f"{number(summary['max_level_dba'], '.1f')} dB(A)", note)
    if facts.paced:
        shown_pace = facts.pace_bpm[np.isfinite(facts.pace_bpm)]
        first, last = number(shown_pace[0], ".1f"), number(shown_pace[-1], ".1f")
        add(say("the swell's pace"), f"{first} → {last}", say("breaths a minute"))
    underruns = summary.get("underruns")
    if underruns is not None:
        add(
            say("gaps in the sound"),
            say("none") if underruns == 0 else str(underruns),
            say("buffer underruns"),
        )
    error = np.abs(facts.pulse_bpm - facts.true_pulse_bpm)
    if np.isfinite(error).any():
        mean = number(float(np.nanmean(error)), ".1f")
        add(say("pulse error"), f"{mean} bpm", say("mean, against the true pulse"))
    return shown


def _events(facts: Facts) -> list[dict[str, Any]]:
    scripted = set(facts.scripted)
    rows = [(at, what, (at, what) not in scripted) for at, what in facts.events]
    rows += [
        (start, words.begins(words.phase(name)), True)
        for start, _, name in facts.phases[1:]
        if not any(
            own and abs(at - start) <= 1.5 and what.startswith(words.begins("")) for at, what, own in rows
        )
    ]
    rows.sort(key=lambda row: row[0])
    shown = [{"at": words.clock(at), "what": what, "own": own} for at, what, own in rows[:MOST_EVENTS]]
    if len(rows) > MOST_EVENTS:
        more = say("and {count} more, in events.jsonl", count=len(rows) - MOST_EVENTS)
        shown.append({"at": "", "what": more, "own": True})
    return shown


def _legend(facts: Facts) -> list[tuple[str, str]]:
    rows = [
        (
            say("blue line"),
            say("the pulse as the device measured it from light; a gap means it did not know"),
        ),
        (
            say("orange line"),
            say("the tempo of the music, multiplied so that it can be compared with the pulse"),
        ),
        (say("dashed orange"), say("the tempo it is on its way to; it never jumps there")),
        (say("coloured bands"), say("what the device is doing: {phases}", phases=_phase_words(facts))),
        (say("numbers in circles"), say("what happened at the bedside")),
    ]
    if facts.ceiling_dba is not None:
        ceiling = say("the ceiling, {level} dB(A): no sound may pass it", level=number(facts.ceiling_dba))
        rows.insert(3, (say("red dashes"), ceiling))
    if facts.paced:
        green = say("blue the breath, orange the pace of the swell, green where the breath went with it")
        rows.append((say("breaths a minute"), green))
    if np.isfinite(facts.true_pulse_bpm).any():
        rows.insert(1, (say("grey line"), say("the pulse as it truly was, which the device cannot see")))
    return rows


def _phase_words(facts: Facts) -> str:
    names = list(dict.fromkeys(name for _, _, name in facts.phases))
    return ", ".join(map(words.phase, names))


def _origin(summary: dict[str, Any], population: str | None) -> str:
    versions = summary.get("versions") or {}
    parts = []
    if summary.get("runtime"):
        modelled = MODELLED.get(population or "", MODELLED[""])
        patient = say("a recording" if summary.get("recording") else modelled)
        parts.append(
            say("Simulated with {patient}, runtime {runtime}, seed {seed}.", patient=patient,
                runtime=summary["runtime"], seed=summary.get("seed"))
        )  # fmt: skip
    named = [f"{name} {version}" for name, version in versions.items() if version]
    if named:
        parts.append(say("Made with {programs}.", programs=", ".join(named)))
    return " ".join(parts)
