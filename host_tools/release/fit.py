"""Whether a firmware fits a board, told before anything is written: MicroPython, machine, form of .mpy, flash."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from host_tools.release.archive import MICROPYTHON
from simulator.files.errors import CalandoError

# sys.implementation._machine of the boards that a release is made for.
MACHINES = {"armv6m": "Raspberry Pi Pico with RP2040", "armv7emsp": "Raspberry Pi Pico 2 with RP2350"}
BLOCK_BYTES = 4096
LEAST_BLOCKS = 320  # a Pico's 2 MB of flash leave its file system 352
SPARE_BLOCKS = 6  # for what littlefs writes anew beside the old: its folders, and /slot
_POINTERS_BYTES = 8  # of a block of a long file, mostly; littlefs chains them


@dataclass(frozen=True)
class Space:
    """What os.statvfs says of the board's file system."""

    block_bytes: int
    blocks: int
    free_blocks: int


def blocks_of(size: int) -> int:
    """Return how many blocks of littlefs a file takes at most: a small one may lie in its folder, and cost none."""
    return max(1, -(-size // (BLOCK_BYTES - _POINTERS_BYTES)))


def blocks_needed(files: dict[str, int]) -> int:
    """Return how many blocks files of these sizes take at most, by their path in the slot, their folders included."""
    folders = {folder for name in files for folder in PurePosixPath(name).parents}
    return sum(map(blocks_of, files.values())) + 2 * len(folders)


def check_board(
    machine: str, micropython: str, arch: str, mpy: int, space: Space, files: dict[str, bytes]
) -> None:
    """Raise CalandoError unless a board is what a firmware was made for. `mpy` is sys.implementation._mpy."""
    if micropython.split(".")[:2] != MICROPYTHON.split(".")[:2]:
        raise CalandoError(
            f"this board has MicroPython {micropython}, and this firmware was made for and tried with {MICROPYTHON}; "
            "put that on it first (docs/hardware.md); nothing was written"
        )
    if machine != MACHINES.get(arch):
        raise CalandoError(
            f"this board says it is a {machine or 'nameless board'}, and this firmware is for a "
            f"{' or a '.join(MACHINES.values())}; take such a board; nothing was written"
        )
    # Machine code says in its third byte for which sub-version of the form it was made; others do not care.
    made_for = {data[2] & 3 for name, data in files.items() if name.endswith(".mpy") and data[2] >> 2}
    has = mpy >> 8 & 3
    if made_for - {has}:
        raise CalandoError(
            f"this board's MicroPython reads machine code of sub-version {has}, and this firmware has "
            f"{', '.join(map(str, sorted(made_for)))}; put MicroPython {MICROPYTHON} on it first; nothing was written"
        )
    if space.blocks < LEAST_BLOCKS:
        raise CalandoError(
            f"the board's file system has {space.blocks} blocks where {LEAST_BLOCKS} are least; "
            "take a board with 2 MB of flash or more; nothing was written"
        )


def check_space(space: Space, needed: int, given_back: int = 0) -> None:
    """Raise CalandoError unless so many blocks fit; `given_back` is what files that go have at least."""
    if not 0 <= space.free_blocks <= space.blocks or space.block_bytes != BLOCK_BYTES:
        raise CalandoError(
            f"the board's file system says that {space.free_blocks} of its {space.blocks} blocks of {space.block_bytes} "
            "bytes are free, which cannot be: it is damaged or overfull; put MicroPython on it anew; nothing was written"
        )
    free = space.free_blocks + given_back
    if needed + SPARE_BLOCKS > free:
        raise CalandoError(
            f"the firmware needs up to {needed + SPARE_BLOCKS} blocks of the flash and the board has {free}; "
            "remove a recording from it first (calando song rm); nothing was written"
        )
