"""Which session is number N of a cohort: a point of a Sobol' sequence, as values of the factors.

Everything follows from the plan's digest, the cohort's name and the number: no clock, no order of asking, no state.
"""

import hashlib
import warnings
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from scipy.stats import norm, qmc

from host_tools.campaign import factors
from host_tools.campaign.plan import CampaignPlan, Cohort, Drawn

Values = dict[str, float | str]
_BITS = 30


def seed(digest: str, cohort: str, number: int) -> int:
    """Return the seed of a session, 0 to 2^31 - 1: the first 31 bits of SHA-256 over the plan's digest and its number."""
    text = f"{digest}/{cohort}/{number}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def points(digest: str, cohort: str, first: int, count: int) -> np.ndarray:
    """Return the points `first` to `first + count` of the cohort's Sobol' sequence, count x factors, each within 0 to 1.

    Scrambled after Owen by the plan's digest (scipy.stats.qmc.Sobol), so that no corner of the cube stays empty: any 2^n
    neighbours of the sequence fill it evenly.
    """
    scramble = int.from_bytes(hashlib.sha256(f"{digest}/{cohort}".encode()).digest()[:8], "big")
    sequence = qmc.Sobol(len(factors.TABLE), scramble=True, bits=_BITS, rng=np.random.default_rng(scramble))
    if first:
        sequence.fast_forward(first)
    with warnings.catch_warnings():
        # A run need not end at a power of two; the sequence is as even there as it can be.
        warnings.filterwarnings("ignore", message="The balance properties", category=UserWarning)
        return sequence.random(count)


@lru_cache(maxsize=8)
def _block(digest: str, cohort: str, block: int, size: int) -> np.ndarray:
    return points(digest, cohort, block * size, size)


def draw(plan: CampaignPlan, cohort: Cohort, number: int) -> Values:
    """Return the factors' values of one session: numbers, or words."""
    size = 256
    point = _block(plan.digest, cohort.name, number // size, size)[number % size]
    place = dict(zip(factors.TABLE, point, strict=True))
    population = str(_value("population", cohort, place["population"], "newborn"))
    return {
        name: population if name == "population" else _value(name, cohort, place[name], population)
        for name in factors.TABLE
    }


def _value(name: str, cohort: Cohort, at: float, population: str) -> float | str:
    """A factor's value at a place between 0 and 1."""
    factor = factors.TABLE[name]
    given = cohort.factors.get(name)
    drawn = None if given is None else given.of(population)
    if name == "recording" and drawn is None:
        return "none"  # real light is a cohort of its own
    allowed = factor.allowed(population)
    if factor.words:
        words = [word for word in allowed if isinstance(word, str)]
        weights = [1.0] * len(words)
        if drawn is not None and drawn.choice is not None:
            weights = [drawn.choice.get(word, 0.0) for word in words]
            if not sum(weights):  # a choice of the other population's words alone
                weights = [1.0] * len(words)
        return words[
            int(np.searchsorted(np.cumsum(weights) / sum(weights), at, side="right").clip(0, len(words) - 1))
        ]
    low, high = float(allowed[0]), float(allowed[1])
    value = (
        low + float(at) * (high - low) if drawn is None else min(max(_quantile(drawn, float(at)), low), high)
    )
    if factor.step:
        value = round(round(value / factor.step) * factor.step, 6)
    return round(value, 4)


def _quantile(drawn: Drawn, at: float) -> float:
    """Return where a share `at` of the distribution lies below: even, or a normal one cut off at both ends."""
    low, high = drawn.low or 0.0, drawn.high or 0.0
    if drawn.mean is None or drawn.sd is None:
        return low + at * (high - low)
    below, until = norm.cdf([(low - drawn.mean) / drawn.sd, (high - drawn.mean) / drawn.sd])
    return float(drawn.mean + drawn.sd * norm.ppf(below + at * (until - below)))


def coverage(digest: str, cohort: str, numbers: Iterable[int], parts: int = 4) -> dict[str, float]:
    """Return how well the drawn points cover all pairs of factors, each cut into `parts`: the least and the mean
    share of the
    parts x parts cells that at least one session was in. The cells are of equal chance, whatever is drawn from."""
    chosen = np.array(sorted(numbers))
    if not len(chosen):
        return {"pairs": 0, "least": 0.0, "mean": 0.0}
    cube = points(digest, cohort, 0, int(chosen[-1]) + 1)[chosen]
    cells = np.minimum((cube * parts).astype(np.int64), parts - 1)
    shares = []
    for one in range(cells.shape[1]):
        for other in range(one):
            shares.append(len(np.unique(cells[:, one] * parts + cells[:, other])) / parts**2)
    return {"pairs": len(shares), "least": round(min(shares), 4), "mean": round(float(np.mean(shares)), 4)}
