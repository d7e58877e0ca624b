#!/usr/bin/env bash
# music21 10.5.1 moves the short notes of a MIDI file: four of a thirty-second each become two chords.
#
# Its reader rounds onsets and lengths to quarters and thirds of a beat unless quantizePost=False is given, and notes that
# land on the same place become a chord. So a lullaby's turn, or five notes in the time of four, is not in the score that
# was read, and nothing is said. With quantizePost=False all are there.
# Seen: 60 62 64 65, a thirty-second each, are read as the chords 60+62 and 64+65.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install music21==10.5.1 mido==1.3.3
"$there/bin/python" > seen << 'END'
import mido, music21

file = mido.MidiFile(ticks_per_beat=96)
track = mido.MidiTrack()
file.tracks.append(track)
for note, ticks in ((60, 12), (62, 12), (64, 12), (65, 12), (67, 48), (69, 96)):
    track.append(mido.Message("note_on", note=note, velocity=64))
    track.append(mido.Message("note_off", note=note, time=ticks))
file.save("turn.mid")
for options in ({}, {"quantizePost": False, "forceSource": True}):
    score = music21.converter.parse("turn.mid", **options)
    print(*("+".join(str(p.midi) for p in n.pitches) + f"@{float(n.offset):g}" for n in score.flatten().notes))
END
cat seen
diff - seen << 'END'
60+62@0 64+65@0.25 67@0.5 69@1
60@0 62@0.125 64@0.25 65@0.375 67@0.5 69@1
END
