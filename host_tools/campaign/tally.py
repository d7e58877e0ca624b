"""What all sessions together say, cohort by cohort and tier by tier, never pooled; and the digest of it."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from host_tools.campaign import chunks, provoked, sampling
from host_tools.campaign.plan import TIERS, CampaignPlan
from host_tools.campaign.session import Record
from host_tools.campaign.statistics import upper_bound_95
from host_tools.judge import laws
from host_tools.judge.limits import hazard_titles

WORST = 10
SHARES = (0.0, 0.01, 0.1, 0.5, 0.9)  # of a margin's distribution
PROVOKED_LEAST = 100
FAILING_MOST = 1000  # failing sessions that are named one by one

Key = tuple[str, str]  # cohort, tier


@dataclass
class Group:
    """One cohort in one tier."""

    numbers: list[int] = field(default_factory=list)
    failures: int = 0
    broken: Counter = field(default_factory=Counter)
    ends: Counter = field(default_factory=Counter)
    compared: Counter = field(default_factory=Counter)
    measures: Counter = field(default_factory=Counter)
    margins: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Tally:
    """All groups; provoked: sessions by hazard; failing: (cohort, tier, number, what broke)."""

    plan: CampaignPlan
    groups: dict[Key, Group]
    provoked: Counter
    failing: list[dict[str, Any]]
    digest: str
    complete: bool

    def result(self) -> dict[str, Any]:
        """Return what result.json holds: the same for the same sessions, wherever and however they were played."""
        return {
            "title": self.plan.title,
            "plan": self.plan.digest,
            "digest": self.digest,
            "complete": self.complete,
            "cohorts": {
                cohort.name: {
                    tier: self._counts(self.groups[cohort.name, tier])
                    for tier in TIERS
                    if (cohort.name, tier) in self.groups
                }
                for cohort in self.plan.cohort
            },
            "margins": self._margins(),
            "hazards": {str(number): self._hazard(number) for number in hazard_titles()},
            "coverage": {
                cohort.name: {
                    tier: sampling.coverage(
                        self.plan.digest, cohort.name, self.groups[cohort.name, tier].numbers
                    )
                    for tier in TIERS
                    if (cohort.name, tier) in self.groups
                }
                for cohort in self.plan.cohort
            },
            "failing": self.failing,
        }

    def _counts(self, group: Group) -> dict[str, Any]:
        sessions = len(group.numbers)
        bound, method = upper_bound_95(group.failures, sessions)
        good_h = group.measures["good_signal_s"] / 3600
        shown_s = group.measures["shown_s"]
        return {
            "sessions": sessions,
            "failures": group.failures,
            "upper_bound_95": float(f"{bound:.4g}"),
            "method": method,
            "broken": dict(sorted(group.broken.items())),
            "ends": dict(sorted(group.ends.items())),
            "hours_sounding": round(group.measures["sounding_s"] / 3600, 2),
            "hours_of_good_signal": round(good_h, 2),
            "false_stops": int(group.measures["false_stops"]),
            "false_stops_per_hour": round(group.measures["false_stops"] / good_h, 4) if good_h else None,
            "shown_wrong_percent": round(100 * group.measures["wrong_s"] / shown_s, 4) if shown_s else None,
            "compared": dict(sorted(group.compared.items())),
        }

    def _margins(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for law, (unit, hazard, says) in laws.LAWS.items():
            by_cohort: dict[str, Any] = {}
            for (cohort, tier), group in self.groups.items():
                if group.margins.get(law):
                    by_cohort.setdefault(cohort, {})[tier] = _distribution(group.margins[law])
            found[law] = {"unit": unit, "hazard": hazard, "law": says, "cohorts": by_cohort}
        return found

    def _hazard(self, number: int) -> dict[str, Any]:
        told: dict[str, Any] = {"sessions": self.provoked[number]}
        if number in provoked.CANNOT:
            told["cannot"] = provoked.CANNOT[number]
        return told


def _distribution(margins: list[tuple[float, int]]) -> dict[str, Any]:
    values = np.array([margin for margin, _ in margins])
    worst = sorted(margins)[:WORST]
    quantiles = np.quantile(values, SHARES, method="lower")
    return {
        "sessions": len(values),
        "least": round(float(quantiles[0]), 2),
        "p1": round(float(quantiles[1]), 2),
        "p10": round(float(quantiles[2]), 2),
        "median": round(float(quantiles[3]), 2),
        "p90": round(float(quantiles[4]), 2),
        "worst": [{"session": number, "margin": margin} for margin, number in worst],
    }


def tally(plan: CampaignPlan, shares: dict[Key, int], records: Iterable[Record]) -> Tally:
    """Count records that come in the order of chunks.records."""
    groups = {key: Group() for key, count in shares.items() if count}
    occasions: Counter = Counter()
    failing: list[dict[str, Any]] = []
    digest = hashlib.sha256(plan.digest.encode())
    for record in records:
        digest.update(chunks.line_of(record).encode() + b"\n")
        group = groups[record["cohort"], record["tier"]]
        group.numbers.append(record["number"])
        group.failures += bool(record["broken"])
        group.broken.update(record["broken"].keys())
        group.ends.update(
            f"{end}, {reason}" if reason else str(end) for _, end, reason in record["ends"][-1:]
        )
        if record["compared"] is not None:
            group.compared[record["compared"]] += 1
        group.measures.update(record["measures"])
        for law, margin in record["margins"].items():
            group.margins[law].append((margin, record["number"]))
        occasions.update(record["provoked"])
        if record["broken"] and len(failing) < FAILING_MOST:
            failing.append({name: record[name] for name in ("cohort", "tier", "number", "broken")})
    complete = all(len(groups[key].numbers) == count for key, count in shares.items() if count)
    return Tally(plan, groups, occasions, failing, digest.hexdigest(), complete)
