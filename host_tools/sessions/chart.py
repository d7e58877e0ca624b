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
from host_tools.sessions.language import now, number, say
from host_tools.sessions.note import NoteVersion, SessionNote, moment_words
from host_tools.sessions.session_file import SessionFile
from host_tools.sessions.told import NO_RECORD, Told, check_length, profile_of

MOST_EVENTS = 10  # what fits on one page beside the rest
MOST_GAPS = 3
LONG_NOTE = 600  # characters from which on the picture makes room, so that one page holds both
BLANKS = ("Colour", "Calm, movement, sleep", "Comfort, face, breathing")
_UNSEEN = ("boot", "heap", "arm", "profile")  # nothing that anybody at the bedside did or noticed
WHOM = {"newborn": "a newborn", "adult": "an adult"}
_MARKED = ("press", "hold", "fault", "save_failed")
_CEILING_DBA = {
    "newborn": guard.NEWBORN_CEILING_CDBA / 100,
    "adult": guard.ADULT_CEILING_CDBA / 100,
}


def html(
    session: SessionFile, told: Told, written: NoteVersion | None = None, simulated: bool = False
) -> str:
    """Return the page, self-contained; a note stands where the blanks are otherwise. simulated: it says that it is."""
    check_length(told, "the page")
    found = _facts(session, told)
    level = found.level_dba[np.isfinite(found.level_dba)]
    lines = _noted(written.note) if written else []
    long_note = sum(len(text) for _, text in lines) > LONG_NOTE
    marks = {event: number for number, event in enumerate(found.scripted[: picture.MOST_EVENTS], 1)}
    note_origin = ""
    if written:
        moment = now().moment(written.written)
        note_origin = say(
            "Version {number} of the note, written {moment}", number=written.number, moment=moment
        )
    return report.render(
        "chart.html.j2",
        simulated=simulated,
        story=_story(found, told),
        tone="quiet" if told.end in ("faded", "silenced", "refused") else "bad",
        ending=_ending(session, told),
        numbers=report.numbers(found, {"max_level_dba": float(level.max())} if len(level) else {}),
        picture=b64encode(picture.page_png(found)).decode("ascii") if told.rows else None,
        events=_events(found, marks, MOST_EVENTS // 2 if long_note else MOST_EVENTS),
        facts=_known(session, told) + _heard(found),
        blanks=BLANKS,
        note=lines,
        long_note=long_note,
        note_origin=note_origin,
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
        voice=facts.RecordedVoice(heart_beats=session.played.soundscape == "womb")
        if session.played and session.played.recorded_voice
        else None,
    )
    found.zero = facts.BEGAN
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
        return [say("Nothing was played.")]
    return [*found.story[:1], *found.breath_in_words]


def _ending(session: SessionFile, told: Told) -> str:
    if told.end is None:
        if session.cut:
            return say(
                "The record stops before the session ended: the power went, or the device started anew. "
                "What came after is not known."
            )
        return say("How the session ended is not written down.")
    return say("How it ended: {how}.", how=words.ending(told.end, told.reason))


def _events(found: Facts, marks: dict[tuple[float, str], int], most: int) -> list[dict[str, Any]]:
    rows = [
        {
            "at": words.clock(at) if at >= 0 else say("before"),
            "what": what,
            "mark": marks.get((at, what)),
        }
        for at, what in found.events
    ]
    if len(rows) > most:
        # The beginning and the end tell most; all of them are in the export.
        last = (most - 1) // 2
        middle = {
            "at": "",
            "what": say("{count} more, in the exported file", count=len(rows) - most + 1),
            "mark": None,
        }
        rows = [*rows[: most - 1 - last], middle, *rows[-last:]]
    return rows


def _heard(found: Facts) -> list[tuple[str, str]]:
    """Return a row that lists what a listening programme let be heard, or a recorded voice; nothing for other sessions."""
    if not found.segments and not found.sung.any():
        return []
    return [(say("Heard"), "; ".join(part.words for part in found.heard_parts) + ".")]


def _known(session: SessionFile, told: Told) -> list[tuple[str, str]]:
    """Name and sentence: what was played, what is sure about it and what is not."""
    known = [(say("Began"), _began(session)), *_profile(session, told)]
    if told.arm is not None:
        known.append((say("Study"), now().sentence(studies.told(told.arm).words)))
    known.append((say("Level"), _calibration(session)))
    known.append((say("Pulse"), _pulse(told)))
    record = _record(told)
    if record:
        known.append((say("Record"), "; ".join(record)))
    if session.dose_today_min is not None:
        dose = say("{minutes} min of music in 24 hours, as it was read", minutes=session.dose_today_min)
        known.append((say("Dose today"), dose))
    return known


def _profile(session: SessionFile, told: Told) -> list[tuple[str, str]]:
    profile = session.profile
    if profile is None:
        return [(say("Profile"), say("not known"))]
    named = f"{profile.title} ({say(profile.population)})"
    if session.played is None:
        there = say("as it was read, it had {profile}", profile=named)
        _, digest = profile_of(session.raw)
        if session.population is None:
            text = say("not known: the device may have been set differently since; {there}", there=there)
        elif digest is None:
            text = say("for {whom}, else not known; {there}", whom=say(WHOM[session.population]), there=there)
        else:
            text = say("for {whom}, and not the one that the device has since; {there}",
                       whom=say(WHOM[session.population]), there=there)  # fmt: skip
        return [(say("Profile"), text)]
    melody = "recorded voice" if profile.recorded_voice else profile.song
    parts = [say(part.replace("_", " ")) for part in (melody, profile.soundscape) if part and part != "none"]
    music = say(" over ").join(parts) or say("not known")
    if any(event["kind"] == "segment" for event in told.events):
        music = say("a listening programme, in place of the profile's own song")
    if profile.level_dba is not None:
        music = say("{music}, asked for at {level} dB(A)", music=music, level=number(profile.level_dba))
    return [(say("Profile"), named), (say("Music"), music)]


def _began(session: SessionFile) -> str:
    if session.started is not None:
        return say("{moment} by the computer that read it", moment=now().moment(session.started))
    return say("not known: the device has no clock; write it below")


def _calibration(session: SessionFile) -> str:
    if session.calibrated is None:
        return say("reckoned by the device; whether it was calibrated is not known")
    if not session.calibrated:
        text = say("not calibrated: strictest assumption")
        if session.full_scale_dba is not None:
            level = number(session.full_scale_dba)
            text = say("{text} ({level} dB(A) at full scale)", text=text, level=level)
        return text
    when = say("a day that is not known")
    if session.calibrated_on:
        when = now().day(session.calibrated_on)
    return say("reckoned by the device, calibrated on {day}", day=when)


def _pulse(told: Told) -> str:
    """Return where the pulse was not known, the longest stretches by name."""
    if not told.rows:
        return say("not looked for")
    unknown = told.unknown
    if not unknown:
        return say("known all the time that it was looked for")
    total = sum(end - start for start, end, _ in unknown)
    longest = sorted(unknown, key=lambda item: item.start_s - item.end_s)[:MOST_GAPS]
    named = "; ".join(f"{_from(start, end)} {say(why)}" for start, end, why in sorted(longest))
    if len(unknown) > len(longest):
        named = say("{stretches}; and {count} shorter", stretches=named, count=len(unknown) - len(longest))
    return say("not known for {time}: {stretches}", time=words.span(total), stretches=named)


def _from(start_s: float, end_s: float) -> str:
    return say("{start} to {end}", start=words.clock(start_s), end=words.clock(end_s))


def _record(told: Told) -> list[str]:
    longest = sorted(told.gaps, key=lambda gap: gap[0] - gap[1])[:MOST_GAPS]
    named = ", ".join(_from(start, end) for start, end in sorted(longest))
    said = [say("nothing written down from {stretches}", stretches=named)] if named else []
    if len(told.gaps) > MOST_GAPS:
        said.append(say("and {count} shorter gaps", count=len(told.gaps) - MOST_GAPS))
    coarse = [run for run in told.thinning if run.what > 1]
    if coarse:
        seconds, until = max(run.what for run in coarse), words.clock(coarse[-1].end_s)
        said.append(
            say("until {time} only a row each {seconds} s or so was kept", time=until, seconds=seconds)
        )
    return said


def _noted(note: SessionNote) -> list[tuple[str, str]]:
    """Name and words of what was entered; what was not is left out, for it is neither "no" nor 0."""
    stopped = "; ".join(
        part
        for part in (note.stopped_by and say("by {whom}", whom=note.stopped_by), note.stopped_why)
        if part
    )
    scores = []
    for name, symptom in dict.fromkeys((score.scale, score.symptom) for score in note.scores):
        of = f" {symptom}" if symptom else ""
        values = [
            f"{say(score.when)} {score.value}"
            for score in note.scores
            if (score.scale, score.symptom) == (name, symptom)
        ]
        scores.append(f"{name}{of}: {', '.join(values)}")
    entered = say("{scores} (as entered)", scores="; ".join(scores)) if scores else None
    lines = (
        (say("Goal"), note.goal),
        (say("Present"), note.present),
        (say("State before"), note.before),
        (say("State after"), note.after),
        (say("Scores"), entered),
        (say("Signs of too much"), note.too_much),
        (say("Stopped"), stopped),
        (say("Moments"), "; ".join(map(moment_words, note.moments))),
        (say("Remarks"), note.remarks),
    )
    return [(name, text) for name, text in lines if text]


def _origin(session: SessionFile) -> str:
    return say(
        "Session {age} of unit {unit}, firmware {firmware}; read {day}; page made with calando {version} from records "
        "with the SHA-256 {digest}…",
        age=session.age, unit=session.unit, firmware=session.firmware, day=now().day(session.read_at),
        version=version("calando"), digest=session.sha256[:16],
    )  # fmt: skip
