#!/usr/bin/env bash
# littlefs: what a file costs is not its size rounded up to blocks.
#
# A folder takes two blocks (8 KB of a Pico's flash) however few files it holds. A file of some hundred bytes lies in
# its folder and takes none. From one block on, a file needs room for the pointers of its
# list: two full blocks of bytes take three, and the 8 188 bytes that fit are four less. So a table of free bytes
# promises what cannot be written, and many small folders fill a flash that a sum of sizes calls empty.
# Seen with blocks of 4 096 bytes: blocks taken by a folder, and by files of so many bytes.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install littlefs-python==0.19.0
"$there/bin/python" > seen << 'END'
from littlefs import LittleFS

def blocks(act):
    flash = LittleFS(block_size=4096, block_count=64)
    before = flash.used_block_count
    act(flash)
    return flash.used_block_count - before

def file(size):
    def write(flash):
        with flash.open("a", "wb") as out:
            out.write(b"x" * size)
    return write

print("folder", blocks(lambda flash: flash.mkdir("a")))
for size in (100, 1024, 4096, 4097, 8188, 8189, 8192, 12276, 12280):
    print(size, blocks(file(size)))
END
cat seen
diff - seen << 'END'
folder 2
100 0
1024 1
4096 1
4097 2
8188 2
8189 3
8192 3
12276 3
12280 4
END
