"""What came out of one session, in the terms of whoever judges it: sound, rows, events, and the truth of the patient.

Nothing of the firmware is imported here or in the judge: they must not share its mistakes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import fft

from host_tools.sound import meter

FRAME_S = 0.01  # of what is audible and what is not
LEVEL_S = 0.1  # of the level
SLOW_S = 1.0  # IEC 61672-1, time weighting S
WINDOW = 1024  # samples of a spectrum; the next begins half of it later
SETTLE_S = 12.0  # after a disturbance the light must be looked at for this long before anything may be asked of a reading
REATTACH_S = 1.0
CALM_MOTION_PERCENT = 0.3  # less is no disturbance
CALM_AMBIENT_UA = 20.0
CALM_PERFUSION_PERCENT = 0.2
CALM_IRREGULAR = 0.03
BEGINS_S = 5.0  # from the beginning of a programme's segment to its first sound
REST_BEATS = 8  # a melody's rest between two verses, and the end of a note that has died away before it
ENDED = ("idle", "withdraw", "fault")

Array = np.ndarray


@dataclass
class Heard:
    """The sound at the ear. dba, dbc: the slow level at each LEVEL_S, -inf in silence (dbc None where there is no sound to
    measure). energy: A-weighted mean square of each LEVEL_S, 1.0 at 45 dB(A). audible: for each FRAME_S."""

    dba: Array
    dbc: Array | None
    energy: Array
    audible: Array

    def starts_and_ends(self, gap_s: float = 3.0) -> list[tuple[float, float]]:
        """Return when something sounded: from, until, in seconds; rests shorter than `gap_s` belong to it."""
        places = np.flatnonzero(self.audible)
        if not len(places):
            return []
        breaks = np.flatnonzero(np.diff(places) > gap_s / FRAME_S)
        firsts = np.concatenate([places[:1], places[breaks + 1]])
        lasts = np.concatenate([places[breaks], places[-1:]])
        return [(first * FRAME_S, (last + 1) * FRAME_S) for first, last in zip(firsts, lasts, strict=True)]

    def sounds_within(self, from_s: float, until_s: float) -> bool:
        return bool(self.audible[max(0, int(from_s / FRAME_S)) : max(0, int(until_s / FRAME_S))].any())

    def silent_from(self, after_s: float, until_s: float) -> float:
        """Return when the last sound before `until_s` ended; `after_s` if nothing sounded since."""
        piece = self.audible[int(after_s / FRAME_S) : max(0, int(until_s / FRAME_S))]
        places = np.flatnonzero(piece)
        return after_s if not len(places) else (int(after_s / FRAME_S) + places[-1] + 1) * FRAME_S


@dataclass
class Evidence:
    """One session. rows: columns of one value a second (None is NaN or None); script: what was done to it; phases: what the
    device says that it does, (s, phase, reason); ends: (s, end, reason)."""

    tier: str
    duration_s: float
    population: str  # of the profile
    term: bool
    prescription: dict[str, Any]
    irregular: float
    perfusion_percent: float | None  # at the start; None where nobody knows
    script: list[dict[str, Any]]
    time_s: Array
    phase: list[str]
    tempo_bpm: Array
    shown_bpm: Array
    shown_spo2: Array
    true_bpm: Array
    true_spo2: Array
    phases: list[tuple[float, str, str | None]]
    ends: list[tuple[float, str, str | None]]
    heard: Heard
    counts: dict[str, int] = field(default_factory=dict)
    # breaths a minute at which an adult is led, NaN where nobody is
    pace_bpm: Array = field(default_factory=lambda: np.zeros(0))
    # the segments of a listening programme as prescribed, by the names of their settings; none without one
    programme: list[dict[str, Any]] = field(default_factory=list)
    segments: list[tuple[float, int]] = field(default_factory=list)  # when each began, by its place from 0
    step_laws: list[tuple[float, str]] = field(
        default_factory=list
    )  # (s, what broke) of simulator/laws.py; tier S only

    def sounding(self) -> list[tuple[float, float]]:
        """Return when something sounded: from, until, in seconds. A rest of the melody is no end of it: what comes after
        was asked for with what came before, and is no rise from silence.
        """
        return self._joined(self._rests)

    def sessions(self) -> list[tuple[float, float]]:
        """Return when music was there: as `sounding`, with the silences that a listening programme has in it."""
        return self._joined(
            lambda from_s, until_s: self._rests(from_s, until_s) or self._is_silence(from_s, until_s)
        )

    def silences(self) -> list[tuple[float, float]]:
        """Return from when until when the device says that a programme's silence is; inf where none comes after."""
        begins = [at_s for at_s, _ in self.segments[1:]] + [float("inf")]
        return [
            (at_s, until_s)
            for (at_s, segment), until_s in zip(self.segments, begins, strict=False)
            if self.programme[segment]["source"] == "silence"
        ]

    def _joined(self, belongs: Callable[[float, float], bool]) -> list[tuple[float, float]]:
        found: list[tuple[float, float]] = []
        for from_s, until_s in self._pieces():
            if found and belongs(found[-1][1], from_s):
                found[-1] = found[-1][0], until_s
            else:
                found.append((from_s, until_s))
        return found

    def _is_silence(self, from_s: float, until_s: float) -> bool:
        """Return whether a silence is one of the programme: it ends where the segment after one begins, and nothing ended
        meanwhile."""
        if self._ended_within(from_s, until_s):
            return False
        return any(
            segment > 0
            and self.programme[segment - 1]["source"] == "silence"
            and abs(at_s - until_s) <= BEGINS_S
            for at_s, segment in self.segments
        )

    def _pieces(self) -> list[tuple[float, float]]:
        """Return when something sounded, parted where a session began after a silence, short as that may be."""
        found = []
        for from_s, until_s in self.heard.starts_and_ends():
            for at_s, phase, _ in self.phases:
                if phase == "baseline" and from_s < at_s < until_s:
                    silent_s = self.heard.silent_from(from_s, at_s)
                    if at_s - silent_s > LEVEL_S:
                        found.append((from_s, silent_s))
                        from_s = at_s
            found.append((from_s, until_s))
        return found

    def _ended_within(self, from_s: float, until_s: float) -> bool:
        """Return whether a session ended in a silence, or one began: what a lost supply broke off tells no end."""
        return any(
            from_s <= at_s <= until_s and phase in (*ENDED, "baseline") for at_s, phase, _ in self.phases
        )

    def _rests(self, from_s: float, until_s: float) -> bool:
        """Return whether a silence is a rest: a few beats at the tempo told, with power, and nothing ended meanwhile."""
        # What ends right after it leaves rows without a tempo.
        ends_s = min(
            (at_s for at_s, phase, _ in self.phases if phase in ENDED and at_s > until_s), default=np.inf
        )
        rows = (self.time_s >= from_s - 1) & (self.time_s <= until_s + 1) & (self.time_s < ends_s)
        tempo = self.tempo_bpm[rows]
        if rows.sum() < until_s - from_s or not np.isfinite(tempo).all():
            return False
        if self._ended_within(from_s, until_s):
            return False
        return until_s - from_s <= REST_BEATS * 60 / tempo.min()

    def disturbed(self) -> Array:
        """Return for each row, whether something stands between the patient and a reading, or did a moment ago."""
        mask = np.zeros(len(self.time_s), bool)
        if self.irregular > CALM_IRREGULAR or (self.perfusion_percent or 1.0) < CALM_PERFUSION_PERCENT:
            mask[:] = True
        for event in self.script:
            kind, value = event["do"], event.get("to")
            calm = (
                kind
                in (
                    "press",
                    "hold",
                    "knob",
                    "room_sound",
                    "usb_host",
                    "usb_bytes",
                    "pulse_rate",
                    "spo2",
                    "flash_worn",
                )
                or (kind == "motion" and value is not None and value <= CALM_MOTION_PERCENT)
                or (kind == "ambient_light" and value is not None and value <= CALM_AMBIENT_UA)
                or (kind == "perfusion" and value is not None and value >= CALM_PERFUSION_PERCENT)
                or (kind == "sensor_off" and value == 0)
            )
            if not calm:
                from_s, until_s = span(event)
                mask |= (self.time_s >= from_s - REATTACH_S) & (self.time_s <= until_s + SETTLE_S)
        return mask


def span(event: dict[str, Any]) -> tuple[float, float]:
    """Return from when until when an event of a script lasts; inf for good."""
    at_s, over_s, for_s = event["at_s"], event.get("over_s", 0.0), event.get("for_s")
    if event["do"] == "power_cut" and for_s is None:
        for_s = 5.0
    return at_s, float("inf") if for_s is None else at_s + 2 * over_s + for_s


def listen(pcm: Array, rate_hz: int, full_scale_dba: float) -> Heard:
    """Hear a recording as an integrating sound level meter at the ear would: A and C by the formula of IEC 61672-1 on
    spectra of 64 ms (Hann, half overlapped), slow.

    pcm: int16. Spectra in place of host_tools/sound/meter.py's filters because ten times as quick; they agree within 0.2 dB
    on what the device plays (a test holds that).
    """
    frame = int(rate_hz * FRAME_S)
    frames = pcm[: len(pcm) // frame * frame].reshape(-1, frame)
    audible = np.zeros(len(frames), bool)
    for start in range(0, len(frames), 10_000):  # a day's comparisons at once would be a gigabyte
        audible[start : start + 10_000] = (frames[start : start + 10_000] != 0).any(axis=1)
    hop = WINDOW // 2
    times = np.arange(0, len(pcm) / rate_hz, LEVEL_S)
    power = np.zeros((len(times), 2))
    if len(pcm) >= WINDOW and audible.any():
        places = np.flatnonzero(audible)
        first = max(0, (places[0] * frame - WINDOW) // hop * hop)
        last = min(len(pcm), (places[-1] + 1) * frame + WINDOW)
        spectra = _spectra(pcm[first:last], rate_hz)
        middle_s = (first + np.arange(len(spectra)) * hop + hop) / rate_hz
        for column in range(2):
            power[:, column] = np.interp(times, middle_s, spectra[:, column], left=0.0, right=0.0)
    slow = _slow(power)
    with np.errstate(divide="ignore"):
        levels = np.where(slow > meter.SILENT_POWER, 10 * np.log10(np.maximum(slow, 1e-30) * 2), -np.inf)
    levels += full_scale_dba
    return Heard(levels[:, 0], levels[:, 1], power[:, 0] * 2 * 10 ** ((full_scale_dba - 45) / 10), audible)


def _spectra(pcm: Array, rate_hz: int) -> Array:
    """A- and C-weighted mean squares, one row each half window."""
    hop = WINDOW // 2
    window = np.hanning(WINDOW + 1)[:-1]
    frequencies = np.fft.rfftfreq(WINDOW, 1 / rate_hz)
    weights = np.zeros((len(frequencies), 2), np.float32)
    sides = np.full(len(frequencies), 2.0)
    sides[-1] = 1.0
    for column, name in enumerate("AC"):
        gains = 10 ** (meter.weight_db(np.maximum(frequencies[1:], 1.0), name) / 10)
        weights[1:, column] = gains * sides[1:] / (WINDOW * np.sum(window**2))
    window = (window / 32768).astype(np.float32)
    pieces = np.lib.stride_tricks.sliding_window_view(pcm, WINDOW)[::hop]
    found = []
    for start in range(0, len(pieces), 256):
        spectrum = np.asarray(fft.rfft(pieces[start : start + 256] * window, axis=1))
        found.append((np.square(np.real(spectrum)) + np.square(np.imag(spectrum))) @ weights)
    return np.concatenate(found).astype(float)


def _slow(power: Array) -> Array:
    """Time weighting S on powers of LEVEL_S each."""
    from scipy.signal import lfilter

    keep = float(np.exp(-LEVEL_S / SLOW_S))
    return np.asarray(lfilter([1 - keep], [1, -keep], power, axis=0))
