"""One session of a campaign, played in a tier and judged: a pure function of plan, cohort, tier and number."""

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Any

from host_tools.campaign import cases, compare, provoked
from host_tools.campaign.plan import CampaignPlan, Cohort
from host_tools.judge import limits, verdict, witness
from host_tools.judge.evidence import Evidence
from simulator import bedside, play, scenario, step_bedside
from simulator.interpreter import ROOT, find_micropython
from simulator.scenario import Scenario

Record = dict[str, Any]
Table = dict[str, dict[str, Any]]
# What a result depends on: of these files the program's digest is made.
PROGRAM = ("firmware", "simulator", "host_tools/campaign", "host_tools/judge", "host_tools/sound/meter.py")


def digest_of(names: Iterable[str]) -> str:
    """Return SHA-256 over files, and over all Python below folders, named from the project's root."""
    found = hashlib.sha256()
    for name in names:
        place = ROOT / name
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


@cache
def program_digest() -> str:
    """Return SHA-256 over all that plays and judges, so that chunks of another firmware are never joined with these."""
    return digest_of(PROGRAM)


def play_one(plan: CampaignPlan, cohort: Cohort, tier: str, number: int, table: Table) -> Record:
    """Play and judge session `number` of a cohort in a tier ("S" or "D").

    The record holds nothing of the machine, its clock or its speed. Raises FileNotFoundError without an interpreter.
    """
    made = scenario.from_values(cases.scenario_of(plan, cohort, number))
    record = look(made, tier, table)
    return {"cohort": cohort.name, "tier": tier, "number": number, "seed": made.seed, **record}


def look(made: Scenario, tier: str, table: Table) -> Record:
    """Play a scenario in a tier and judge it: ends, margins, broken laws, measures, provoked hazards, and in D how the step
    level compares."""
    try:
        evidence = witness_of(made, tier, table)
    except bedside.RuntimeDied as error:
        broken = {"dies": str(error).split("\n")[0]}
        return {"ends": [], "margins": {}, "broken": broken, "measures": {}, "provoked": [], "compared": None}
    own = limits.of(table, evidence.population, "term" if evidence.term else "preterm")
    judged = verdict.judge(evidence, own)
    compared = None
    if tier == "D" and made.patient.recording is None:
        compared, told = compare.compare(made, evidence)
        if compared == compare.DIFFERED:
            judged.broken["same_decision"] = told
        elif compared == compare.READ_OTHERWISE:
            judged.measures["read_otherwise"] = 1.0
    return {
        "ends": [[round(at_s, 1), end, reason] for at_s, end, reason in evidence.ends],
        "margins": dict(sorted(judged.margins.items())),
        "broken": dict(sorted(judged.broken.items())),
        "measures": {name: round(value, 1) for name, value in sorted(judged.measures.items())},
        "provoked": provoked.hazards(evidence, own),
        "compared": compared,
    }


def witness_of(made: Scenario, tier: str, table: Table) -> Evidence:
    """Play a scenario in a tier. A too busy machine's interpreter may be taken for hung: it gets a second try."""
    if tier == "S":
        return witness.of_steps(step_bedside.play(made))
    full_scale_dba = float(table["full_scale_dba"]["newborn"])
    runtime = "micropython" if find_micropython() else "cpython"
    try:
        result = play.run(made, runtime)
    except bedside.RuntimeDied:
        result = play.run(made, runtime)
    return witness.of_device(result, full_scale_dba)
