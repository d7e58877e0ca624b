"""Pages and pictures that are made from the code: written, or compared with what stands there."""

import sys
from pathlib import Path

from simulator.interpreter import ROOT


def with_table(document: Path, begin: str, end: str, table: str) -> str:
    """Return a document's text with this table between its lines `begin` and `end`."""
    before, _, rest = document.read_text("utf-8").partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{table}\n{end}{after}"


def main(wanted: dict[Path, str], module: str, arguments: list[str]) -> int:
    """Write what is wanted; with --check among the arguments write nothing, and name each file that is not the newest.

    module: what makes them, by `python -m`. Returns the exit status.
    """
    if "--check" not in arguments:
        for path, text in wanted.items():
            path.write_text(text, "utf-8")
        return 0
    old = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    for path in old:
        print(f"{path.relative_to(ROOT)} is not the newest: run python -m {module}", file=sys.stderr)
    return 1 if old else 0
