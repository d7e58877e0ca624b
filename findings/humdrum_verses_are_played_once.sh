#!/usr/bin/env bash
# Humdrum: music21 10.5.1 plays each section of a **kern file once, verovio 6.4.1 in the order that its list says.
#
# A song's repeats are no repeat signs in **kern but labels (*>A) and a list of them (*>[A,A,B]). music21 reads the labels as
# nothing, expandRepeats() finds nothing to expand, and neither says so; verovio's MIDI follows the list. So a folk song of the Essen
# collection has its refrain once or twice by the library that read it.
# Seen: section A is a C, section B is a D, the list says A A B; pitches as MIDI numbers.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install mido==1.3.3 music21==10.5.1 verovio==6.4.1
"$there/bin/python" > seen << 'END'
import base64, io
import mido, music21, verovio

kern = "\n".join(["**kern", "*clefG2", "*k[]", "*M4/4", "*>[A,A,B]", "*>A", "=1", "1c", "=2", "*>B", "1d", "=3", "*-", ""])
part = music21.converter.parse(kern, format="humdrum").parts[0]
print("music21", [n.pitch.midi for n in part.flatten().notes], [n.pitch.midi for n in part.expandRepeats().flatten().notes])
toolkit = verovio.toolkit()
toolkit.loadData(kern)
played = mido.MidiFile(file=io.BytesIO(base64.b64decode(toolkit.renderToMIDI())))
print("verovio", [m.note for track in played.tracks for m in track if m.type == "note_on" and m.velocity])
END
cat seen
diff - seen << 'END'
music21 [60, 62] [60, 62]
verovio [60, 60, 62]
END
