#!/usr/bin/env bash
# music21 10.5.1 drops the invisible rest of ABC, and a sharp at the bar line that it is tied over.
#
# x is a rest that is not drawn; music21 leaves it out and moves the rest of the bar forward, without a word.
# ^F-|F is one long F sharp; music21 reads the second half as F natural, a new note of another pitch.
# Both are right in its MusicXML reader, so the same tune comes out differently by the way it took.
# Seen: a bar of C x D E has three beats, and the tied pair is F sharp and F natural.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install music21==10.5.1
"$there/bin/python" > seen << 'END'
import music21

tune = music21.converter.parse("X:1\nT:a\nM:4/4\nL:1/4\nK:C\nC x D E|C D E ^F-|F G A2|\n", format="abc")
for bar in tune.recurse().getElementsByClass("Measure"):
    print(*(f"{n.nameWithOctave if n.isNote else 'rest'}@{float(n.offset):g}" for n in bar.notesAndRests))
END
cat seen
diff - seen << 'END'
C4@0 D4@1 E4@2
C4@0 D4@1 E4@2 F#4@3
F4@0 G4@1 A4@2
END
