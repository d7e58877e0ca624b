"""Whether red and infrared have changed places in a recording: no tissue pulses so much more in red.

The other way round nothing can be known: exchanged lights at a true 60 to 72 % look like 86 to 92.
"""

from collections.abc import Iterable

import numpy as np

from simulator.recordings.even_light import Samples

STRETCH = 500  # samples that are compared, 5 s
STEADY = 50  # samples to both sides, whose mean is the steady light
ALIKE = 0.8  # correlation of the two lights
RATIO = 1.25  # a saturation below 72 %
_FEWEST = 5  # stretches


def exchanged_ratio(ir: Samples, red: Samples, lost: Samples, ends: Iterable[int]) -> float | None:
    """Return the ratio of ratios of lights that are probably exchanged, None when nothing says so.

    It is the pulse of red over its steady light, by that of infrared: the median of the stretches of 5 s that end at
    `ends` (samples) in which the two lights move alike. Above 1.25, and nearly never under 1, it would be a saturation
    below 72 % from the first to the last beat. `lost`: True where no light is known.
    """
    ratios = []
    ir_shares, red_shares = _pulse_share(ir), _pulse_share(red)
    for end in ends:
        begin = end - STRETCH
        if begin < 0 or lost[begin:end].any():
            continue
        first, other = (shares[begin : end - 2 * STEADY] for shares in (ir_shares, red_shares))
        power = float(first @ first) * float(other @ other)
        if power > 0 and float(first @ other) > ALIKE * power**0.5:
            ratios.append(float(other @ other / (first @ first)) ** 0.5)
    if len(ratios) < _FEWEST:
        return None
    # numpy's own percentile loads a module that nothing else of this needs, and that takes as long as all of this.
    tenth, middle = np.interp(
        [0.1 * (len(ratios) - 1), 0.5 * (len(ratios) - 1)], np.arange(len(ratios)), sorted(ratios)
    )
    return None if tenth < 1 or middle < RATIO else float(middle)


def exchanged_words(ratio: float) -> str:
    """Return the beginning of the sentence about it, up to the file's name for it."""
    return (
        f"the red light pulses {ratio:.2f} times as much as the infrared throughout, as only a saturation "
        "below 72 % or exchanged lights do: if the patient was pink, red and infrared are exchanged in this file"
    )


def _pulse_share(counts: Samples) -> Samples:
    """The pulse as a share of the steady light: what a mean over a second leaves; half a second less at both ends."""
    if len(counts) <= 2 * STEADY:
        return np.empty(0)
    steady = np.convolve(counts, np.full(2 * STEADY + 1, 1 / (2 * STEADY + 1)), "valid")
    with np.errstate(divide="ignore", invalid="ignore"):  # no light at all is asked for by nobody
        return counts[STEADY:-STEADY] / steady - 1
