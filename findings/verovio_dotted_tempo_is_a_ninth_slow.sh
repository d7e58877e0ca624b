#!/usr/bin/env bash
# verovio 6.4.1 plays a tempo of dotted notes a ninth too slow: a lullaby in 6/8 at dotted quarter = 60 goes at 80 quarters a minute.
#
# A dotted quarter lasts one and a half quarters, so that 60 of them a minute are 90 quarters. verovio counts a dot as a third more,
# in its time map and in the MIDI that it writes; the metronome mark that it engraves is right, and plain units are played as
# written. music21 10.5.1 gives the right number for the same file. A <sound tempo="90"/> beside the mark, as notation
# programs write it, is heeded and hides it; a file with the mark alone is slow.
# Seen: for units with and without a dot at 60 a minute, the quarters a minute by verovio's MIDI and by music21.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install verovio==6.4.1 music21==10.5.1 mido==1.3.3
cat > tempo.py << 'END'
import base64
import io

import mido
import music21
import verovio

SCORE = """<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>2</divisions><key><fifths>0</fifths></key>
<time><beats>6</beats><beat-type>8</beat-type></time><clef><sign>G</sign><line>2</line></clef></attributes>
<direction placement="above"><direction-type><metronome><beat-unit>%s</beat-unit>%s<per-minute>60</per-minute></metronome>
</direction-type>%s</direction>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>6</duration><type>half</type><dot/></note></measure></part>
</score-partwise>"""
DOT = "<beat-unit-dot/>"

for unit, dot, sound in (
    ("quarter", "", ""), ("quarter", DOT, ""), ("eighth", DOT, ""), ("half", DOT, ""),
    ("quarter", DOT, '<sound tempo="90"/>'),
):
    text = SCORE % (unit, dot, sound)
    player = verovio.toolkit()
    player.loadData(text)
    midi = mido.MidiFile(file=io.BytesIO(base64.b64decode(player.renderToMIDI())))
    tempo = next(event.tempo for track in midi.tracks for event in track if event.type == "set_tempo")
    mark = music21.converter.parse(text).flatten().getElementsByClass("MetronomeMark")[0]
    named = ("dotted " if dot else "") + unit + (" and a sound" if sound else "")
    print(f"{named}: verovio {60e6 / tempo:.0f}, music21 {mark.getQuarterBPM():.0f}")
END
"$there/bin/python" tempo.py > seen
cat seen
diff - seen << 'END'
quarter: verovio 60, music21 60
dotted quarter: verovio 80, music21 90
dotted eighth: verovio 40, music21 45
dotted half: verovio 160, music21 180
dotted quarter and a sound: verovio 90, music21 90
END
