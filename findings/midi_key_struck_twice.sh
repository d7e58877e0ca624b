#!/usr/bin/env bash
# MIDI: a key struck again before it was let go is two notes, one note, or two that end at once, by the reader.
#
# Pianos and accordions with a pedal, and two voices on one track, write it so, and MIDI 1.0 leaves open which release belongs
# to which stroke; but there are two of each. pretty_midi 0.2.11 and music21 10.5.1 let the first release end both notes and pass over
# the second, so the last half second is silent. partitura 1.9.0 forgets the first stroke: the tune has a note less and
# begins late. Whoever compares two readers finds "wrong" notes that are a matter of choice, and a tune that must be right
# to the note has to pair strokes and releases itself.
# Seen: C struck at 0 and 0.5 s, released at 1 and 1.5 s; start and end of each note.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install mido==1.3.3 pretty_midi==0.2.11.post0 \
  music21==10.5.1 partitura==1.9.0 setuptools==80.9.0
"$there/bin/python" > seen << 'END'
import warnings
warnings.simplefilter("ignore")
import mido, music21, partitura, pretty_midi

file, track = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack()
for kind, wait in (("note_on", 0), ("note_on", 480), ("note_off", 480), ("note_off", 480)):
    track.append(mido.Message(kind, note=60, velocity=80 if kind == "note_on" else 0, time=wait))
file.tracks.append(track)
file.save("two.mid")

print("pretty_midi", [(float(n.start), float(n.end)) for n in pretty_midi.PrettyMIDI("two.mid").instruments[0].notes])
notes = music21.converter.parse("two.mid", quantizePost=False).flatten().notes
print("music21", [(n.offset / 2, (n.offset + n.quarterLength) / 2) for n in notes])
notes = partitura.load_performance_midi("two.mid").note_array()
print("partitura", [(float(n["onset_sec"]), float(n["onset_sec"] + n["duration_sec"])) for n in notes])
END
cat seen
diff - seen << 'END'
pretty_midi [(0.0, 1.0), (0.5, 1.0)]
music21 [(0.0, 1.0), (0.5, 1.0)]
partitura [(0.5, 1.0)]
END
