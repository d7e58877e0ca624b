"""A firmware is refused in a sentence before anything is written, where the board is another or has no room for it."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from littlefs import LittleFS

from host_tools.release import fit
from simulator.files.errors import CalandoError

PICO = "Raspberry Pi Pico with RP2040"
MPY = 6 | 3 << 8 | 4 << 10  # form 6.3, armv6m
FILES = {"firmware/a.mpy": b"C\x06\x13\x1f", "firmware/b.mpy": b"C\x06\x00\x1f", "manifest.json": b"{}"}
ROOM = fit.Space(4096, 352, 340)


@pytest.mark.parametrize("micropython", ["1.28.0", "1.28.1"])
def test_the_board_that_it_was_made_for_is_taken(micropython):
    fit.check_board(PICO, micropython, "armv6m", MPY, ROOM, FILES)
    fit.check_board("Raspberry Pi Pico 2 with RP2350", micropython, "armv7emsp", MPY, ROOM, {})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"micropython": "1.19.1"}, "has MicroPython 1.19.1, and this firmware was made for and tried with 1.28.0"),
        ({"micropython": "1.22.0"}, "put that on it first"),
        ({"micropython": "1.29.0"}, "has MicroPython 1.29.0"),
        ({"machine": "Raspberry Pi Pico W with RP2040"}, "says it is a Raspberry Pi Pico W with RP2040"),
        ({"machine": "Adafruit Feather RP2040 with rp2040"}, "take such a board"),
        ({"machine": ""}, "nameless board"),
        ({"arch": "x64"}, "this firmware is for a"),
        ({"mpy": 6 | 2 << 8 | 4 << 10}, "reads machine code of sub-version 2, and this firmware has 3"),
        ({"space": fit.Space(4096, 128, 100)}, "has 128 blocks where 320 are least"),
    ],
)  # fmt: skip
def test_another_board_is_a_sentence(change, says):
    board = {
        "machine": PICO,
        "micropython": "1.28.0",
        "arch": "armv6m",
        "mpy": MPY,
        "space": ROOM,
        "files": FILES,
    }
    with pytest.raises(CalandoError, match=says) as refused:
        fit.check_board(**board | change)
    assert str(refused.value).endswith("nothing was written")


@pytest.mark.parametrize(
    "space",
    [
        fit.Space(4096, 352, 4294967294),
        fit.Space(4096, 352, 353),
        fit.Space(4096, 352, -1),
        fit.Space(512, 352, 9),
    ],
)
def test_what_a_damaged_file_system_says_is_not_believed(space):
    with pytest.raises(
        CalandoError, match=r"which cannot be: it is damaged or overfull.*nothing was written"
    ):
        fit.check_space(space, 1)


def test_blocks_are_counted_and_not_bytes():
    files = {f"firmware/m{number}.mpy": 100 for number in range(100)}
    needed = fit.blocks_needed(files)
    assert needed >= 100
    fit.check_space(fit.Space(4096, 352, needed + fit.SPARE_BLOCKS), needed)
    with pytest.raises(CalandoError, match="needs up to 110 blocks of the flash and the board has 109"):
        fit.check_space(fit.Space(4096, 352, needed + fit.SPARE_BLOCKS - 1), needed)
    fit.check_space(fit.Space(4096, 352, 60), needed, given_back=60)


sizes = st.lists(st.sampled_from([0, 1, 200, 600, 2000, 4095, 4097, 9000, 20_000]), min_size=1, max_size=30)


@settings(max_examples=40)
@given(sizes, st.integers(1, 4))
def test_littlefs_never_takes_more_than_was_counted(chosen, depth):
    files = {f"{'/'.join(f'f{n % depth}' for n in range(place % depth + 1))}/m{place}.mpy": size
             for place, size in enumerate(chosen)}  # fmt: skip
    flash = LittleFS(block_size=4096, block_count=352, prog_size=256, read_size=32, cache_size=1024)
    before = flash.used_block_count
    flash.mkdir("/a")
    for name, size in files.items():
        flash.makedirs(f"/a/{os.path.dirname(name)}", exist_ok=True)
        with flash.open(f"/a/{name}", "wb") as file:
            file.write(os.urandom(size))
    assert flash.used_block_count - before <= fit.blocks_needed(files) + fit.SPARE_BLOCKS
