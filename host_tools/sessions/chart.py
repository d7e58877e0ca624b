"""The page about one session for the chart: HTML that prints on one A4 page, read from what a device wrote down.

It says what was played and what the device did; it claims nothing about the patient, shows no oxygen saturation, and
leaves blanks for what only a person can see. The pictures and numbers are report.py's and picture.py's own.
"""

from base64 import b64encode
from importlib.metadata import version
from operator import itemgetter
from typing import Any

import numpy as np

from firmware.care import guard
from host_tools.device import studies
from host_tools.sessions import facts, picture, report, words
from host_tools.sessions.facts import Facts
from host_tools.sessions.note import NoteVersion, SessionNote, moment_words
from host_tools.sessions.session_file import SessionFile
from host_tools.sessions.told import NO_RECORD, Told, check_length, profile_of

MOST_EVENTS = 10  # what fits on one page beside the rest
MOST_GAPS = 3
LONG_NOTE = 600  # characters from which on the picture makes room, so that one page holds both
BLANKS = ("Colour", "Calm, movement, sleep", "Comfort, face, breathing")
_UNSEEN = ("boot", "heap", "arm", "profile")  # nothing that anybody at the bedside did or noticed
_OF = {"newborn": "a newborn", "adult": "an adult"}
_MARKED = ("press", "hold", "fault", "save_failed")
_CEILING_DBA = {
    "newborn": guard.NEWBORN_CEILING_CDBA / 100,
    "adult": guard.ADULT_CEILING_CDBA / 100,
}


def html(session: SessionFile, told: Told, written: NoteVersion | None = None) -> str:
    """Return the page, self-contained; with a note it stands where the blanks are otherwise."""
    check_length(told, "the page")
    found = _facts(session, told)
    level = found.level_dba[np.isfinite(found.level_dba)]
    lines = _noted(written.note) if written else []
    long_note = sum(len(text) for _, text in lines) > LONG_NOTE
    marks = {event: number for number, event in enumerate(found.scripted[: picture.MOST_EVENTS], 1)}
    return report.template("chart.html.j2").render(
        story=_story(found, told),
        tone="quiet" if told.end in ("faded", "silenced", "refused") else "bad",
        ending=_ending(session, told),
        numbers=report.numbers(found, {"max_level_dba": float(level.max())} if len(level) else {}),
        picture=b64encode(picture.page_png(found)).decode("ascii") if told.rows else None,
        events=_events(found, marks, MOST_EVENTS // 2 if long_note else MOST_EVENTS),
        facts=_known(session, told) + _programme(found),
        blanks=BLANKS,
        note=lines,
        long_note=long_note,
        note_origin=f"Version {written.number} of the note, written {written.written:%Y-%m-%d %H:%M}"
        if written
        else "",
        origin=_origin(session),
    )


def _facts(session: SessionFile, told: Told) -> Facts:
    """Return what report and picture draw, with gaps as gaps."""
    population = session.population or ""
    silent = {"contact": None, "true_pulse_rate_bpm": None, "true_spo2_percent": None, "quality": None}
    nothing = dict.fromkeys(
        ("pulse_rate_bpm", "tempo_bpm", "target_tempo_bpm", "level_dba", "spo2_percent", "reason")
    )
    rows = [
        row
        | silent
        | {"contact": int(row["contact"]), "quality": row["quality_percent"], "spo2_percent": None}
        for row in told.rows
    ]
    holes = list(told.gaps)
    if told.rows and told.length_s > told.rows[-1]["time_s"] + told.every_s[-1]:
        holes.append((told.rows[-1]["time_s"], told.length_s + 1))
    for start, end in holes:
        rows += [
            {"time_s": at, "phase": NO_RECORD, **nothing, **silent}
            for at in dict.fromkeys((start + 1, end - 1))
        ]
    rows.sort(key=itemgetter("time_s"))
    events = [
        {"time_s": event["time_s"], "kind": f"device_{event['kind']}",
         "detail": event["detail"] | {"reason": event["reason"]}}
        for event in told.events
        if event["kind"] != "end"  # the page says above how it ended
    ]  # fmt: skip
    found = facts.from_records(
        rows,
        [event for event in events if _seen(event)],
        title="Music session",
        population=population,
        end=told.end,
        reason=told.reason,
        ceiling_dba=_CEILING_DBA.get(population),
        wanted_dba=session.played.level_dba if session.played else None,
    )
    found.zero = "the session began"
    found.scripted = [
        (float(event["time_s"]), words.event(event["kind"], event["detail"]))
        for event in events
        if event["kind"].removeprefix("device_") in _MARKED and event["time_s"] >= 0
    ]
    heard = np.isfinite(found.level_dba)
    if heard.any():
        power = np.average(10 ** (found.level_dba[heard] / 10), weights=found.lasts_s[heard])
        found.sound = {"laeq_dba": float(10 * np.log10(power))}
    return found


def _seen(event: dict[str, Any]) -> bool:
    """Return whether it belongs on the page: not the device's own housekeeping, nor that it waits again afterwards."""
    return event["kind"].removeprefix("device_") not in _UNSEEN and event["detail"].get("phase") != "idle"


def _story(found: Facts, told: Told) -> list[str]:
    if not told.rows:
        return ["Nothing was played."]
    return [*found.story[:1], *found.breath_in_words]


def _ending(session: SessionFile, told: Told) -> str:
    if told.end is None:
        if session.cut:
            return (
                "The record stops before the session ended: the power went, or the device started anew. "
                "What came after is not known."
            )
        return "How the session ended is not written down."
    text = words.ending(told.end, told.reason)
    return f"How it ended: {text}."


def _events(found: Facts, marks: dict[tuple[float, str], int], most: int) -> list[dict[str, Any]]:
    rows = [
        {
            "at": words.clock(at) if at >= 0 else "before",
            "what": what,
            "mark": marks.get((at, what)),
        }
        for at, what in found.events
    ]
    if len(rows) > most:
        # The beginning and the end tell most; all of them are in the export.
        last = (most - 1) // 2
        middle = {"at": "", "what": f"{len(rows) - most + 1} more, in the exported file", "mark": None}
        rows = [*rows[: most - 1 - last], middle, *rows[-last:]]
    return rows


def _programme(found: Facts) -> list[tuple[str, str]]:
    """Return a row that lists what a listening programme let be heard; nothing for any other session."""
    if not found.segments:
        return []
    return [("Heard", "; ".join(part.words for part in found.heard_parts) + ".")]


def _known(session: SessionFile, told: Told) -> list[tuple[str, str]]:
    """Name and sentence: what was played, what is sure about it and what is not."""
    known = [("Began", _began(session))]
    profile = session.profile
    if profile is None:
        known.append(("Profile", "not known"))
    elif session.played is None:
        there = f"as it was read, it had {profile.title} ({profile.population})"
        _, digest = profile_of(session.raw)
        if session.population is None:
            known.append(("Profile", f"not known: the device may have been set differently since; {there}"))
        elif digest is None:
            known.append(("Profile", f"for {_OF[session.population]}, else not known; {there}"))
        else:
            known.append(
                (
                    "Profile",
                    f"for {_OF[session.population]}, and not the one that the device has since; {there}",
                )
            )
    else:
        music = " over ".join(
            part for part in (profile.song, profile.soundscape) if part and part != "none"
        ).replace("_", " ")
        asked = f", asked for at {profile.level_dba:g} dB(A)" if profile.level_dba is not None else ""
        known.append(("Profile", f"{profile.title} ({profile.population})"))
        known.append(("Music", f"{music or 'not known'}{asked}"))
    if told.arm is not None:
        known.append(("Study", studies.told(told.arm).words))
    known.append(("Level", _calibration(session)))
    known.append(("Pulse", _pulse(told)))
    record = _record(told)
    if record:
        known.append(("Record", "; ".join(record)))
    if session.dose_today_min is not None:
        known.append(("Dose today", f"{session.dose_today_min} min of music in 24 hours, as it was read"))
    return known


def _began(session: SessionFile) -> str:
    if session.started is not None:
        return f"{session.started:%Y-%m-%d %H:%M} by the computer that read it"
    return "not known: the device has no clock; write it below"


def _calibration(session: SessionFile) -> str:
    if session.calibrated is None:
        return "reckoned by the device; whether it was calibrated is not known"
    if not session.calibrated:
        text = "not calibrated: strictest assumption"
        if session.full_scale_dba is not None:
            text += f" ({session.full_scale_dba:g} dB(A) at full scale)"
        return text
    when = f"{session.calibrated_on:%Y-%m-%d}" if session.calibrated_on else "a day that is not known"
    return f"reckoned by the device, calibrated on {when}"


def _pulse(told: Told) -> str:
    """Return where the pulse was not known, the longest stretches by name."""
    if not told.rows:
        return "not looked for"
    unknown = told.unknown
    if not unknown:
        return "known all the time that it was looked for"
    total = sum(end - start for start, end, _ in unknown)
    longest = sorted(unknown, key=lambda item: item.start_s - item.end_s)[:MOST_GAPS]
    named = "; ".join(
        f"{words.clock(start)} to {words.clock(end)} {why}" for start, end, why in sorted(longest)
    )
    more = f"; and {len(unknown) - len(longest)} shorter" if len(unknown) > len(longest) else ""
    return f"not known for {words.span(total)}: {named}{more}"


def _record(told: Told) -> list[str]:
    longest = sorted(told.gaps, key=lambda gap: gap[0] - gap[1])[:MOST_GAPS]
    named = [f"{words.clock(start)} to {words.clock(end)}" for start, end in sorted(longest)]
    said = [f"nothing written down from {', '.join(named)}"] if named else []
    if len(told.gaps) > MOST_GAPS:
        said.append(f"and {len(told.gaps) - MOST_GAPS} shorter gaps")
    coarse = [run for run in told.thinning if run.what > 1]
    if coarse:
        coarsest = max(run.what for run in coarse)
        said.append(f"until {words.clock(coarse[-1].end_s)} only a row each {coarsest} s or so was kept")
    return said


def _noted(note: SessionNote) -> list[tuple[str, str]]:
    """Name and words of what was entered; what was not is left out, for it is neither "no" nor 0."""
    stopped = "; ".join(
        part for part in (note.stopped_by and f"by {note.stopped_by}", note.stopped_why) if part
    )
    scores = []
    for name, symptom in dict.fromkeys((score.scale, score.symptom) for score in note.scores):
        of = f" {symptom}" if symptom else ""
        values = [
            f"{score.when} {score.value}"
            for score in note.scores
            if (score.scale, score.symptom) == (name, symptom)
        ]
        scores.append(f"{name}{of}: {', '.join(values)}")
    lines = (
        ("Goal", note.goal),
        ("Present", note.present),
        ("State before", note.before),
        ("State after", note.after),
        ("Scores", f"{'; '.join(scores)} (as entered)" if scores else None),
        ("Signs of too much", note.too_much),
        ("Stopped", stopped),
        ("Moments", "; ".join(map(moment_words, note.moments))),
        ("Remarks", note.remarks),
    )
    return [(name, text) for name, text in lines if text]


def _origin(session: SessionFile) -> str:
    return (
        f"Session {session.age} of unit {session.unit}, firmware {session.firmware}; read "
        f"{session.read_at:%Y-%m-%d}; page made with calando {version('calando')} from records with the SHA-256 "
        f"{session.sha256[:16]}…"
    )
