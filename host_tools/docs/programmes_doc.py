"""Writes the tables of docs/programmes.md: settings of a segment, rules with their reasons, shapes, ready-made programmes.

From the code itself, so that they cannot drift: python -m host_tools.docs.programmes_doc
"""

from pathlib import Path

from firmware.prescription import programme
from host_tools.programmes import programmes, rules
from simulator.files import profile_file

PATH = Path(__file__).resolve().parents[2] / "docs" / "programmes.md"
BEGIN, END = "<!-- {}: made by host_tools/docs/programmes_doc.py -->\n", "<!-- end of {} -->"


def tables() -> dict[str, str]:
    """Return each table as Markdown, by the name that stands in the page."""
    rows = ["| setting | what it may be | left out | meaning |", "|---|---|---|---|"]
    for name, what, meaning in (
        ("title", profile_file.rule(programme.TITLE, "adult"), programme.TITLE.meaning),
        (
            "shape",
            ", ".join(programme.SHAPES[:-1]) + f" or {programme.SHAPES[-1]}",
            "as its intensities draw it, below",
        ),
    ):
        rows.append(f"| `{name}`, above the segments | {what} | must be set | {meaning} |")
    for setting in programme.TABLE:
        default = programme.DEFAULTS.get(setting.name)
        usual = "must be set" if default is None else f"`{profile_file.shown(default)}`"
        if setting.name == "tempo_end_bpm":
            usual = "as the start"
        rows.append(
            f"| `{setting.name}` | {profile_file.rule(setting, 'adult')} | {usual} | {setting.meaning} |"
        )
    ready = ["| name | shape | minutes | bytes | what follows what |", "|---|---|---|---|---|"]
    for name in programmes.ready():
        listening = programmes.load(name)
        plan = listening.plan
        parts = ", ".join(
            part.source if part.source == "silence" else part.name for part in rules.segments(plan)
        )
        ready.append(
            f"| `{name}` | {plan.shape} | {plan.total_ms / 60000:.3g} | {len(listening.data)} | {parts} |"
        )
    return {
        "settings": "\n".join(rows),
        "rules": "\n".join(["| rule | why |", "|---|---|", *(f"| {rule} | {why} |" for rule, why in rules.RULES)]),
        "shapes": "\n".join(
            ["| shape | intensity |", "|---|---|", *(f"| {name} | {what} |" for name, what in rules.SHAPES.items())]
        ),
        "ready-made": "\n".join(ready),
    }  # fmt: skip


def page(text: str) -> str:
    """Return the page with every table as the code has it now."""
    for name, table in tables().items():
        begin, end = BEGIN.format(name), END.format(name)
        before, _, rest = text.partition(begin)
        text = before + begin + table + "\n" + end + rest.partition(end)[2]
    return text


def main() -> None:
    PATH.write_text(page(PATH.read_text("utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
