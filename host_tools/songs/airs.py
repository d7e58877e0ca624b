"""The adults' songbook: airs that are no lullabies, each out of copyright everywhere, for the device's own voices.

They are not in the firmware: `calando song airs` lists them, `calando song put NAME` sends one. Chords are ours. What
each melody was checked against, note by note, is in its entry and in tests/unit/host_tools/songs/test_song_sources.py.
No air has the motif of a medical alarm: "Arirang" and "Der Lindenbaum" have five equal notes in a row and are not here.
"""

from firmware.sound.score import Score
from host_tools.songs.intensity import intensity
from host_tools.songs.piece import note_name
from host_tools.songs.songbook import Song
from simulator.files.errors import CalandoError, did_you_mean

_BOOK = "public collection kalz2q/gakufu (LilyPond)"
_ESSEN = "Essen folk song collection in music21's corpus"
_ONEILL = "F. O'Neill, Music of Ireland, 1903, as in music21's corpus"

AIRS = (
    Song(
        "amazing_grace",
        "New Britain (Amazing grace)",
        "the American South, printed 1829 and 1835",
        "American",
        "author unknown, printed before 1836",
        "major",
        """
        M:3/4
        L:1/8
        K:G
        DG|"G"G4BG|B4BA|"C"G4E2|"G"D4
        DG|"G"G4BG|"Em"B4AB|"D"d6|z4
        Bd|"G"d4BG|B4BA|"C"G4E2|"G"D4
        DG|"Em"G4BG|"G"B4"D"A2|"G"G6
        """,
        -70,
        checked=f"{_BOOK}: `amazinggrace.ly`, in G, 3/4",
    ),
    Song(
        "annie_laurie",
        "Annie Laurie",
        "Scotland, Alicia Ann Spottiswoode (Lady John Scott), printed 1838",
        "Scottish",
        "she died in 1900",
        "major",
        """
        M:4/4
        L:1/8
        K:Bb
        D>C|"Bb"B,3B,B3A|"F"A2"Eb"G4G2|"Bb"F3DD2CB,|"F"C6
        D>C|"Bb"B,3B,B3A|"F"A2"Eb"G4G2|"Bb"F3D"F7"C3B,|"Bb"B,4z2
        F2|"Bb"B3B"F"c3c|"Bb"d6F2|"Bb"B3B"F"c3c|"Bb"d6
        d>c|"Gm"B3A"Eb"G2BG|"Bb"F2D4D>C|"Bb"B,B2D"F7"C3B,|"Bb"B,6
        """,
        -40,
        checked=f"{_BOOK}: `annielaurie.ly`, in B flat, 4/4",
    ),
    Song(
        "auld_lang_syne",
        "Auld lang syne",
        "Scotland, an older air, in this form printed 1799",
        "Scottish",
        "traditional, printed before 1800",
        "major",
        """
        M:4/4
        L:1/4
        K:F
        C|"F"F>FFA|"C"G>FGA|"F"FFAc|"Bb"d3
        d|"F"c>AAF|"C"G>FGA|"Bb"F>D"C"DC|"F"F3
        d|"F"c>AAF|"C"G>FGd|"F"c>AAc|"Bb"d3
        d|"F"c>AAF|"C"G>FGA|"Bb"F>D"C"DC|"F"F3
        """,
        -20,
        checked=f"{_BOOK}: `hotarunohikari.ly`, the air as it is sung in Japan, in F, 4/4",
    ),
    Song(
        "aloha_oe",
        "Aloha ʻOe",
        "Hawaii, Queen Liliʻuokalani, 1878",
        "Hawaiian",
        "she died in 1917",
        "major",
        """
        M:4/4
        L:1/8
        K:G
        DG|"G"B3A"C"GFGE|"G"D4z2B2|"D"A3^GAAcB|A6
        DG|"G"B3A"C"GFGE|"G"D4z2DD|"C"E2AG"D"FBAF|"G"G5
        GGF|"C"E2G2cEEE|"G"D2G2B2GG|"D"FFFGA^GAc|"G"B4G2z
        F|"C"E2G2c3E|"G"DDGGB3G|"D"F3GBA2F|"G"G6
        """,
        -10,
        checked="the score `liliuokalani/aloha_oe` of music21's corpus, in G, 4/4: solo voice, then soprano of the refrain",
    ),
    Song(
        "red_sarafan",
        "Krasny sarafan (The red sarafan)",
        "Russia, Alexander Varlamov, 1833",
        "Russian",
        "he died in 1848",
        "major",
        """
        M:2/4
        L:1/8
        K:G
        "G"DBBA|GF/E/DE/F/|"G"GBcB|"Am"A2E2|
        "Am"EccB|"G"BAGE|"G"DG"D"AB|"G"G3z|
        "Em"GGFE|"D"d2cc|"D"FFB>A|"D"A2"G"G2|
        "G"BBAG|"Em"G2"Bm"FF|"Em"B,EG>F|"Em"E3z|
        "G"DBBA|GF/E/DE/F/|"G"GBcB|"Am"A2E2|
        "Am"EccB|"G"BAGE|"G"DG"D"AB|"G"G4
        """,
        30,
        checked=f"{_BOOK}: `akaisarafan.ly`, in G, 2/4, bars 1 to 16 and 37 to 44: the middle is left out",
    ),
    Song(
        "aennchen",
        "Ännchen von Tharau",
        "Germany, Friedrich Silcher, 1827",
        "German",
        "he died in 1860",
        "major",
        """
        M:3/4
        L:1/8
        K:G
        "G"D3ED2|D2G2G2|"D"A3BA2|"G"G4z2|
        "D"F2F2F2|A3GF2|"A7"E3FE2|"D"D4z2|
        "G"D3ED2|D2G2G2|"D"A3BA2|"G"G4z2|
        "D"F2F2F2|A3GF2|"A7"E3FE2|"D"D4z2|
        "D"D3DE2|F2D2E2|F2F2"C"G2|"D"A4z2|
        "G"G2A2B2|"C"c3BA2|"G"G2"D"A2F2|"G"G4
        """,
        -40,
        checked=f"{_ESSEN}: Böhme, `boehme10.abc` X:319, in C, 3/4",
    ),
    Song(
        "kein_schoener_land",
        "Kein schöner Land in dieser Zeit",
        "Germany, Anton von Zuccalmaglio, printed 1840",
        "German",
        "he died in 1869",
        "major",
        """
        M:3/4
        L:1/8
        K:A
        EEE|"A"A2c2"E"BA|"E"B2z
        EEE|"A"A2c2"E"BA|"E"B2z
        cAB|"A"cedcBA|"E"Bd"A"c2"E"B2|"D"A4"E"G2|"A"A2z
        cAB|"A"cedcBA|"E"Bd"A"c2"E"B2|"D"A4"E"G2|"A"A2
        """,
        -30,
        checked=f"{_ESSEN}: Böhme, `boehme10.abc` X:205, in A, 3/4",
    ),
    Song(
        "sakura",
        "Sakura sakura (Cherry blossoms)",
        "Japan, Edo period, printed 1888",
        "Japanese",
        "traditional, author unknown",
        "in",
        """
        M:4/4
        L:1/8
        K:Ephr
        "A5"A2A2B2z2|A2A2"E5"B3z|
        "A5"A2B2c2B2|A2BA"D5"F3z|
        "A5"E2C2E2"D5"F2|"A5"E2EC"E5"B,3z|
        "A5"A2B2c2B2|A2BA"D5"F3z|
        "A5"E2C2E2"D5"F2|"A5"E2EC"E5"B,3z|
        "A5"A2A2B2z2|A2A2"E5"B4|"A5"z2E2"D5"F4|"D5"BAF2"E5"E4
        """,
        -100,
        checked=f"{_ESSEN}: `test0.abc`, Sakura, I0001, 4/4",
    ),
    Song(
        "last_rose",
        "The groves of Blarney (The last rose of summer)",
        "Ireland, an air of the 18th century, in Thomas Moore's Irish melodies, 1813",
        "Irish",
        "traditional, printed before 1814",
        "major",
        """
        M:3/4
        L:1/8
        K:D
        D>E|"D"F2d2"G"B>A|"D"AF3D>E|"D"F2"G"GF"A7"E>D|"D"D4
        D>E|"D"F2d2"G"B>A|"D"AF3D>E|"D"F2"G"G>F"A7"E>D|"D"D4
        A>F|"D"d2d>c"G"B>A|"D"A2F2A>F|"D"d2dc"E7"B^A|"G"B2d2
        D>E|"D"F2d2"G"B>A|"D"AF3D>E|"D"F2"G"G>F"A7"E>D|"D"D4
        """,
        20,
        checked=f"{_ONEILL}: 507, in G, 3/4, without its grace notes",
    ),
    Song(
        "gentle_maiden",
        "The gentle maiden",
        "Ireland, an air of the 18th or 19th century",
        "Irish",
        "traditional, author unknown",
        "major",
        """
        M:6/8
        L:1/8
        K:D
        C|"D"D>ED"A"C>B,A,|"D"A3"G"B>cd|"D"A>GF"A"E2D|"Bm"B,3-B,2
        C|"D"D>ED"A"C>B,A,|"D"A3"G"B>cd|"D"A>GF"A7"E2D|"D"D3-D2
        A|"D"A>Bcd2d|"G"d3d>cB|"D"A>GF"A"E2D|"Bm"B,3-B,2
        C|"D"D>ED"A"C>B,A,|"D"A3"G"B>cd|"D"A>GF"A7"E2D|"D"D3-D2
        """,
        60,
        checked=f"{_ONEILL}: 282, in G, 6/8, without its grace notes",
    ),
    Song(
        "water_of_tyne",
        "The water of Tyne",
        "Northumberland, printed 1882 in Northumbrian Minstrelsy",
        "English",
        "traditional, author unknown",
        "major",
        """
        M:6/8
        L:1/8
        K:D
        A|"D"AFFAFE|"D"DD>DD2
        E/F/|"Em"GGF"A"EFA|"G"BAB/B/B2
        F/E/|"D"Dd>dd"A"e>f|"D"dA>"G"BB2
        c/d/|"D"AFAA>F"A"E|"D"DD>DD2
        """,
        10,
        checked="Northumbrian Minstrelsy, 1882, as in music21's corpus (`northumbrianminstrelsyopus.abc`), in D, 6/8",
    ),
    Song(
        "jeanie",
        "Jeanie with the light brown hair",
        "Stephen Foster, 1854",
        "American",
        "he died in 1864",
        "major",
        """
        M:4/4
        L:1/4
        K:F
        d2|"F"c3A|"Bb"B"F"AGF|"F"A2"C"CD|"F"F4|
        "F"F2GA|"Bb"f2d2|"F"c>A"G7"GF|"C"G3
        d|"F"c3A|"Bb"B"F"AGF|"F"A2"C"CD|"F"F4|
        "G7"G=B"C"cd|"C"e"F"fAd|"C"c2"G7"=BB|"C"c2z2|
        "C"GAG"F"F|"C"G2AG|"F"F"C"E"F"FA|c4|
        "Bb"dcdf|"F"c2AG|"Dm"F2"G7"D>D|"C"C3
        d|"F"c3A|"Bb"B"F"AGF|"F"A2"C"CD|"F"F4|
        "C"GA"Bb"f>d|"F"cd"Bb"F>G|"F"A2"C"AG|"F"F3
        d|"F"A2"C"AG|"F"F2
        """,
        -60,
        checked="the lead sheet `leadSheet/fosterBrownHair` of music21's corpus, in F, 4/4",
    ),
    Song(
        "greensleeves",
        "Greensleeves",
        "England, named in 1580",
        "English",
        "traditional, before 1600",
        "minor",
        """
        M:6/8
        L:1/8
        K:Em
        E|"Em"G2AB>cB|"D"A2FD>EF|"Em"G2EE>^DE|"B"F2^DB,2
        E|"Em"G2AB>cB|"D"A2FD>EF|"Em"G>FE"B"^D>^C^D|"Em"E2EE2z|
        "G"d3d>^cB|"D"A2FD>EF|"Em"G2EE>^DE|"B"F2^DB,3|
        "G"d3d>^cB|"D"A2FD>EF|"Em"G>FE"B"^D>^C^D|"Em"E3E2
        """,
        70,
        checked=f"{_BOOK}: `greensleeves.ly`, in E minor, 6/8",
    ),
    Song(
        "home_sweet_home",
        "Home, sweet home",
        "England, Henry Bishop, 1823",
        "English",
        "he died in 1855",
        "major",
        """
        M:4/4
        L:1/8
        K:C
        C2|"C"E3F"F"F3G|"C"G4E2G2|"G7"F3EF2D2|"C"E4z2
        C2|"C"E3F"F"F3G|"C"G4E2G2|"G7"F3EF2D2|"C"C4z2
        G2|"F"c3BA3G|"C"G4E2G2|"G7"F3EF3D|"C"E4z2
        G2|"F"c3BA3G|"C"G4E2G2|"G7"F3EF2D2|"C"C4z4|
        "C"G6z2|"G7"F4D4|"C"C4"G"D4|"C"E4z2
        G2|"F"c3BA3G|"C"G4E2G2|"C"G2"F"A2"G7"F2D2|"C"C4
        """,
        -50,
        checked=f"{_BOOK}: `hanyunoyado.ly`, in C, 4/4",
    ),
)  # fmt: skip
NAMES = tuple(air.name for air in AIRS)


def find(name: str) -> Song | None:
    """Return the air of that name, or None."""
    return next((air for air in AIRS if air.name == name), None)


def get(name: str) -> Song:
    """Return the air of that name. CalandoError where there is none."""
    air = find(name)
    if air is None:
        raise CalandoError(
            f"there is no air {name[:40]!r}{did_you_mean(name, list(NAMES))}; calando song airs lists them"
        )
    return air


def listed() -> list[dict[str, str | int]]:
    """Return a row for each: name, title, origin, culture, why it is free, metre, range, mode, intensity and beats."""
    rows: list[dict[str, str | int]] = []
    for air in AIRS:
        song = air.imported()
        sung = [note for note, _, _ in song.notes() if note]
        rows.append(
            {
                "name": air.name, "title": air.title, "origin": air.origin, "culture": air.culture, "free": air.free,
                "metre": song.metre, "range": f"{note_name(min(sung))} to {note_name(max(sung))}", "mode": air.scale,
                "intensity": intensity(song.data), "beats": round(Score(song.data).ticks / 24),
            }
        )  # fmt: skip
    return rows
