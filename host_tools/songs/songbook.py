"""The built-in songs as people read them; host_tools/docs/songs_doc.py makes firmware/sound/songs.py of them.

Melodies only, each out of copyright everywhere; the chords and arrangements are ours. What each was checked against is
in its entry. The adults' songbook is in airs.py.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware.sound import score

if TYPE_CHECKING:
    from host_tools.songs.fit import Imported

SCALES = {"major": score.MAJOR, "minor": score.MINOR, "in": score.IN, "plain": score.PLAIN}


@dataclass(frozen=True)
class Song:
    """One melody: where it comes from, why it is free, and the tune in ABC with a line a phrase."""

    name: str
    title: str
    origin: str
    culture: str
    free: str
    scale: str
    abc: str
    loudness_cdb: int = (
        0  # how much louder than the reference it comes out, as importing.with_loudness measures it
    )
    checked: str = ""  # what the melody was compared with, note by note, and what differs

    def imported(self) -> "Imported":
        """Return the song as an import would give it."""
        from host_tools.songs import importing

        found = importing.from_lines(self.abc, self.name, SCALES[self.scale])
        data = bytearray(found.data[:-4])
        data[score.LOUDNESS_PLACE] = score.LOUDNESS_ZERO + self.loudness_cdb // 10
        found.data, found.title = score.sealed(data), self.title
        return found

    def encode(self) -> bytes:
        """Return the bytes of the score."""
        return self.imported().data


SONGS = (
    Song(
        "twinkle",
        "Ah! vous dirai-je, maman (Twinkle, twinkle)",
        "France, printed 1761",
        "French",
        "18th century, author unknown",
        "major",
        """
        M:2/4
        L:1/4
        K:C
        "C"CC|GG|"F"AA|"C"G2|"F"FF|"C"EE|"G"DD|"C"C2|
        "C"GG|"F"FF|"C"EE|"G"D2|"C"GG|"F"FF|"C"EE|"G"D2|
        "C"CC|GG|"F"AA|"C"G2|"F"FF|"C"EE|"G"DD|"C"C2
        """,
        70,
        "LilyPond's own example `input/twinkle.ly` (no copyright), 2/4; its two ornaments (a turn before the "
        "close, a passing note in the middle) are left out",
    ),
    Song(
        "fais_dodo",
        "Fais dodo, Colas mon p'tit frère",
        "France, 18th century",
        "French",
        "traditional, author unknown",
        "major",
        """
        M:6/8
        L:1/8
        K:D
        F2E|"D"D2D "A"EDE|"D"F2D F2E|"D"D2D "A"EFE|"D"D2
        A|"A"AGF E2A|AGF E2A|"D"AGF "A"EEE|AGF E3
        F2E|"D"D2D "A"EDE|"D"F2D F2E|"D"D2D "A"EFE|"D"D3
        """,
        90,
        'the score in the French Wikipedia\'s article "Fais dodo (chanson)", in D, 6/8',
    ),
    Song(
        "au_clair",
        "Au clair de la lune",
        "France, 18th century",
        "French",
        "traditional, author unknown",
        "major",
        """
        M:4/4
        L:1/4
        K:G
        "G"GGGA|B2"D"A2|"G"GB"D"AA|"G"G4|
        "G"GGGA|B2"D"A2|"G"GB"D"AA|"G"G4|
        "D"AAAA|"Em"E2E2|"D5"AGFE|"D"D4|
        "G"GGGA|B2"D"A2|"G"GB"D"AA|"G"G4
        """,
        -40,
        'the French Wikisource\'s "Au clair de la lune (chanson)", a setting of 1866, in C, 4/4',
    ),
    Song(
        "brahms",
        "Wiegenlied, op. 49 no. 4 (Guten Abend, gut' Nacht)",
        "Germany, Johannes Brahms, 1868",
        "German",
        "Brahms died in 1897",
        "major",
        """
        M:3/4
        L:1/8
        K:C
        EE|"C"G3 EEz|G4 EG|c2 "Em"B3 A|"C"A2 G2
        DE|"G"F2 D2 DE|F4 DF|BA G2 B2|"C"c4
        CC|"F"c4 AF|"C"G4 EC|"F"F2 "G"G2 A2|"C"G4
        CC|"F"c4 AF|"C"G4 EC|"F"F2 "G"E2 D2|"C"C4
        """,
        20,
        'vicch/piano, "Brahms\' Lullaby", in F, 3/4; one short rest for the second half of a note in the first '
        "bar, and the ornament of the last bar but one is left out",
    ),
    Song(
        "schlaf_kindlein",
        "Schlaf, Kindlein, schlaf",
        "Germany, after a folk tune by J. F. Reichardt, 1781",
        "German",
        "Reichardt died in 1814",
        "major",
        """
        M:2/4
        L:1/8
        K:F
        "F"A2"C"GG|"F"F2zF/A/|ccBB|A2z
        A|"C"BBGG|"F"ccAA|"C"BBGG|"F"ccA2|"C"B2GG|"F"F2z2
        """,
        0,
        "Essen folk song collection in music21's corpus: Böhme, `boehme20.abc` X:128, in F, 2/4",
    ),
    Song(
        "stille_nacht",
        "Stille Nacht",
        "Austria, Franz Xaver Gruber, 1818",
        "Austrian",
        "Gruber died in 1863",
        "major",
        """
        M:6/8
        L:1/8
        K:Bb
        "Bb"F3/2G/F D3|F3/2G/F D3|"F"c2c A3|"Bb"B2B F3|
        "Eb"G2G B3/2A/G|"Bb"F3/2G/F D3|"Eb"G2G B3/2A/G|"Bb"F3/2G/F D3|
        "F"c2c e3/2c/A|"Bb"B3 d3|B3/2F/D "F"F3/2E/C|"Bb"B,6
        """,
        40,
        "soprano of the Mutopia Project's `GruberFX/stille_nacht/stille_nacht.ly` (public domain, "
        "Mutopia-2008/02/19-1295), in B flat, 6/8",
    ),
    Song(
        "suo_gan",
        "Suo Gân",
        "Wales, in print by about 1800",
        "Welsh",
        "traditional, author unknown",
        "major",
        """
        M:4/4
        L:1/8
        K:D
        "D"D3E F A3|"A"E3D "D"F "A"E3|"D"D3E F A3|"A"E2F2 "D"D4|
        "D"D3E F A3|"A"E3D "D"F "A"E3|"D"D3E F A3|"A"E2F2 "D"D4|
        "D"F3G A F3|"G"B3G "D"A F3|F3G A2F2|d3B "D"A4|
        "D"D3E F A3|"A"E3D "D"F "A"E3|"D"D3E F A3|"A"E2F2 "D"D4
        """,
        -10,
        'The Traditional Tune Archive, "Suo Gân" (abc), in G, 4/4',
    ),
    Song(
        "rock_a_bye",
        "Rock-a-bye baby",
        "England, to a form of Lilliburlero, 18th century",
        "English",
        "traditional, author unknown",
        "major",
        """
        M:6/8
        L:1/8
        K:G
        "G"B,DB A2G|B,DG "D"F3|DFc "G"B2A|"Am"AGE "D"D3|
        "G"B,DB A2G|B,DG "D"F2E|DGc "G"B2G|"D"AEF "G"G3
        """,
        80,
        '"Rock A Bye Baby" in Tom Cooke\'s Solfetta (tomcookedeveloper/solfetta, `src/melodies.js`), in quarters of 3/4: '
        "two of its bars are one of ours",
    ),
    Song(
        "dromore",
        "The castle of Dromore (October winds)",
        "Ireland, an older air, with its words by 1892",
        "Irish",
        "traditional; Boulton, who wrote the words, died in 1935",
        "major",
        """
        M:6/8
        L:1/8
        K:C
        E/F/|"C"G2G G2G|"F"A2G "C"GAB|"F"c2F "C"E2F|"C"G3-G2
        A/B/|"Am"c2C C2C|"G"D2C "C"CDE|"F"F2A "G7"G2F|"C"E3-E2
        A/B/|"Am"cdc "G"BcB|"F"ABA "G"G2F|"C"E2G "G7"FED|"C"C3
        "Am"E2G|"G7"FGF D2F|"C"EFG "Am"C2E|"G7"F2D "C"C2B,|"C"C4z
        """,
        60,
        "J. Chambers' collection (0052_jc, O'Neill's 52), in D, 6/8; the last note ends in a rest here",
    ),
    Song(
        "pripetshik",
        "Oyfn pripetshik",
        "Yiddish, Mark Warshawsky, printed 1900",
        "Yiddish",
        "Warshawsky died in 1907",
        "minor",
        """
        M:3/4
        L:1/8
        K:Dm
        "Dm"DEFFF2|"Gm"EGFE"Dm"D2|"F"FEF2G2|"Dm"A6|
        "Gm"dAcBGE|"Dm"GBAFD2|"C5"EGF2G2|"F"A6|
        "Gm"dAcBGE|"Dm"GBAFD2|"Dm"EGF2"A"E2|"Dm"D6
        """,
        -11,
        '"Afn pripetchik" of the collection alter-kaker/liderbukh (`data/yidishkayt/afn-pripetchik`), in G minor, '
        "3/4; the repeat is written out, the second stanza, which begins otherwise, left out",
    ),
    Song(
        "edo",
        "Edo komoriuta",
        "Japan, Edo period (before 1868)",
        "Japanese",
        "traditional, author unknown",
        "in",
        """
        M:4/4
        L:1/8
        K:Aphr
        "Bb5"B4B2"D5"A2-|"A5"ABd2"Bb5"B2"A5"A2|"D5"zFABd2Bd|"A5"A6z2|
        "D5"D4E2DE-|"A5"EFA2"Bb5"B2"A5"A2|"D5"zDE2F2D2|"A5"E6z2
        """,
        -60,
        "the score in the Japanese Wikipedia's article 江戸子守唄, as SIMPLYBOYS/edo-hyakkei has it (`data/bgm.json`); "
        "two notes that it strikes twice are held here, and so are two rests within its bars",
    ),
    Song(
        "mo_li_hua",
        "Mo li hua (Jasmine flower)",
        "China, 18th century, printed in Europe 1804",
        "Chinese",
        "traditional, author unknown",
        "plain",
        """
        M:4/4
        L:1/8
        K:F
        "F"A2Ac dffd|"C"c2cd "F"c2z2|A2Ac dffd|"C"c2cd "F"c2z2|
        "F"c2c2c2Ac|"Bb"d2d2 "F"c4|A2GA c2AG|F2FG F4|
        "F"AGFA "C"G3A|"F"c2df c4|"Gm"G2Ac GAFD|"C"C4 "F"D2F2|"Gm"G3A FGFD|"F"C4z4
        """,
        -10,
        "the score in Wikipedia's article Mo Li Hua (en.wikipedia.org/wiki/Mo_Li_Hua), in C, 2/2",
    ),
    Song(
        "hush_little_baby",
        "Hush, little baby",
        "the American South, 19th century",
        "American",
        "traditional, author unknown",
        "major",
        """
        M:4/4
        L:1/8
        K:F
        "F"C2AAA2AB|A2"C"G2G4|CCGGG2GA|G2"F"F2F4|
        "F"C2AAA2AB|A2"C"G2G4|CCGGG2GA|G2"F"F2F4
        """,
        10,
        'the couplet of "Baby in a Basket" in blakemarchal/Carter (`scripts/sing/scores.py`), in C, 4/4, checked '
        "there against the sheets of singing-bell.com and flutetunes.com; its second phrase has re five times after the "
        "so, the first of which is so here: five equal notes are the motif of the general alarm",
    ),
)


def digest() -> str:
    """Return names the songs' exact content, for golden tests."""
    return hashlib.sha256(b"".join(song.encode() for song in SONGS)).hexdigest()[:16]
