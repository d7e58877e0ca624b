#!/usr/bin/env bash
# partitura 1.9.0 gives the written pitch of a transposing part where its note array says MIDI pitch.
#
# A clarinet in B flat is written a whole tone above what sounds, and MusicXML says so in <transpose>. partitura reads the
# element, but the "pitch" column of note_array() is as written, so next to a singer's part it is a tone too high, and a
# comparison of two readers finds a wrong one that is none. music21 keeps both, and toSoundingPitch() tells them apart.
# Seen: written C4 and G5 for an instrument that sounds two semitones lower.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install music21==10.5.1 partitura==1.9.0
"$there/bin/python" > seen << 'END'
import warnings
warnings.simplefilter("ignore")
import music21, partitura

score = """<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions><key><fifths>0</fifths></key>
<time><beats>4</beats><beat-type>4</beat-type></time><transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose></attributes>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>2</duration><type>half</type></note>
<note><pitch><step>G</step><octave>5</octave></pitch><duration>2</duration><type>half</type></note>
</measure></part></score-partwise>"""
open("clarinet.musicxml", "w").write(score)
print("partitura", *partitura.load_musicxml("clarinet.musicxml")[0].note_array()["pitch"])
read = music21.converter.parse("clarinet.musicxml")
print("music21 written", *(n.pitch.midi for n in read.recurse().notes))
print("music21 sounding", *(n.pitch.midi for n in read.toSoundingPitch().recurse().notes))
END
cat seen
diff - seen << 'END'
partitura 60 79
music21 written 60 79
music21 sounding 58 77
END
