"""The page about one session: report.html, self-contained but for the sound beside it, fit for A4 paper.

Gets the facts and the picture; says them in plain words. Files are written by host_tools/play/results.py.
"""

from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, Template

from host_tools.sessions import words
from host_tools.sessions.facts import Facts, SoundHeard

TEMPLATES = Path(__file__).resolve().parent / "templates"
MOST_EVENTS = 60  # a page or two; events.jsonl has them all


def html(facts: Facts, picture_png: bytes, summary: dict[str, Any]) -> str:
    """Return the page. `picture_png` is the picture without heading, `summary` what stands in summary.json."""
    population = summary.get("population")
    return template("report.html.j2").render(
        title=facts.title[:1].upper() + facts.title[1:],
        story=facts.story,
        expected=_expected(summary.get("expected")),
        numbers=numbers(facts, summary),
        picture=b64encode(picture_png).decode("ascii"),
        picture_in_words="Pulse, tempo, level, signal and phases over time. " + " ".join(facts.story),
        wanted="its profile's level" if facts.wanted_dba is None else f"{facts.wanted_dba:g} dB(A)",
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
        "level": "" if part.level_dba is None else f"{part.level_dba:.1f} dB(A)",
        "tempo": "" if tempo is None else f"{tempo[0]:.1f} → {tempo[1]:.1f} bpm",
    }


@cache
def template(name: str) -> Template:
    """Return a page of the folder `templates`, every value in it escaped."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=False)
    return environment.get_template(name)


def _expected(expected: dict[str, Any] | None) -> dict[str, Any] | None:
    if not expected:
        return None
    if expected["held"]:
        return {"held": True, "sentence": "The session ended as its scenario expects."}
    return {"held": False, "sentence": "Not as expected: " + "; ".join(expected["differences"]) + "."}


def numbers(facts: Facts, summary: dict[str, Any]) -> list[dict[str, str]]:
    """Return the few numbers at the top, each with what it means."""
    shown = []

    def add(name: str, value: str, note: str = "") -> None:
        shown.append({"name": name, "value": value, "note": note})

    heard = facts.heard_s
    if heard is not None:
        add(
            "sound",
            words.span(heard[1] - heard[0] + 1),
            f"from {words.clock(heard[0])} to {words.clock(heard[1])}",
        )
    tempo = facts.tempo_bpm[np.isfinite(facts.tempo_bpm)]
    if len(tempo):
        slowed = 100 * (1 - float(tempo.min()) / float(tempo[0])) if tempo[0] > 0 else 0.0
        note = f"beats a minute, {slowed:.1f} % slower" if slowed >= 0.05 else "beats a minute"
        add("tempo", f"{tempo[0]:.1f} → {tempo.min():.1f}", note)
    known = np.isfinite(facts.pulse_bpm)
    pulse, at_s = facts.pulse_bpm[known], facts.time_s[known]
    if len(pulse):
        first = float(np.median(pulse[at_s < at_s[0] + 60]))
        last = float(np.median(pulse[at_s > at_s[-1] - 60]))
        add("pulse", f"{first:.0f} → {last:.0f}", "a minute, first and last minute known")
    share = facts.known_percent
    if share is not None:
        add("pulse known", f"{share:.0f} %", "of the time with sound")
    if "laeq_dba" in facts.sound:
        add("mean level", f"{facts.sound['laeq_dba']:.1f} dB(A)", "while there was sound")
    if "max_level_dba" in summary and summary["max_level_dba"] is not None:
        note = "" if facts.ceiling_dba is None else f"ceiling {facts.ceiling_dba:g}"
        add("highest level", f"{summary['max_level_dba']:.1f} dB(A)", note)
    if facts.paced:
        shown_pace = facts.pace_bpm[np.isfinite(facts.pace_bpm)]
        add("the swell's pace", f"{shown_pace[0]:.1f} → {shown_pace[-1]:.1f}", "breaths a minute")
        went = facts.followed[np.isfinite(facts.followed)]
        if len(went):
            add("breath went along", f"{100 * went.mean():.0f} %", "of the time with a pace")
    underruns = summary.get("underruns")
    if underruns is not None:
        add("gaps in the sound", "none" if underruns == 0 else str(underruns), "buffer underruns")
    error = np.abs(facts.pulse_bpm - facts.true_pulse_bpm)
    if np.isfinite(error).any():
        add("pulse error", f"{float(np.nanmean(error)):.1f} bpm", "mean, against the true pulse")
    return shown


def _events(facts: Facts) -> list[dict[str, Any]]:
    scripted = set(facts.scripted)
    rows = [(at, what, (at, what) not in scripted) for at, what in facts.events]
    rows += [
        (start, f"now {words.PHASES.get(name, name)}", True)
        for start, _, name in facts.phases[1:]
        if not any(own and abs(at - start) <= 1.5 and what.startswith("now ") for at, what, own in rows)
    ]
    rows.sort(key=lambda row: row[0])
    shown = [{"at": words.clock(at), "what": what, "own": own} for at, what, own in rows[:MOST_EVENTS]]
    if len(rows) > MOST_EVENTS:
        shown.append({"at": "", "what": f"and {len(rows) - MOST_EVENTS} more, in events.jsonl", "own": True})
    return shown


def _legend(facts: Facts) -> list[tuple[str, str]]:
    rows = [
        ("blue line", "the pulse as the device measured it from light; a gap means it did not know"),
        ("orange line", "the tempo of the music, multiplied so that it can be compared with the pulse"),
        ("dashed orange", "the tempo it is on its way to; it never jumps there"),
        ("red dashes", f"the ceiling, {facts.ceiling_dba:g} dB(A): no sound may pass it"),
        ("coloured bands", "what the device is doing: " + _phase_words(facts)),
        ("numbers in circles", "what happened at the bedside"),
    ]
    if facts.paced:
        rows.append(
            (
                "breaths a minute",
                "blue the breath, orange the pace of the swell, green where the breath went with it",
            )
        )
    if np.isfinite(facts.true_pulse_bpm).any():
        rows.insert(1, ("grey line", "the pulse as it truly was, which the device cannot see"))
    return rows


def _phase_words(facts: Facts) -> str:
    names = list(dict.fromkeys(name for _, _, name in facts.phases))
    return ", ".join(words.PHASES.get(name, name) for name in names)


def _origin(summary: dict[str, Any], population: str | None) -> str:
    versions = summary.get("versions") or {}
    parts = []
    if summary.get("runtime"):
        patient = "a recording" if summary.get("recording") else f"a modelled {population or 'patient'}"
        parts.append(f"Simulated with {patient}, runtime {summary['runtime']}, seed {summary.get('seed')}.")
    named = [f"{name} {number}" for name, number in versions.items() if number]
    if named:
        parts.append(f"Made with {', '.join(named)}.")
    return " ".join(parts)
