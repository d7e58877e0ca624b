"""Makes docs/settings.md from the table in firmware/prescription/profile.py, and the sources in the comments of profiles.py
beside it.

Run as a program it writes the document; with --check it only says whether the document is the newest.
"""

import io
import re
import sys
import tokenize

from firmware.prescription.profile import ADULT, NEWBORN, TABLE
from host_tools.docs import generated
from simulator.files.profile_file import rule, shown
from simulator.interpreter import ROOT

SOURCE = ROOT / "firmware" / "prescription" / "profiles.py"
DOCUMENT = ROOT / "docs" / "settings.md"

HEAD = """# The settings of a profile

Made from `firmware/prescription/profile.py` and `firmware/prescription/profiles.py`; do not edit. The device checks a
profile by the same table, serves it over USB (`get schema`), and keeps limits of its own that no profile can pass
([hazards.md](hazards.md)).

A profile is a TOML file. `calando profile show --ready newborn` writes one with every setting and its comment;
`calando profile validate FILE` checks it. A setting that is left out has the ready-made value of its population.

| setting | what it is | newborn | adult |
|---|---|---|---|
"""
CURVE = """
## The curve

Rows of six numbers: the minute since matching ended (the first is 0, then growing by 0.1 or more, up to 45), the tempo
in percent of the matched one (50 to 100; the first row has 100, and only `descend_and_rise` lets it rise again), the level
in dB against `level_dba` (-20 to 0), and how minor, bright and dense the music is, in percent. Minor at 0 leaves every
song in the mode in which it is written; above 0, so many phrases in a hundred of a song in major turn to minor, and below 0
(down to -100) so many of a song in minor to major. Between rows it goes straight, after the last it stays. At most 16
rows. However steep it is drawn, the tempo falls no faster than `lead_rate_percent_per_min` and no further than
`slowing_percent`.

`lead_rate_percent_per_min` is the rate at which the music *leads*. Where it began at a tempo that was not the patient's
(`opening = "music"`) it first goes over to the patient's own, up or down, at no more than 5 % a minute and at the ratio to
the pulse that is nearest to what plays; the same where the pulse has left what a ratio can be sung to. That is part of
matching, which lasts until the music has arrived, `match_min` or longer.
"""
SOURCES = """
## Where the ready-made numbers come from

"Choice" marks a number of ours that no publication gives.

| setting | newborn | adult |
|---|---|---|
"""


def sources() -> dict[str, dict[str, str]]:
    """Return for each ready-made profile the comment that stands at each of its settings."""
    found: dict[str, dict[str, str]] = {}
    above: list[str] = []
    settings: dict[str, str] = {}
    name = ""
    with io.StringIO(SOURCE.read_text(encoding="utf-8")) as text:
        for token in tokenize.generate_tokens(text.readline):
            if token.type == tokenize.COMMENT:
                comment = token.string.removeprefix("#").strip()
                if token.line.lstrip().startswith("#"):
                    above.append(comment)
                elif name:
                    settings[name] = " ".join(filter(None, (settings.get(name, ""), comment)))
            elif token.type == tokenize.NAME and token.line.startswith(token.string):
                settings = found.setdefault(token.string.lower(), {})
                name = ""
                above.clear()
            elif token.type == tokenize.STRING and re.match(rf"\s*{re.escape(token.string)}:", token.line):
                name = token.string.strip('"')
                if above:
                    settings[name] = " ".join(above)
                    above.clear()
    return {name: settings for name, settings in found.items() if name in (NEWBORN, ADULT)}


def render() -> str:
    """Return the whole document."""
    text = HEAD
    for setting in TABLE:
        cells = [f"`{setting.name}`", setting.meaning]
        for population in (NEWBORN, ADULT):
            cell = rule(setting, population)
            if setting.kind != "curve":
                cell += f"; ready-made: {shown(setting.default(population))}"
            cells.append(cell)
        text += _row(cells)
    text += CURVE + SOURCES
    found = sources()
    for setting in TABLE:
        cells = [found[population].get(setting.name, "") for population in (NEWBORN, ADULT)]
        if any(cells):
            text += _row([f"`{setting.name}`", *cells])
    return text


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(_in_cell(cell) for cell in cells) + " |\n"


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    return generated.main({DOCUMENT: render()}, "host_tools.docs.settings_doc", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
