"""Makes docs/hazards.md from docs/hazards.toml, and finds what is missing in it: controls, tests, rows.

The table says what can go wrong and what is done about it; which tests of tests/hazards hold a row is found
by their names. Run as a program it writes the document; with --check it only says whether the document is the
newest.
"""

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

from host_tools.docs import generated
from simulator.interpreter import ROOT

TABLE = ROOT / "docs" / "hazards.toml"
DOCUMENT = ROOT / "docs" / "hazards.md"
KEYS = ("number", "title", "cause", "harm", "control", "where", "also", "remains")

HEAD = """# Hazards

Made from [hazards.toml](hazards.toml); do not edit. A test fails when a row has no test, when a test names no
row, and when a control or a test that is named here does not exist.

This is a developer's list for a device that is **not a medical device and not a monitor**. It is not a risk
management file after ISO 14971: nobody has estimated probabilities, and a hospital would have to. See
[intended-use.md](intended-use.md).

| # | hazard | tests |
|---|---|---|
"""


def load(path: Path = TABLE) -> list[dict]:
    """Return the rows, in order."""
    return tomllib.loads(path.read_text())["hazard"]


@cache
def names_in(path: Path) -> set[str]:
    """Return every function, class, method and constant that a Python file defines."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return found


def hazard_tests() -> dict[str, set[int]]:
    """Return every test below tests/hazards with the numbers of the rows in its name."""
    found = {}
    for path in sorted((ROOT / "tests" / "hazards").glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                numbers = re.findall(r"(?<=_)h(\d\d)(?=_)", node.name)
                found[f"{path.relative_to(ROOT)}::{node.name}"] = {int(number) for number in numbers}
    return found


def tests_of(row: dict, by_name: dict[str, set[int]]) -> list[str]:
    """Return all tests of a row: those that carry its number, and those it names."""
    return [name for name, numbers in by_name.items() if row["number"] in numbers] + row["also"]


def problems() -> list[str]:
    """Return one sentence for each thing that is missing or does not exist."""
    found = []
    rows = load()
    by_name = hazard_tests()
    numbers = [row["number"] for row in rows]
    if numbers != list(range(1, len(rows) + 1)):
        found.append("the rows are not numbered 1, 2, 3 ... in order")
    for row in rows:
        where = f"row {row.get('number')}"
        for key in KEYS:
            if not row.get(key):
                found.append(f"{where} has no {key}")
        for control in row.get("where", ()):
            file, _, name = control.partition(":")
            if not (ROOT / file).is_file() or name not in names_in(ROOT / file):
                found.append(f"{where}: the control {control} does not exist")
        for test in row.get("also", ()):
            file, _, name = test.partition("::")
            if not (ROOT / file).is_file() or name.rpartition("::")[2] not in names_in(ROOT / file):
                found.append(f"{where}: the test {test} does not exist")
        for limit in row.get("limit", ()):
            for constant in limit.get("constants", ()):
                if constant not in row.get("where", ()):
                    file, _, name = constant.partition(":")
                    if not (ROOT / file).is_file() or name not in names_in(ROOT / file):
                        found.append(f"{where}: the constant {constant} of its limit does not exist")
        for scenario in row.get("scenarios", ()):
            if not (ROOT / "simulator" / "scenarios" / f"{scenario}.toml").is_file():
                found.append(f"{where}: the scenario {scenario} does not exist")
        if not tests_of(row, by_name):
            found.append(f"{where} has no test")
    for name, rows_named in by_name.items():
        if not rows_named:
            found.append(f"{name} names no row: put hNN into its name")
        found.extend(f"{name} names row {number}, which there is not" for number in rows_named - set(numbers))
    return found


def render() -> str:
    """Return the whole document."""
    rows = load()
    by_name = hazard_tests()
    text = HEAD
    for row in rows:
        number = row["number"]
        text += f"| [{number}](#hazard-{number}) | {row['title']} | {len(tests_of(row, by_name))} |\n"
    for row in rows:
        text += f'\n<a id="hazard-{row["number"]}"></a>\n\n## {row["number"]}. {row["title"]}\n\n'
        text += f"*Cause.* {row['cause']}\n\n*Harm.* {row['harm']}\n\n*Control.* {row['control']}\n\n"
        text += _limits_text(row)
        text += "*In the code.* " + ", ".join(f"`{control}`" for control in row["where"]) + "\n\n"
        text += "*Tests.*\n\n" + "".join(f"- `{test}`\n" for test in tests_of(row, by_name))
        if row.get("scenarios"):
            text += (
                "\n*Played on the whole device.* "
                + ", ".join(f"`{name}`" for name in row["scenarios"])
                + "\n"
            )
        text += f"\n*What remains.* {row['remains']}\n"
    return text


def _limits_text(row: dict) -> str:
    """The row's numbers as a small table, or nothing."""
    if not row.get("limit"):
        return ""
    text = "| limit | newborn | term newborn | adult | unit |\n|---|---|---|---|---|\n"
    for limit in row["limit"]:
        cells = [
            limit.get(key, limit.get("newborn") if key == "term" else None)
            for key in ("newborn", "term", "adult")
        ]
        shown = " | ".join("–" if cell is None else f"{cell:g}" for cell in cells)
        text += f"| `{limit['name']}` | {shown} | {limit['unit']} |\n"
    return text + "\n"


def main(arguments: list[str]) -> int:
    found = problems()
    for sentence in found:
        print(f"docs/hazards.toml: {sentence}", file=sys.stderr)
    if found:
        return 1
    return generated.main({DOCUMENT: render()}, "host_tools.docs.hazards_doc", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
