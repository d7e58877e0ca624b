#!/usr/bin/env bash
# verovio 6.4.1: a tune in C or A minor, read as ABC, is played with the sharps of whatever tune was read before it.
#
# The key signature of the last tune that had one stays, in a fresh toolkit of the same process too, so the same text
# gives other notes the second time. A page that draws a book of songs one after another shows and plays wrong ones,
# and a test that reads one tune a process never sees it. Read as MusicXML nothing is carried over.
# Seen: C F B c in C major is 60 65 71 72 at first, and 61 66 71 73 after a tune in D, in an old and in a new toolkit.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install verovio==6.4.1 mido==1.3.3
"$there/bin/python" > seen << 'END'
import base64, io
import mido, verovio

verovio.enableLog(verovio.LOG_OFF)

def pitches(toolkit, key):
    assert toolkit.loadData(f"X:1\nT:a\nM:4/4\nL:1/4\nK:{key}\nC F B c|\n")
    midi = mido.MidiFile(file=io.BytesIO(base64.b64decode(toolkit.renderToMIDI())))
    return [m.note for track in midi.tracks for m in track if m.type == "note_on" and m.velocity]

toolkit = verovio.toolkit()
toolkit.setInputFrom("abc")
print("C", *pitches(toolkit, "C"))
print("D", *pitches(toolkit, "D"))
print("C again", *pitches(toolkit, "C"))
toolkit = verovio.toolkit()
toolkit.setInputFrom("abc")
print("Am in a new toolkit", *pitches(toolkit, "Am"))
END
cat seen
diff - seen << 'END'
C 60 65 71 72
D 61 66 71 73
C again 61 66 71 73
Am in a new toolkit 61 66 71 73
END
