"""What so many sessions without, or with, a failure allow to be said: over this model, not over patients."""

from scipy.stats import binomtest

CONFIDENCE = 0.95


def upper_bound_95(failures: int, sessions: int) -> tuple[float, str]:
    """Return the share of failing sessions that 95 % confidence does not rule out, and the method's name.

    Without a failure the rule of three, 3/n (Hanley and Lippman-Hand, JAMA 1983); otherwise the one-sided exact bound of
    Clopper and Pearson (Biometrika 1934). Without a session nothing is ruled out: 1.
    """
    if not 0 <= failures <= sessions:
        raise ValueError(f"{failures} failures of {sessions} sessions cannot be")
    if sessions == 0:
        return 1.0, "no session"
    if failures == 0:
        return min(1.0, 3 / sessions), "rule of three"
    found = binomtest(failures, sessions, alternative="less").proportion_ci(CONFIDENCE, method="exact")
    return float(found.high), "Clopper-Pearson"
