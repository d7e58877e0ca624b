"""What docs/sound.md asks of sound, measured on a whole programme, a pattern or an accompaniment."""

import numpy as np
from scipy.signal import butter, sosfilt

from host_tools.sound import meter, render

RATE_HZ = render.RATE_HZ
BLOCK = 256
FULL_SCALE_DBA = 74.0
WINDOW_S = 8  # of a level that a crossfade is judged by: longer than a bar's rest
RISES_S = 60  # after silence: till then the level is still on its way
_MELODY_RISES_S = 180  # it does not rise while a phrase begins
FADE_S = 14  # into a silence


def seam_ratio(samples):
    """How much more lies above 4 kHz where two blocks meet than elsewhere in a block, as amplitudes; 1 is perfect.

    A gain that goes in steps, one a block, is a zipper: its steps are there and nowhere else. samples: int16.
    """
    sections = butter(8, 4000, "high", fs=RATE_HZ, output="sos")
    high = np.asarray(sosfilt(sections, samples / 32768))
    count = len(high) // BLOCK
    blocks = np.clip(np.abs(high[: count * BLOCK]).reshape(count, BLOCK), 0, np.quantile(np.abs(high), 0.999))
    places = np.sqrt(np.square(blocks).mean(axis=0))
    # The filter rings for a few samples: eight of them together.
    folded = np.convolve(np.concatenate([places, places[:7]]), np.full(8, 1 / 8), "valid")
    return float(folded.max() / np.median(folded))


def levels(samples, window_s=WINDOW_S):
    """Level of every window of some seconds, dB(A), one each tenth of a second by its beginning."""
    powers, _ = meter.frame_powers(samples, RATE_HZ)
    total = np.concatenate([[0.0], np.cumsum(powers)])
    frames = round(window_s / meter.FRAME_S)
    return meter.decibels((total[frames:] - total[:-frames]) / frames, FULL_SCALE_DBA)[
        :: round(0.1 / meter.FRAME_S)
    ]


def settled_s(plan, begins_s, segment):
    """Return from when to when a segment sounds by itself, at its level, s."""
    last = segment + 1 == plan.segments
    fresh = segment == 0 or plan.source(segment - 1) == "silence"
    melody = plan.source(segment) != "soundscape"
    begin = begins_s[segment] + ((_MELODY_RISES_S if melody else RISES_S) if fresh else 20)
    return begin, begins_s[segment + 1] - (40 if last else 14)


def dips(samples, plan, begins_s):
    """Return for each crossfade (segment, dB): how far its quietest eight seconds lie below those of its neighbours.

    begins_s: when each segment began, and when the last one ended.
    """
    heard = levels(samples)
    found = []
    for at in range(1, plan.segments):
        if "silence" in (plan.source(at - 1), plan.source(at)):
            continue
        # By itself: while it is not coming in or going out.
        own = []
        for segment in (at - 1, at):
            begin, end = settled_s(plan, begins_s, segment)
            own.append(heard[round(10 * begin) : max(round(10 * begin) + 1, round(10 * end))].min())
        between = heard[round(10 * begins_s[at]) - 110 : round(10 * begins_s[at]) + 200]
        found.append((at + 1, float(min(own) - between.min())))
    return found


def rise_rate(samples, plan, begins_s):
    """Return the fastest rise of what sounds between two silences, dB a second, as docs/sound.md measures it."""
    rates = [
        meter.rise_rate(meter.frame_powers(part, RATE_HZ)[0], FULL_SCALE_DBA)
        for part in stretches(samples, plan, begins_s)
    ]
    return max(rate or 0.0 for rate in rates)


def rise_over_rests(samples):
    """Return the fastest rise of what is accompanied, dB a second: four seconds against the loudest four of those before.

    Between two stanzas there is a rest as long as the meter looks back; with less than its length in 20 s before, a stanza
    that is as loud as the one before would be told as a rise.
    """
    heard = levels(samples, meter.RISE_WINDOW_S)
    step = round(10 * meter.RISE_WINDOW_S)
    before = np.array(
        [heard[max(0, at - 5 * step) : at - step + 1].max() for at in range(5 * step, len(heard))]
    )
    return float(np.max(heard[5 * step :] - before) / meter.RISE_WINDOW_S)


def stretches(samples, plan, begins_s):
    """Return what sounds from silence to silence, with the fade into it: parts of samples."""
    found = []
    start = 0.0
    for at in range(plan.segments):
        if plan.source(at) == "silence":
            found.append(samples[round(start * RATE_HZ) : round((begins_s[at] + FADE_S) * RATE_HZ)])
            start = begins_s[at + 1]
    found.append(samples[round(start * RATE_HZ) :])
    # From its first sound on: a beginning out of zeros is judged like a session's.
    return [part[np.flatnonzero(part)[0] :] for part in found if np.any(part)]
