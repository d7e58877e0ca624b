"""Modules that are needed for a moment: imported where they are used, and forgotten, because the chip's heap is small."""

import sys

import firmware


def forget(*names):
    """Let modules of the firmware be collected once nobody holds anything of theirs; the next import loads them anew."""
    for name in names:
        if sys.modules.pop("firmware." + name, None) is not None:
            delattr(firmware, name)
