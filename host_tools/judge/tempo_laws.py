"""Laws of time in the music: the segments of a programme, the tempo, and the pace that a breath is led at."""

import numpy as np

from host_tools.judge.evidence import Array, Evidence
from host_tools.judge.laws import NEAR_PERCENT, SENSING_S, STEP_S, Spans, Verdict, is_silence, runs
from host_tools.judge.limits import Limits

TEMPO_OF_PULSE_PERCENT = 10.0  # a tempo further from every ratio of the true pulse is invented
RATIOS = (1, 2, 3, 4)  # pulses to a beat
SUNG_BPM = (36.5, 93.5)  # beyond it another ratio may be chosen
SMOOTHED_S = 20  # so many seconds of readings, at the most, are in the pulse that the music begins at
BOUNDARY_S = 0.5  # a segment of a programme begins within this of when it was to (docs/programmes.md)
PHRASE_S = 90.0  # longer than any phrase
INTO_SILENCE_S = 20.0  # no fade into one that something comes after is longer


def look_at_segments(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    """Look at when each segment began: one after the other, as planned from the first one on. A song that is played a
    number of times ends when it ends, and the plan goes on from there; one that may end its phrase may be late by it.
    A silence that begins late keeps its minutes, once the fade into it is over: the plan goes on from there, too.
    """
    planned_s, before, began_s = 0.0, -1, 0.0
    for at_s, segment in evidence.segments:
        if segment == 0:  # a session begins
            planned_s = at_s
        elif segment != before + 1:
            verdict.margin("segment", -99.0, at_s, f"segment {segment + 1} after segment {before + 1}")
            planned_s = at_s
        else:
            last = evidence.programme[before]
            late_s = 0.0
            # The device is late from BOUNDARY_S on, by a clock of its own: as near to it as that, it may be or not.
            moved = is_silence(last) and began_s > planned_s + BOUNDARY_S - STEP_S[evidence.tier]
            if moved:
                planned_s, late_s = began_s, INTO_SILENCE_S
            planned_s += 60.0 * last["minutes"]
            early_s = planned_s - at_s
            late_s = PHRASE_S if last["until"] == "phrase_end" or last["repeats"] else late_s
            if not last["repeats"]:
                verdict.margin(
                    "segment", BOUNDARY_S - early_s, at_s, f"segment {segment + 1} {early_s:.1f} s early"
                )
            verdict.margin(
                "segment", BOUNDARY_S + late_s + early_s, at_s, f"segment {segment + 1} {-early_s:.1f} s late"
            )
            if moved or (last["repeats"] and early_s > BOUNDARY_S):
                planned_s = at_s
        before, began_s = segment, at_s


def look_at_tempo(evidence: Evidence, limits: Limits, verdict: Verdict) -> None:
    """Measure each run of a melody: how slow, how fast, how far and how quickly its tempo goes."""
    prescribed = evidence.prescription
    slowing = min(float(prescribed["lead_rate_percent_per_min"]), limits["lead_rate_percent_per_min"])
    # A melody that opened at a tempo of no patient glides to the patient's, and a ratio that no longer fits to another.
    # A listening programme's pieces have tempos of their own, and each glides to its own from the one before.
    glides = prescribed["opening"] == "music" or bool(evidence.programme)
    for piece in _pieces(evidence):
        time_s, tempo = evidence.time_s[piece], evidence.tempo_bpm[piece]
        low, high = int(np.argmin(tempo)), int(np.argmax(tempo))
        verdict.margin(
            "tempo_low", tempo[low] - limits["tempo_lowest_bpm"] + 0.01, time_s[low], f"{tempo[low]:.1f} bpm"
        )
        verdict.margin(
            "tempo_high",
            limits["tempo_highest_bpm"] - tempo[high] + 0.01,
            time_s[high],
            f"{tempo[high]:.1f} bpm",
        )
        step = np.abs(tempo[1:] / tempo[:-1] - 1) * 100
        worst = int(np.argmax(step))
        # A second of rows lies in two of the windows of a second in which the change is bounded.
        verdict.margin(
            "tempo_step",
            2 * limits["tempo_change_percent"] - step[worst],
            time_s[worst],
            f"{step[worst]:.2f} % in a second",
        )
        if len(tempo) > 61 and (glides or _other_ratio(evidence, piece)):
            # It is on its way to the patient's tempo: slower than it leads nowhere, yet within a rate of its own.
            rate = np.abs(1 - tempo[60:] / tempo[:-60]) * 100
            worst = int(np.argmax(rate))
            verdict.margin(
                "tempo_rate",
                limits["match_rate_percent_per_min"] + 0.15 - rate[worst],
                time_s[worst],
                f"{rate[worst]:.2f} % in a minute",
            )
        if glides or _other_ratio(evidence, piece):
            continue
        first = tempo[0]
        if prescribed["programme"] != "descend_and_rise":
            verdict.margin(
                "tempo_rise",
                0.1 - (tempo[high] / first - 1) * 100,
                time_s[high],
                f"{tempo[high]:.1f} bpm after {first:.1f}",
            )
        start = min(first, _tempo_of_the_baseline(evidence, piece.start))
        verdict.margin(
            "floor",
            tempo[low] / start * 100 - limits["slowest_percent"] + 1.0,
            time_s[low],
            f"{tempo[low]:.1f} bpm after {start:.1f}",
        )
        if len(tempo) > 61:
            rate = (1 - tempo[60:] / tempo[:-60]) * 100
            worst = int(np.argmax(rate))
            verdict.margin(
                "tempo_rate", slowing + 0.05 - rate[worst], time_s[worst], f"{rate[worst]:.2f} % in a minute"
            )


def look_at_pace(evidence: Evidence, limits: Limits, verdict: Verdict) -> None:
    """Look at the pace at which a breath is led; beyond the limits of an adult's, or of anybody else, none is right."""
    for place in np.flatnonzero(np.isfinite(evidence.pace_bpm)):
        pace, at_s = evidence.pace_bpm[place], evidence.time_s[place]
        room = min(
            pace - limits.get("pace_slowest_bpm", np.inf), limits.get("pace_fastest_bpm", -np.inf) - pace
        )
        if evidence.prescription["mode"] != "follow_breath":
            room = -np.inf
        verdict.margin("pace", max(-99.0, room + 0.01), at_s, f"a pace of {pace:.1f}")


def look_at_tempo_and_pulse(evidence: Evidence, limits: Limits, disturbed: Array, verdict: Verdict) -> None:
    """Measure whether a session begins at one of the patient's tempos, and whether it waits below the freeze limit."""
    truth, time_s = evidence.true_bpm, evidence.time_s
    prescribed = evidence.prescription
    for at_s, phase, _ in evidence.phases:
        if phase == "match" and prescribed["opening"] != "music":
            place = int(np.searchsorted(time_s, at_s))
            before = [row for row in range(max(0, place - 3), min(place + 3, len(time_s)))]
            named = [row for row in before if np.isfinite(evidence.tempo_bpm[row]) and time_s[row] >= at_s]
            past = truth[(time_s > at_s - 90) & (time_s <= at_s + 1)]
            past = past[np.isfinite(past)]
            earlier = [phase_before for phase_s, phase_before, _ in evidence.phases if phase_s < at_s]
            if not named or not len(past) or not earlier or earlier[-1] != "baseline":
                continue
            tempo = evidence.tempo_bpm[named[0]]
            away = min(
                max(past.min() / (tempo * ratio) - 1, 1 - past.max() / (tempo * ratio), 0.0)
                for ratio in RATIOS
            )
            verdict.margin(
                "tempo_of_pulse", TEMPO_OF_PULSE_PERCENT - 100 * away, at_s,
                f"{tempo:.1f} bpm for a pulse of {past.min():.0f} to {past.max():.0f}",
            )  # fmt: skip
    sensing_s = SENSING_S[evidence.tier]
    low = truth < limits["freeze_bpm"] * (1 - NEAR_PERCENT / 100)
    for first, last in runs(low & ~disturbed & np.isfinite(evidence.tempo_bpm)):
        begin = int(np.searchsorted(time_s, time_s[first] + sensing_s))
        if begin < last and np.isfinite(evidence.shown_bpm[begin:last]).all():
            fall = (1 - evidence.tempo_bpm[begin:last].min() / evidence.tempo_bpm[begin]) * 100
            if evidence.programme or prescribed["opening"] != "music":
                verdict.margin(
                    "freeze", 0.2 - fall, time_s[begin], f"{fall:.2f} % slower below the freeze limit"
                )


def _pieces(evidence: Evidence) -> list[slice]:
    """Runs of rows in which a melody plays, a second apart."""
    known = np.isfinite(evidence.tempo_bpm)
    found, start = [], None
    for place in range(len(known)):
        goes_on = known[place] and (
            start is None or evidence.time_s[place] - evidence.time_s[place - 1] < 1.5
        )
        if goes_on and start is None:
            start = place
        elif not goes_on and start is not None:
            found.append(slice(start, place))
            start = place if known[place] else None
    if start is not None:
        found.append(slice(start, len(known)))
    return [piece for piece in found if piece.stop - piece.start >= 3]


def _tempo_of_the_baseline(evidence: Evidence, begin: int) -> float:
    """Return the tempo that the true pulse before the melody stands for, by the ratio at which it begins at row `begin`.

    A pulse that rose while it was measured is met where it is, and may be led down as far as it was measured (bpm;
    infinite where no baseline lies before).
    """
    first = begin
    while first and evidence.phase[first - 1] in ("baseline", evidence.phase[begin]):
        first -= 1
    measured = evidence.true_bpm[first:begin]
    measured = measured[np.isfinite(measured)]
    now = evidence.true_bpm[begin]
    if not len(measured) or not np.isfinite(now):
        return float("inf")
    ratio = max(1.0, round(now / evidence.tempo_bpm[begin]))
    return float(np.median(measured)) / ratio


def _other_ratio(evidence: Evidence, piece: slice) -> bool:
    """Return whether in this run the music may have gone over to another ratio of the pulse: where one that it may have
    begun with gives a tempo outside of what people sing to (40 to 90 bpm, by 4).

    It begins at the pulse of some seconds: where that has jumped just before, the last reading does not tell the ratio.
    """
    shown, tempo = evidence.shown_bpm[piece], evidence.tempo_bpm[piece]
    known = np.isfinite(shown)
    if not known.any():
        return False
    first = int(np.argmax(known))
    recent = evidence.shown_bpm[max(0, piece.start + first - SMOOTHED_S) : piece.start + first + 1]
    lowest, highest = np.nanmin(recent) / tempo[first], np.nanmax(recent) / tempo[first]
    begun = {max(1.0, round(shown[first] / tempo[first]))}
    begun |= {float(ratio) for ratio in RATIOS if lowest <= ratio <= highest}
    followed = [shown[known] / ratio for ratio in begun]
    return any(bool((bpm < SUNG_BPM[0]).any() or (bpm > SUNG_BPM[1]).any()) for bpm in followed)
