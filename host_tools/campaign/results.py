"""What a campaign leaves in its folder: result.json, report.html, the worst sessions and the failures as scenarios."""

import json
from pathlib import Path
from typing import Any

from host_tools.campaign import cases, chunks, page, shrink
from host_tools.campaign.runner import Run
from host_tools.campaign.tally import tally
from host_tools.judge import laws

WORST_FOLDER, FAILURES_FOLDER = "worst", "failures"


def write(run: Run) -> dict[str, Any]:
    """Count what is in the folder and write the files; returns what result.json holds."""
    records = chunks.records(run.folder / chunks.FOLDER, run.plan, run.shares, run.program)
    counted = tally(run.plan, run.shares, records)
    result = counted.result()
    links = _write_worst(run, result)
    small = _write_failures(run)
    told = {
        "sessions_played_now": run.played,
        "seconds": round(run.took_s, 1),
        "workers": run.workers,
        "program": run.program,
        "failures_made_small": small,
    }
    _write(run.folder / "result.json", json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    _write(run.folder / "run.json", json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    _write(run.folder / "report.html", page.html(counted, result, told, links, run.folder))
    return result


def _write(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _write_worst(run: Run, result: dict[str, Any]) -> dict[tuple[str, int], str]:
    """The worst sessions of each law, cohort and tier as scenarios; returns their files by cohort and number."""
    wanted: set[tuple[str, int]] = set()
    for margin in result["margins"].values():
        for cohort, tiers in margin["cohorts"].items():
            for told in tiers.values():
                # Where the worst is like all others there is nothing to look at.
                if told["least"] < told["median"]:
                    wanted |= {(cohort, worst["session"]) for worst in told["worst"]}
    wanted |= {(failed["cohort"], failed["number"]) for failed in result["failing"]}
    folder = run.folder / WORST_FOLDER
    folder.mkdir(exist_ok=True)
    by_name = {cohort.name: cohort for cohort in run.plan.cohort}
    links = {}
    for cohort, number in sorted(wanted):
        name = f"{cohort}-{number}.toml"
        links[cohort, number] = f"{WORST_FOLDER}/{name}"
        if not (folder / name).is_file():
            values = cases.scenario_of(run.plan, by_name[cohort], number)
            note = f'Session {number} of the cohort {cohort}, as drawn by the plan "{run.plan.title}".'
            (folder / name).write_text(shrink.text(values, [note]), encoding="utf-8")
    _leave_only(folder, {Path(link).name for link in links.values()})
    return links


def _leave_only(folder: Path, names: set[str]) -> None:
    """Take away what a shorter run, or one that was broken off, wrote there: no page links to it any more."""
    for path in folder.glob("*.toml"):
        if path.name not in names:
            path.unlink()


def _write_failures(run: Run) -> list[dict[str, Any]]:
    folder = run.folder / FAILURES_FOLDER
    told = []
    for found in run.made_small:
        folder.mkdir(exist_ok=True)
        name = f"{found['cohort']}-{found['tier']}-{found['number']}-{found['law']}.toml"
        says = laws.LAWS[found["law"]][2] if found["law"] in laws.LAWS else laws.BARE_LAWS[found["law"]]
        notes = [
            f"Found in tier {found['tier']}, cohort {found['cohort']}, session {found['number']}.",
            f"The law {found['law']}: {says}.",
            f"What happened: {found['note']}.",
        ]
        if found["device_fails"] is None:
            notes.append("At the step level; on the whole device it was not played.")
        elif not found["device_fails"]:
            notes.append("At the step level only: the whole device keeps every limit here.")
        margins = found.get("margins")
        if margins:
            notes.append(
                "Margins: "
                + ", ".join(f"{law} {value:g} {laws.UNITS[law]}" for law, value in margins.items())
                + "."
            )
        (folder / name).write_text(shrink.text(found["values"], notes), encoding="utf-8")
        told.append({
            "file": f"{FAILURES_FOLDER}/{name}", "law": found["law"], "cohort": found["cohort"], "tier": found["tier"],
            "events": len(found["values"]["event"]), "device_fails": found["device_fails"], "what": found["note"],
        })  # fmt: skip
    if run.complete:  # one that was broken off has made nothing small
        _leave_only(folder, {Path(one["file"]).name for one in told})
    return told
