"""What the tests on the simulated bedside share."""

import tomllib
from pathlib import Path

from firmware.memory.journal import RECORD_BYTES, read_record
from simulator import bedside, flash, scenario
from simulator.runtimes import micropython

SIM = Path(__file__).resolve().parents[1] / "sim"  # scripts that boot a device in their own way lie there
RATE_HZ = 16000
BROKEN_AT_S = 14
BROKEN_TEXT = 'title = "t"\nduration_s = 30\n[[event]]\nat_s = 4\ndo = "press"\n'


def from_text(text: str) -> scenario.Scenario:
    """A scenario from the text of its file."""
    return scenario.from_values(tomllib.loads(text))


def records(session: bytes | None) -> list[dict]:
    """The records of a session as the device's store holds it."""
    assert session is not None, "no session was saved"
    return [read_record(session[at : at + RECORD_BYTES]) for at in range(0, len(session), RECORD_BYTES)]


def fill(chip):
    """Leave no free block in a flash's file system, or nearly; returns how many there are."""
    files = flash.mount(chip.read, chip.program, chip.erase)
    for blocks in (64, 8, 1):
        count = 0
        # One more: littlefs looks for a place before it gives one up.
        while flash.SECTORS - files.used_block_count > blocks + 1:
            with files.open(f"filler.{blocks}.{count}", "wb") as file:
                file.write(bytes(blocks * flash.SECTOR_BYTES - 64))
            count += 1
    with files.open("last", "wb") as file:
        for _ in range(flash.SECTORS - files.used_block_count):
            try:
                file.write(bytes(flash.SECTOR_BYTES - 64))
                file.flush()
            except flash.littlefs.LittleFSError:
                break
    used = files.used_block_count
    files.unmount()
    return flash.SECTORS - used


def play_broken(task: str, how: str) -> tuple[bedside.Result, bedside.Bedside]:
    """BROKEN_TEXT on a device whose task of that name fails at BROKEN_AT_S, as tests/sim/broken_task.py says how."""
    bench = bedside.Bedside(from_text(BROKEN_TEXT), display=task == "display")
    heap = micropython.boot(bench, SIM / "broken_task.py", task, str(BROKEN_AT_S), how)
    boots = 1
    while bench.next_boot is not None:
        heap = micropython.boot(bench)
        boots += 1
        assert boots < 5, "the device resets for ever"
    return bench.result("micropython", 0.0, heap), bench
