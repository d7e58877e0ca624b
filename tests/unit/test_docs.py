"""What README and docs name is there: links, the words of `calando`, the targets of make, the pictures."""

import ast
import io
import re
import tokenize
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer

from host_tools.cli import app
from host_tools.docs import guide_pictures, studio_pictures

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
TARGETS = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
LARGEST_PICTURE, LARGEST_ALL = 150_000, 700_000


def commands() -> set[tuple[str, ...]]:
    """Every command and group, as the words after `calando`."""
    found: set[tuple[str, ...]] = set()

    def walk(command, words):
        found.add(words)
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, (*words, name))

    walk(typer.main.get_command(app), ())
    return found


def missing_links(page: Path, text: str) -> list[str]:
    there = [unquote(link.partition("#")[0]) for link in LINK.findall(text) if "://" not in link]
    return [link for link in there if link and not (page.parent / link).exists()]


def unknown_commands(text: str) -> list[str]:
    """What follows `calando` in code and is no command; `device list|info` names two."""
    known = commands()
    wrong = []
    for code in CODE.findall(text):
        for line in code.strip("`").splitlines():
            found = re.match(r"(?:\$ )?calando +([a-z][a-z|-]*)(?: +([a-z][a-z|-]*))?", line.strip())
            if found is None:
                continue
            for first in found[1].split("|"):
                if (first,) not in known:
                    wrong.append(first)
                elif any(len(words) == 2 and words[0] == first for words in known) and found[2]:
                    wrong += [
                        f"{first} {second}" for second in found[2].split("|") if (first, second) not in known
                    ]
    return wrong


def unknown_targets(text: str) -> list[str]:
    named = [
        target
        for code in CODE.findall(text)
        for target in re.findall(r"^\s*make +([a-z][a-z0-9-]*)", code.strip("`"), re.MULTILINE)
    ]
    return [target for target in named if target not in TARGETS]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_commands_and_targets_exist(page):
    text = page.read_text("utf-8")
    assert missing_links(page, text) == []
    assert unknown_commands(text) == []
    assert unknown_targets(text) == []


def test_what_is_not_there_is_found():
    page = ROOT / "README.md"
    text = (
        "[a](docs/no.md) [b](docs/panel.md#x) `calando no` `calando device list|no` `make no`\n"
        + "```\n$ calando sing\nmake none\n```\n"
    )
    assert missing_links(page, text) == ["docs/no.md"]
    assert unknown_commands(text) == ["no", "device no", "sing"]
    assert unknown_targets(text) == ["no", "none"]


def test_readme_names_every_page():
    named = set(LINK.findall((ROOT / "README.md").read_text("utf-8")))
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= named


def test_the_guides_pictures_are_the_programs_own_and_small():
    sizes = {path.name: path.stat().st_size for path in guide_pictures.FOLDER.iterdir()}
    assert set(sizes) == set(guide_pictures.NAMES)
    assert max(sizes.values()) <= LARGEST_PICTURE and sum(sizes.values()) <= LARGEST_ALL
    guide = (ROOT / "docs" / "therapist-guide.md").read_text("utf-8")
    assert all(f"(pictures/{name})" in guide for name in guide_pictures.NAMES)


def test_the_studios_pictures_are_those_that_the_program_takes_and_small():
    sizes = {path.name: path.stat().st_size for path in studio_pictures.FOLDER.iterdir()}
    assert set(sizes) == set(studio_pictures.NAMES)
    assert max(sizes.values()) <= LARGEST_PICTURE and sum(sizes.values()) <= LARGEST_ALL
    page = (ROOT / "docs" / "studio.md").read_text("utf-8")
    assert all(f"(studio-pictures/{name})" in page for name in studio_pictures.NAMES)


SOURCES = [
    path for room in ("firmware", "simulator", "host_tools") for path in sorted((ROOT / room).rglob("*.py"))
]
NO_VERB = re.compile(r"(What|Whether|How|Why|Which|When|Where)\b")
# A path with a folder of the project in it, in a comment or a docstring.
CITED = re.compile(r"\b(?:firmware|simulator|host_tools|tests|docs)/[\w/.-]*\.(?:py|md|toml|js|json|svg)\b")


def described(path: Path) -> list[tuple[ast.AST, str]]:
    """Return every function of a source that has a docstring, but the words of the command line, with it."""
    return [
        (node, text)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not any("command" in ast.unparse(decorator) for decorator in node.decorator_list)
        and (text := ast.get_docstring(node)) is not None
    ]


def prose(path: Path) -> str:
    """Return the comments and docstrings of a source."""
    text = path.read_text("utf-8")
    comments = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, documented)]
    return "\n".join(comments + docstrings)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_docstring_begins_with_a_verb_and_cites_files_that_are_there(path):
    for node, text in described(path):
        assert not NO_VERB.match(text), (
            f"line {node.body[0].lineno}: begin with a verb: {text.splitlines()[0]}"
        )
    gone = [cited for cited in CITED.findall(prose(path)) if not (ROOT / cited).exists()]
    assert not gone, f"cited, and not there: {gone}"
