"""The files for the Pico 2 (armv7emsp) on a Cortex-M of QEMU: every song, soundscape and recording has the desk's sums.

Where CALANDO_QEMU_FIRMWARE names the firmware.elf of MicroPython's qemu port: docs/simulator.md says how to build it.
"""

import json
from pathlib import Path

import armv7_board
import pytest
import recordings
from golden_sounds import NAMES, RECORDINGS, plan_for, sums

from host_tools.sound import render_script
from simulator.interpreter import device_image

SECONDS = 600
needs_board = pytest.mark.skipif(armv7_board.why_not() is not None, reason=str(armv7_board.why_not()))
READ = """
import render_script
class Kept:
    def __init__(self, path):
        self.data = FILES[path]
    def read_into(self, offset, buffer):
        piece = self.data[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)
render_script._File = Kept
"""
PLAY = """
import gc, hashlib, json
gc.collect()
player = render_script.Player(json.loads(bytes(FILES["plan.json"])))
digest = hashlib.sha256()
block = player.render()
while block is not None:
    digest.update(block)
    block = player.render()
print(binascii.hexlify(digest.digest()).decode()[:24])
del player, block
"""


@pytest.fixture(scope="module")
def board():
    found = armv7_board.Board(SECONDS)
    # With the source's names: plans call them.
    image = device_image("armv7emsp", {"render_script.py": Path(render_script.__file__)}, compacted=False)
    for path in sorted(image.rglob("*.mpy")):
        name = path.relative_to(image).as_posix()
        if "/" not in name or (
            name.startswith("firmware/") and name.split("/")[1] not in ("usb", "drivers", "light")
        ):
            found.put(name, path.read_bytes())
    found.run(READ)
    yield found
    found.close()


@needs_board
@pytest.mark.parametrize("name", NAMES)
def test_it_sounds_the_same_on_the_other_chip(board, name):
    plan = plan_for(name)
    if name in RECORDINGS:
        data = recordings.scrambled(RECORDINGS[name], 12000)
        board.put("recording.adp", data)
        plan.update(recording="recording.adp", recording_bytes=len(data))
    board.put("plan.json", json.dumps(plan).encode())
    assert board.run(PLAY).strip() == sums()[name]
