#!/usr/bin/env bash
# littlefs-python 0.19.0: a full flash is no OSError, and where the file is buffered it comes at close, not at write.
#
# The files of littlefs-python look like Python's, and a file that is not there raises FileNotFoundError; but a flash without room
# raises LittleFSError, whose parent is Exception. A program that was written for MicroPython on the same flash, where
# it is OSError 28, and catches that, ends on the desk with a traceback where the device goes on.
# Seen: a file larger than an image of eight blocks.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install littlefs-python==0.19.0
"$there/bin/python" > seen << 'END'
import littlefs

flash = littlefs.LittleFS(block_size=4096, block_count=8)
try:
    flash.open("nothing", "rb")
except Exception as error:
    print("not there:", type(error).__name__, isinstance(error, OSError))
file = flash.open("full", "wb", buffering=1 << 20)
print("write took", file.write(bytes(60_000)))
try:
    file.close()
except Exception as error:
    print("no room:", type(error).__name__, isinstance(error, OSError), error.code)
END
cat seen
diff - seen << 'END'
not there: FileNotFoundError True
write took 60000
no room: LittleFSError False -28
END
