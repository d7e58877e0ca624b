"""On the chip beside the firmware: loads what looks at the light and lets go of it, as each pull of a cable does."""

import gc

from firmware.modules import forget


def replug(times):
    for _ in range(times):
        gc.collect()
        from firmware.vitals import Vitals

        vitals = Vitals("adult")
        del vitals, Vitals
        forget("vitals", "light")
        gc.collect()
        print("free", gc.mem_free())  # pyright: ignore[reportAttributeAccessIssue]
    print("done")
