"""How many names a newborn's device keeps on its heap.

MicroPython puts them into tables of 20, 40, 80, 160, 320 and 640, with 6 bytes for each name that could be there: the one
after the 620th takes 3.9 KB.
"""

import ast

from simulator.interpreter import ROOT, device_image
from simulator.mpy_file import MpyFile
from simulator.rom_names import NAMES

FIT = 620
# What a session without a programme, a pattern, a voice, a pace or a display never loads, nor a newborn's; and the desk.
UNUSED = (
    "firmware/usb/",
    "firmware/care/accompany",
    "firmware/care/display",
    "firmware/care/pacer",
    "firmware/care/plan",
    "firmware/care/programme",
    "firmware/care/segments",
    "firmware/care/stranger",
    "firmware/drivers/display",
    "firmware/drivers/usb_serial",
    "firmware/light/adult_rates",
    "firmware/light/breath",
    "firmware/light/rhythm",
    "firmware/light/variability",
    "firmware/prescription/programme",
    "firmware/prescription/schema",
    "firmware/sound/accompaniment",
    "firmware/sound/adpcm",
    "firmware/sound/alarms",
    "firmware/sound/pattern",
    "firmware/sound/segue",
    "firmware/sound/swell",
    "firmware/version",
)


def kept_names():
    """Return the names of modules and of their files, and those in them and in the starting files, which MicroPython
    compiles there: 608, where an emulated chip that played had 605.
    """
    image = device_image("armv6m")
    names: set[str] = set()
    for path in image.rglob("*.mpy"):
        file = path.relative_to(image).as_posix()
        if not file.startswith(UNUSED):
            module = file.removesuffix(".mpy")
            names |= {f"/packed/{file}", module.replace("/", "."), *module.split("/")}
            names |= MpyFile(path.read_bytes()).names
    for path in (ROOT / "firmware" / "root").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names |= {
                getattr(node, place)
                for place in ("id", "attr", "arg", "name")
                if isinstance(getattr(node, place, None), str)
            }
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) <= 10:
                names.add(node.value)
    return names - NAMES


def test_the_names_of_a_newborns_device_fit_without_another_table():
    assert len(kept_names()) <= FIT
