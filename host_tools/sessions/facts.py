"""What a session was: arrays to draw and numbers to read, worked out once for print, picture and page.

Takes the records of a finished session, simulated or read from a device; draws nothing.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from firmware import reasons
from host_tools.sessions import words
from host_tools.sessions.language import number, say

RATIOS = (1.0, 2.0, 3.0, 4.0)  # pulses to a beat of the music
USUAL_RATIO = {"newborn": 2.0, "adult": 1.0}
SHARES = {1.0: "as fast as", 2.0: "half of", 3.0: "a third of"}  # of a pulse, before "a pulse of 120"
BREATH_LATE_S = 50  # what is read of a breath is of the 44 s before, of beats that are classed two beats late
ALONG_WITHIN = 0.1  # of the pace
MET_WITHIN = 0.04  # of the pulse: what is nearer is as fast as it, or half of it
BOOT, BEGAN = "the device was switched on", "the session began"  # what happens at time 0


@dataclass(frozen=True)
class SoundHeard:
    """A stretch of a session in which one thing was heard. level_dba: its mean while it sounded; the tempo at its beginning
    and end, None where it has none; what: "meet, a song", "soundscape", "silence".
    """

    from_s: float
    to_s: float
    what: str
    level_dba: float | None
    tempo_bpm: tuple[float, float] | None

    @property
    def words(self) -> str:
        """Return it as half a sentence: "2:00 to 7:10: meet, a song, 48.9 dB(A), 70 to 68 bpm"."""
        text = (
            say("{start} to {end}", start=words.clock(self.from_s), end=words.clock(self.to_s))
            + f": {self.what}"
        )
        if self.level_dba is not None:
            text += f", {number(self.level_dba, '.1f')} dB(A)"
        if self.tempo_bpm is not None:
            first, last = (number(tempo, ".1f") for tempo in self.tempo_bpm)
            text += ", " + say("{start} to {end}", start=first, end=last) + " bpm"
        return text


@dataclass(frozen=True)
class RecordedVoice:
    """A recorded voice that a profile has in the melody's place. chords_bpm: the tempo of the accompaniment under it, which
    goes by the voice; None where none is played or it is not known. heart_beats: one is heard under it, at the tempo that
    is led.
    """

    chords_bpm: float | None = None
    heart_beats: bool = False


@dataclass
class Facts:
    """One value a second in the arrays, NaN where unknown; everything else in the unit of its name."""

    title: str
    time_s: np.ndarray
    pulse_bpm: np.ndarray
    true_pulse_bpm: np.ndarray
    tempo_bpm: np.ndarray
    target_bpm: np.ndarray
    ratio: np.ndarray  # pulses to one beat of the music
    level_dba: np.ndarray  # what was heard, measured on the recorded sound; NaN in silence
    mean_dba: np.ndarray  # the mean of each row's second, where `level_dba` is its highest
    quality_percent: np.ndarray
    contact: np.ndarray
    spo2_percent: np.ndarray
    true_spo2_percent: np.ndarray
    breath_bpm: np.ndarray  # breaths a minute; a device keeps every tenth second only
    pace_bpm: np.ndarray  # that the soundscape's swell showed
    let_go: np.ndarray  # 1 the breath had been let go, 0 not
    true_breath_bpm: np.ndarray
    phases: list[tuple[float, float, str]]  # from, to, phase
    events: list[tuple[float, str]]  # when, what in plain words
    scripted: list[tuple[float, str]]  # those of them that the scenario made happen
    end: str | None
    reason: str | None
    ceiling_dba: float | None  # None: not known which profile's
    wanted_dba: float | None  # the profile's level
    sound: dict[str, float] = field(default_factory=dict)  # laeq_dba, las_max_dba, ... of the whole session
    zero: str = BOOT  # what happened at time 0
    segments: list[tuple[float, str]] = field(default_factory=list)  # of a listening programme: when, what
    sung: np.ndarray = field(
        default_factory=lambda: np.zeros(0, bool)
    )  # whether a recorded voice was in the melody's place, which no tempo leads
    recorded_voice: "RecordedVoice | None" = None  # what is known of it; None: of a programme, or none
    matched_s: float | None = None  # when a tempo was first matched to a pulse
    accompanies: bool = False  # the melody was left to a voice
    sounded_s: tuple[float, float] | None = None  # first and last sample with sound; None: only rows tell
    ended_before: list[tuple[float, str]] = field(default_factory=list)  # earlier sessions: when, how

    @property
    def lasts_s(self) -> np.ndarray:
        """Return how long each row stands for: until the next, which on a device short of room is not a second later."""
        # Never nothing: rows of the same second weigh little, and where there are no others they weigh the same.
        return np.maximum(np.diff(self.time_s, append=self.time_s[-1:] + 1), 0.001)

    @property
    def music_bpm(self) -> np.ndarray:
        """Return the music's tempo times the ratio: what may be compared with the pulse."""
        return self.tempo_bpm * self.ratio

    @property
    def looking(self) -> np.ndarray:
        """Return whether the device was looking for a pulse in that second: otherwise the sensor is dark."""
        looking = np.zeros(len(self.time_s), bool)
        for start, end, name in self.phases:
            if name not in words.DARK:
                looking |= (self.time_s >= start) & (self.time_s < end)
        return looking

    @property
    def aim_bpm(self) -> np.ndarray:
        """Return the tempo the device is on its way to, times the ratio."""
        return self.target_bpm * self.ratio

    def first_s(self, phase: str) -> float | None:
        """Return when a phase began first, None if it never did."""
        return next((start for start, _, name in self.phases if name == phase), None)

    @property
    def heard_s(self) -> tuple[float, float] | None:
        """Return when something was heard first and last."""
        if self.sounded_s is not None:
            return self.sounded_s
        heard = np.flatnonzero(np.isfinite(self.level_dba))
        return (float(self.time_s[heard[0]]), float(self.time_s[heard[-1]])) if len(heard) else None

    @property
    def silent_s(self) -> float:
        """Return how long the silences of a listening programme were, between its first and its last sound."""
        heard = self.heard_s
        return (
            0.0
            if heard is None
            else sum(
                max(0.0, min(part.to_s, heard[1]) - max(part.from_s, heard[0]))
                for part in (self.heard_parts if self.segments else [])
                if part.what == say("silence")
            )
        )

    @property
    def heard_parts(self) -> list[SoundHeard]:
        """Return what was heard, from when to when: the segments of a programme, or else soundscape and melody in turn."""
        playing = [(start, end) for start, end, name in self.phases if name not in words.DARK]
        if not playing:
            return []
        over_s = max(end for _, end in playing)
        begins = list(self.segments)
        if not begins:
            melody = np.isfinite(self.tempo_bpm)
            sounding = melody | self.sung | np.isfinite(self.level_dba)
            names = [
                self._voice_in_words if sung else say("soundscape") if not led
                # What is left where a damaged recording has ended is a song with its melody.
                else say("accompaniment" if self.accompanies and self.recorded_voice is None else "melody")
                for sung, led in zip(self.sung[sounding], melody[sounding], strict=True)
            ]  # fmt: skip
            times = self.time_s[sounding]
            begins = [
                (float(at), name)
                for number, (at, name) in enumerate(zip(times, names, strict=True))
                if number == 0 or names[number - 1] != name
            ]
        if not begins:
            return []
        begins = [(self._silent_from(at) if what == say("silence") else at, what) for at, what in begins]
        ends = [at for at, _ in begins[1:]] + [over_s]
        return [
            self._part(start, end, what)
            for (start, what), end in zip(begins, ends, strict=True)
            if end > start
        ]

    @property
    def _voice_in_words(self) -> str:
        over = self.recorded_voice is not None and self.recorded_voice.chords_bpm is not None
        return say("recorded voice, over an accompaniment" if over else "recorded voice")

    def _silent_from(self, at_s: float) -> float:
        """Return when the fade into a silence was over which began at `at_s`: till then the piece before it was heard."""
        still = np.flatnonzero((self.time_s >= at_s) & ~np.isfinite(self.level_dba))
        return max(at_s, float(self.time_s[still[0]]) - 1) if len(still) else at_s

    def _part(self, start: float, end: float, what: str) -> SoundHeard:
        within = (self.time_s >= start) & (self.time_s < end)
        sounding = within & np.isfinite(self.mean_dba)
        level = None
        if what != say("silence") and sounding.any():
            power = np.average(10 ** (self.mean_dba[sounding] / 10), weights=self.lasts_s[sounding])
            level = float(10 * np.log10(power))
        # The row at its beginning still has the tempo of what was before it.
        tempo = self.tempo_bpm[within & (self.time_s > start) & np.isfinite(self.tempo_bpm)]
        bounds = (float(tempo[0]), float(tempo[-1])) if len(tempo) else None
        if self.recorded_voice is not None and what == self._voice_in_words:
            chords = self.recorded_voice.chords_bpm
            bounds = None if chords is None else (chords, chords)
        return SoundHeard(start, end, what, level, bounds)

    @property
    def known_percent(self) -> float | None:
        """Return in how many of the seconds with sound the pulse was known."""
        heard = np.isfinite(self.level_dba)
        if not heard.any():
            return None
        return 100 * float(np.average(np.isfinite(self.pulse_bpm[heard]), weights=self.lasts_s[heard]))

    @property
    def paced(self) -> bool:
        """Return whether the soundscape's swell showed a pace to breathe at."""
        return bool(np.isfinite(self.pace_bpm).any())

    @property
    def along(self) -> np.ndarray:
        """Return for each row whether the breath went with its pace, 1 or 0; NaN where nobody can tell: it is unknown, or
        what is read still comes in part from before the pace was this one.
        """
        found = np.full(len(self.time_s), np.nan)
        since_s, pace = 0.0, np.nan
        for place in np.flatnonzero(np.isfinite(self.pace_bpm) & (self.let_go != 1)):
            if self.pace_bpm[place] != pace:
                since_s, pace = self.time_s[place], self.pace_bpm[place]
            if np.isfinite(self.breath_bpm[place]) and self.time_s[place] - since_s >= BREATH_LATE_S:
                found[place] = abs(self.breath_bpm[place] - pace) <= ALONG_WITHIN * pace
        return found

    @property
    def breath_in_words(self) -> list[str]:
        """Return what the breath did with its pace, to be read aloud to who breathed; nothing without a pace."""
        if not self.paced:
            return []
        shown = np.flatnonzero(np.isfinite(self.pace_bpm))
        led = shown[self.let_go[shown] != 1]
        if not len(led):
            return []
        begun_s, first, last = self.time_s[led[0]], self.pace_bpm[led[0]], self.pace_bpm[led[-1]]
        read = self.breath_bpm[: led[0] + 1]
        own = float(np.nanmedian(read)) if np.isfinite(read).any() else None
        before = (
            ""
            if own is None
            else say("Before, you breathed {rate} times a minute.", rate=number(own, ".0f")) + " "
        )
        at, paced, slowed = (
            words.clock(float(begun_s)),
            number(float(first), ".1f"),
            number(float(last), ".1f"),
        )
        if first - last >= 0.05:
            text = say("From {time} on the swell breathed {rate} times a minute and slowed to {last}.",
                       time=at, rate=paced, last=slowed)  # fmt: skip
        else:
            text = say("From {time} on the swell breathed {rate} times a minute.", time=at, rate=paced)
        told = [before + text]
        along = self.along
        if np.isfinite(along).any():
            share = number(100 * float(np.nanmean(along)), ".0f")
            told.append(
                say(
                    "Where your breath could be told, it went with the swell for {share} % of the time.",
                    share=share,
                )
            )
        gone = np.flatnonzero(self.let_go == 1)
        if len(gone):
            at = words.clock(float(self.time_s[gone[0]]))
            told.append(
                say("At {time} your breath went its own way, and the swell let it go: that is fine.", time=at)
            )
        return told

    @property
    def story(self) -> list[str]:
        """Return the session in a few plain sentences."""
        told = []
        heard = self.heard_s
        if heard is None and self.segments:
            how = words.ending(self.end, self.reason)
            return [say("Nothing but silence was left of the programme; {how}.", how=how) + self._before]
        if heard is None:
            how = words.ending(self.end, self.reason)
            return [say("Nothing was heard; {how}.", how=how) + self._before]
        told.append(say("The first sound was heard at {time}", time=words.clock(heard[0])))
        # A programme's pieces have tempos of their own: the list of them tells more than one sentence could.
        match, lead = self.matched_s, None if self.segments else self.first_s("lead")
        music = np.flatnonzero(np.isfinite(self.tempo_bpm))
        if match is not None and len(music):
            at = int(np.searchsorted(self.time_s, match))
            window = (self.time_s >= match) & (self.time_s < match + 60)
            pulse, tempo = _mean(self.pulse_bpm[window]), _mean(self.tempo_bpm[window])
            if pulse is not None and tempo is not None:
                share, of = _share(self.ratio[at]), number(pulse, ".0f")
                if abs(tempo * self.ratio[at] - pulse) <= MET_WITHIN * pulse:
                    text = say("at {time} the music began at {tempo} beats a minute, {share} a pulse of {pulse}",
                               time=words.clock(match), tempo=number(tempo, ".1f"), share=share, pulse=of)  # fmt: skip
                else:
                    first = float(self.tempo_bpm[music[self.time_s[music] >= match][0]])
                    text = say("at {time} the music, at {tempo} beats a minute, set out to be {share} a pulse of {pulse}",
                               time=words.clock(match), tempo=number(first, ".1f"), share=share, pulse=of)  # fmt: skip
                told.append(text)
        if lead is not None and len(music):
            begun = self.tempo_bpm[int(np.searchsorted(self.time_s, lead))]
            slowest = float(np.nanmin(self.tempo_bpm[music[self.time_s[music] >= lead]], initial=np.inf))
            if np.isfinite(begun) and begun - slowest >= 0.05:
                told.append(
                    say("from {time} it slowed from {begun} to {slowest} beats a minute, by {share} %",
                        time=words.clock(lead), begun=number(begun, ".1f"), slowest=number(slowest, ".1f"),
                        share=number(100 * (1 - slowest / begun), ".1f"))
                )  # fmt: skip
        sentence = "; ".join(told) + "."
        last = words.ending(self.end, self.reason)
        return [
            sentence,
            say(
                "{how}; the last sound was heard at {time}.",
                how=f"{last[0].upper()}{last[1:]}",
                time=words.clock(heard[1]),
            )
            + self._before,
            *self.breath_in_words,
        ]

    @property
    def _before(self) -> str:
        """Return how sessions of the same run ended before the last one, as a sentence more; "" where there was one."""
        if not self.ended_before:
            return ""
        count, (at_s, how) = len(self.ended_before), self.ended_before[-1]
        if count == 1:
            return " " + say("Before it a session ended at {time}: {how}.", time=words.clock(at_s), how=how)
        return " " + say("Before it {count} sessions ended, the last at {time}: {how}.",
                         count=count, time=words.clock(at_s), how=how)  # fmt: skip


def from_records(
    rows: list[dict[str, Any]],
    events: list[dict[str, Any]],
    title: str,
    population: str,
    end: str | None,
    reason: str | None,
    ceiling_dba: float | None,
    wanted_dba: float | None = None,
    level_dba: np.ndarray | None = None,
    mean_dba: np.ndarray | None = None,
    sound: dict[str, float] | None = None,
    accompanies: bool = False,
    voice: RecordedVoice | None = None,
    sounded_s: tuple[float, float] | None = None,
) -> Facts:
    """Return facts from rows (columns of session.csv) and events (time_s, kind, detail).

    `level_dba` is the level measured on the sound, `mean_dba` its mean, one value a second from the first second on;
    without them the device's own estimate in the rows is taken for both. voice: a recorded one that the profile has in the
    melody's place; where it sings no tempo is heard, so none is shown.
    """

    def column(name: str) -> np.ndarray:
        return np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=float)

    def breath_column(name: str) -> np.ndarray:
        # Rows that stand for nothing written down have none of it.
        return np.array([np.nan if row.get(name) is None else row[name] for row in rows], dtype=float)

    time_s = column("time_s")
    pacer = [row.get("pacer") for row in rows]
    level = _of_rows(level_dba, time_s) if level_dba is not None else column("level_dba")
    mean = _of_rows(mean_dba, time_s) if mean_dba is not None else level
    level, mean = np.where(level > 0, level, np.nan), np.where(mean > 0, mean, np.nan)
    pulse, tempo, target = column("pulse_rate_bpm"), column("tempo_bpm"), column("target_tempo_bpm")
    sung = _sung(time_s, tempo, events, voice is not None)
    if voice is None or not voice.heart_beats:
        tempo, target = np.where(sung, np.nan, tempo), np.where(sung, np.nan, target)
    told = [
        (float(event["time_s"]), words.event(event["kind"], event.get("detail") or {})) for event in events
    ]
    own = [not event["kind"].startswith("device_") for event in events]
    return Facts(
        title=title,
        time_s=time_s,
        pulse_bpm=pulse,
        true_pulse_bpm=column("true_pulse_rate_bpm"),
        tempo_bpm=tempo,
        target_bpm=target,
        ratio=_ratio(pulse, tempo, USUAL_RATIO.get(population, 1.0)),
        level_dba=level,
        mean_dba=mean,
        quality_percent=column("quality"),
        contact=column("contact"),
        spo2_percent=column("spo2_percent"),
        true_spo2_percent=column("true_spo2_percent"),
        breath_bpm=breath_column("breathing_rate_bpm"),
        pace_bpm=breath_column("pace_bpm"),
        let_go=np.array([np.nan if state is None else float(state == "let_go") for state in pacer]),
        true_breath_bpm=breath_column("true_breathing_rate_bpm"),
        phases=_phases(
            time_s, [row["phase"] for row in rows], [e["time_s"] for e in events if e["kind"] == "power_cut"]
        ),
        events=told,
        scripted=[event for event, mine in zip(told, own, strict=True) if mine],
        end=end,
        reason=reason,
        ceiling_dba=ceiling_dba,
        wanted_dba=wanted_dba,
        sound=sound or {},
        segments=[
            (float(event["time_s"]), words.segment(event.get("detail") or {}))
            for event in events
            if event["kind"] == "device_segment"
        ],
        sung=sung,
        recorded_voice=voice,
        matched_s=next(
            (
                float(row["time_s"])
                for row in rows
                if row["phase"] == "match" and row.get("reason") != reasons.OPEN_LOOP
            ),
            None,
        ),
        accompanies=accompanies,
        ended_before=_ended_before(events),
        sounded_s=sounded_s,
    )


def _ended_before(events: list[dict[str, Any]]) -> list[tuple[float, str]]:
    """Return when and how the sessions before the last ended. A fade that is cut short has two ends: the second counts."""
    found: list[tuple[float, str]] = []
    ended: tuple[float, str] | None = None
    for event in events:
        detail = event.get("detail") or {}
        if event["kind"] == "device_end":
            if ended is not None and detail["end"] == "refused":
                found.append(ended)
            ended = (float(event["time_s"]), words.ending(detail["end"], detail["reason"]))
        elif ended is not None and event["kind"] == "device_phase" and detail["phase"] == "baseline":
            found.append(ended)
            ended = None
    return found


def _of_rows(seconds: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Return what each row's second has of a value a second; NaN where there is none."""
    at = np.minimum(np.maximum(time_s.astype(int) - 1, 0), max(len(seconds) - 1, 0))
    return seconds[at] if len(seconds) else np.full(len(time_s), np.nan)


def _sung(
    time_s: np.ndarray, tempo: np.ndarray, events: list[dict[str, Any]], of_profile: bool
) -> np.ndarray:
    """Return whether a recorded voice was in the melody's place in each row: a profile's until a damaged recording has
    ended, or a programme's for its segments.
    """
    segments = [event for event in events if event["kind"] == "device_segment"]
    after_all: dict[str, Any] = {"time_s": np.inf}
    failed_s = min(
        (event["time_s"] for event in events if event["kind"] == "device_recording_failed"), default=np.inf
    )
    sung = np.isfinite(tempo) & (time_s < failed_s) & (of_profile and not segments)
    for event, after in pairwise([*segments, after_all]):
        if (event.get("detail") or {}).get("source") == "voice":
            sung |= (time_s >= event["time_s"]) & (time_s < after["time_s"])
    return sung


def _phases(time_s: np.ndarray, names: list[str], cuts_s: list[float]) -> list[tuple[float, float, str]]:
    """Runs of the same phase; each lasts until the next begins or the power is cut, and then there is none."""
    runs: list[tuple[float, float, str]] = []
    for at, name in zip(time_s, names, strict=True):
        goes_on = False
        if runs:
            start, last, before = runs[-1]
            cut_s = next((cut for cut in cuts_s if last <= cut < at), None)
            runs[-1] = (start, float(at) if cut_s is None else float(cut_s), before)
            goes_on = before == name and cut_s is None
        if not goes_on:
            runs.append((float(at), float(at), name))
    return runs


def _ratio(pulse: np.ndarray, tempo: np.ndarray, usual: float) -> np.ndarray:
    """Pulses to a beat of the music each second: the nearest of RATIOS, steadied over a minute.

    A pulse that falls to half within seconds is a patient's, not a change of the ratio.
    """
    ratio = np.full(len(pulse), np.nan)
    known = np.isfinite(pulse) & np.isfinite(tempo) & (tempo > 0) & (pulse > 0)
    if not known.any():
        return np.full(len(pulse), usual)
    quotient = pulse[known] / tempo[known]
    choices = np.array(RATIOS)
    nearest = choices[np.abs(np.log(quotient[:, None] / choices)).argmin(axis=1)]
    half = min(30, len(nearest) - 1)
    padded = np.pad(nearest, half, mode="reflect")
    ratio[known] = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)
    filled = np.where(known, np.arange(len(ratio)), -1)
    filled = np.maximum.accumulate(filled)
    filled[filled < 0] = int(np.argmax(known))
    return ratio[filled]


def _share(ratio: float) -> str:
    named = SHARES.get(float(ratio))
    return say("1/{ratio} of", ratio=number(ratio)) if named is None else say(named)


def _mean(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
