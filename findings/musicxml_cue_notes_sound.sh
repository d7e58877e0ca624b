#!/usr/bin/env bash
# music21 10.5.1 and partitura 1.9.0 hand over MusicXML's cue notes as notes of the part.
#
# A <cue/> note shows a singer what somebody else sings just then; MusicXML calls it silent. Neither library leaves it
# out, marks it as a rest, or gives it a flag of its own, so a melody taken from a score with cues has notes of another
# voice in it. Whoever wants the sung line has to take them out of the XML first.
# Seen: one sung C and one cue G are two notes in both, and music21's own MIDI plays both.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install music21==10.5.1 partitura==1.9.0
"$there/bin/python" > seen << 'END'
import logging, warnings
warnings.simplefilter("ignore")
import music21, partitura

score = """<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions><key><fifths>0</fifths></key>
<time><beats>4</beats><beat-type>4</beat-type></time></attributes>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>2</duration><type>half</type></note>
<note><cue/><pitch><step>G</step><octave>5</octave></pitch><duration>2</duration><type>half</type></note>
</measure></part></score-partwise>"""
read = music21.converter.parse(score, format="musicxml")
print("music21", *(n.pitch.midi for n in read.recurse().notes))
midi = music21.midi.translate.streamToMidiFile(read)
print("music21 as MIDI", *(e.pitch for track in midi.tracks for e in track.events if e.isNoteOn()))
open("cue.musicxml", "w").write(score)
print("partitura", *partitura.load_musicxml("cue.musicxml")[0].note_array()["pitch"])
END
cat seen
diff - seen << 'END'
music21 60 79
music21 as MIDI 60 79
partitura 60 79
END
