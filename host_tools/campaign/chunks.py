"""Results as files that can be joined: one a block of sessions, its name saying which.

A campaign can be stopped, taken elsewhere and gone on with: whatever chunks lie in the folder count, if they are of the
same plan and the same program. Two folders are joined by copying the files of one into the other.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from host_tools.campaign.plan import TIERS, CampaignPlan
from host_tools.campaign.session import Record
from simulator.files.errors import CalandoError, os_reason

BLOCK = {"S": 20, "D": 1}  # sessions a chunk: some seconds of work
FOLDER = "chunks"


@dataclass(frozen=True)
class Block:
    """Sessions `first` to `first + count` of a cohort in a tier; `missing` are those still to be played."""

    cohort: str
    tier: str
    first: int
    missing: tuple[int, ...]

    @property
    def file(self) -> str:
        return f"{self.cohort}-{self.tier}-{self.first:08d}.jsonl.gz"


def read(path: Path, plan: str, program: str) -> list[Record]:
    """Return the records of a chunk. Raises CalandoError for one that is damaged, or of another plan or program."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            head, *records = [json.loads(line) for line in file]
    except (OSError, EOFError, ValueError) as error:
        reason = (
            os_reason(error) if isinstance(error, OSError) and error.errno else "it is cut off or damaged"
        )
        raise CalandoError(f"{path} cannot be read ({reason}); remove it and run again") from None
    for name, wanted, word in (("plan", plan, "plan"), ("program", program, "version of the program")):
        _refuse_other(path, word, head.get(name), wanted)
    return records


def refuse_another_plan(out: Path, plan: str) -> None:
    """Raise CalandoError where a folder holds a campaign of another plan: its chunks may be of cohorts that this one has
    not, and its result would be written over."""
    for path in sorted((out / FOLDER).glob("*.jsonl.gz")):
        try:
            with gzip.open(path, "rt", encoding="utf-8") as file:
                head = json.loads(file.readline())
        except (OSError, EOFError, ValueError):
            continue  # a damaged one is told when it is read
        _refuse_other(path, "plan", head.get("plan"), plan)
    path = out / "result.json"
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if isinstance(there, dict):
        _refuse_other(path, "plan", there.get("plan"), plan)


def _refuse_other(path: Path, word: str, found: object, wanted: str) -> None:
    if found != wanted:
        raise CalandoError(
            f"{path} is of another {word} ({str(found)[:12]}, not {wanted[:12]}); "
            "choose another folder with --out, or remove what is there"
        )


def write(folder: Path, block: Block, records: list[Record], plan: str, program: str) -> None:
    """Join new records with those of the block that are there; the file appears whole. Same records, same bytes."""
    path = folder / block.file
    if path.is_file():
        records = records + read(path, plan, program)
    by_number = {record["number"]: record for record in records}
    lines = [json.dumps({"plan": plan, "program": program}, sort_keys=True)]
    lines += [line_of(by_number[number]) for number in sorted(by_number)]
    data = gzip.compress(("\n".join(lines) + "\n").encode(), compresslevel=6, mtime=0)
    beside = path.with_suffix(".new")
    beside.write_bytes(data)
    beside.replace(path)


def line_of(record: Record) -> str:
    """Return a record as one line, always the same for the same record: what the digest is made of."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def blocks(folder: Path, plan: CampaignPlan, shares: dict[tuple[str, str], int], program: str) -> list[Block]:
    """Return every block with something still to play, cohorts and tiers in turn so that each gets on."""
    found: list[tuple[float, Block]] = []
    for (cohort, tier), count in shares.items():
        size = BLOCK[tier]
        for first in range(0, count, size):
            wanted = range(first, min(first + size, count))
            block = Block(cohort, tier, first, tuple(wanted))
            path = folder / block.file
            if path.is_file():
                have = {record["number"] for record in read(path, plan.digest, program)}
                block = Block(cohort, tier, first, tuple(number for number in wanted if number not in have))
            if block.missing:
                found.append(((first + size) / count, block))
    found.sort(key=lambda one: (one[0], one[1].tier, one[1].cohort))
    return [block for _, block in found]


def records(
    folder: Path, plan: CampaignPlan, shares: dict[tuple[str, str], int], program: str
) -> Iterator[Record]:
    """Return all records that are there, in one order: cohorts as the plan has them, tier S before D, by number."""
    for cohort in plan.cohort:
        for tier in TIERS:
            count = shares.get((cohort.name, tier), 0)
            for first in range(0, count, BLOCK[tier]):
                path = folder / Block(cohort.name, tier, first, ()).file
                if path.is_file():
                    for record in read(path, plan.digest, program):
                        if record["number"] < count:
                            yield record
