"""Modules that are needed for a moment: imported where they are used, and forgotten, because the chip's heap is small."""

import sys


def forget(*names):
    """Let modules of the firmware be collected once nobody holds anything of theirs; the next import loads them anew.

    A name is one module ("usb.desk") or a whole room ("prescription"), with all that was loaded of it.
    """
    for name in names:
        name = "firmware." + name
        for module in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
            del sys.modules[module]
            room, _, own = module.rpartition(".")
            if room in sys.modules:  # or the room has gone before what was in it
                delattr(sys.modules[room], own)
