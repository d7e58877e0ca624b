"""Chunks are files that can be joined, and never with those of another plan or program."""

import pytest

from host_tools.campaign import chunks, plan, runner
from host_tools.campaign.chunks import Block
from host_tools.campaign.tally import tally
from simulator.files.errors import CalandoError

PLAN = plan.from_values({
    "title": "t",
    "cohort": [{"name": "worst", "kind": "worst_case", "what": "all", "sessions": {"S": 120, "D": 3}}],
})  # fmt: skip
SHARES = PLAN.shares()


def record(number, tier="S", broken=None):
    return {
        "cohort": "worst", "tier": tier, "number": number, "seed": number, "ends": [[5.0, "faded", "pressed"]],
        "margins": {"level": 10.0 - number / 100}, "broken": broken or {}, "measures": {"sounding_s": 60.0},
        "provoked": [22], "compared": None,
    }  # fmt: skip


def fill(folder, numbers, tier="S", program="p"):
    folder.mkdir(exist_ok=True)
    size = chunks.BLOCK[tier]
    for first in sorted({number // size * size for number in numbers}):
        own = tuple(number for number in numbers if first <= number < first + size)
        records = [record(number, tier) for number in own]
        chunks.write(folder, Block("worst", tier, first, own), records, PLAN.digest, program)


def counted(folder):
    return tally(PLAN, SHARES, chunks.records(folder, PLAN, SHARES, "p"))


def test_what_is_missing_is_played_and_nothing_twice(tmp_path):
    fill(tmp_path, [0, 1, 2, *range(20, 100)])
    todo = {(block.tier, block.first): block.missing for block in chunks.blocks(tmp_path, PLAN, SHARES, "p")}
    assert todo == {
        ("S", 0): tuple(range(3, 20)), ("S", 100): tuple(range(100, 120)), ("D", 0): (0,), ("D", 1): (1,), ("D", 2): (2,),
    }  # fmt: skip


def test_halves_of_two_machines_join_to_the_same_bytes_and_digest(tmp_path):
    whole, here, there = tmp_path / "whole", tmp_path / "here", tmp_path / "there"
    fill(whole, list(range(120)))
    fill(whole, [0, 1, 2], "D")
    fill(here, list(range(50)))
    fill(here, list(range(50, 60)))  # the same block, gone on with
    fill(there, list(range(60, 120)))
    fill(there, [2, 0, 1], "D")
    for path in there.iterdir():
        (here / path.name).write_bytes(path.read_bytes())
    assert {path.name: path.read_bytes() for path in here.iterdir()} == {
        path.name: path.read_bytes() for path in whole.iterdir()
    }
    assert counted(here).digest == counted(whole).digest
    assert counted(whole).complete and counted(whole).result()["cohorts"]["worst"]["S"]["sessions"] == 120


def test_the_digest_sees_a_changed_margin_and_an_unfinished_run(tmp_path):
    fill(tmp_path, list(range(120)))
    before = counted(tmp_path)
    assert not before.complete
    path = tmp_path / Block("worst", "S", 0, ()).file
    records = chunks.read(path, PLAN.digest, "p")
    records[3]["margins"]["level"] += 0.01
    path.unlink()
    chunks.write(tmp_path, Block("worst", "S", 0, ()), records, PLAN.digest, "p")
    assert counted(tmp_path).digest != before.digest


@pytest.mark.parametrize(
    ("plan_digest", "program", "words"),
    [("other", "p", "of another plan"), (PLAN.digest, "q", "version of the program")],
)
def test_a_chunk_of_another_plan_or_program_is_refused(tmp_path, plan_digest, program, words):
    chunks.write(tmp_path, Block("worst", "S", 0, (0,)), [record(0)], plan_digest, program)
    with pytest.raises(CalandoError, match=words):
        chunks.blocks(tmp_path, PLAN, SHARES, "p")


def test_a_folder_of_another_plan_is_refused_whatever_its_cohorts_are_called(tmp_path):
    folder = tmp_path / "out" / chunks.FOLDER
    folder.mkdir(parents=True)
    chunks.write(folder, Block("night", "D", 0, (0,)), [record(0)], "other", "p")
    (tmp_path / "out" / "result.json").write_text("the result of a week")
    with pytest.raises(CalandoError, match="of another plan"):
        runner.run(PLAN, tmp_path / "out", 2, 1)
    assert (tmp_path / "out" / "result.json").read_text() == "the result of a week"
    assert [path.name for path in folder.iterdir()] == [Block("night", "D", 0, ()).file]


def test_a_result_of_another_plan_without_its_chunks_is_refused_too(tmp_path):
    (tmp_path / "result.json").write_text('{"plan": "other"}')
    with pytest.raises(CalandoError, match="of another plan"):
        runner.run(PLAN, tmp_path, 2, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_a_chunk_that_is_cut_off_is_told(tmp_path):
    fill(tmp_path, list(range(50)))
    path = tmp_path / Block("worst", "S", 0, ()).file
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CalandoError, match="cut off or damaged"):
        chunks.blocks(tmp_path, PLAN, SHARES, "p")


def test_failures_margins_and_hazards_are_counted_cohort_by_cohort(tmp_path):
    fill(tmp_path, list(range(119)))
    chunks.write(
        tmp_path,
        Block("worst", "S", 100, (119,)),
        [record(119, broken={"level": "61 dB(A)"})],
        PLAN.digest,
        "p",
    )
    result = counted(tmp_path).result()
    told = result["cohorts"]["worst"]["S"]
    assert (told["sessions"], told["failures"], told["method"]) == (120, 1, "Clopper-Pearson")
    spread = result["margins"]["level"]["cohorts"]["worst"]["S"]
    assert spread["least"] == pytest.approx(8.81) and len(spread["worst"]) == 10
    assert spread["worst"][0] == {"session": 119, "margin": 8.81}
    assert result["hazards"]["22"] == {"sessions": 120} and "cannot" in result["hazards"]["15"]
    assert result["failing"] == [
        {"cohort": "worst", "tier": "S", "number": 119, "broken": {"level": "61 dB(A)"}}
    ]
