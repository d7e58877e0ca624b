"""What README and docs name is there: links, the words of `calando`, the targets of make, the pictures."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
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
# What a docstring of a function may not begin with: a word that asks, and, where others call it, an article, a pronoun,
# a preposition, a plural, an abbreviation, or anything in small letters or marks.
ASKS = re.compile(r"(What|Whether|How|Why|Which|When|Where)\b")
NO_VERB = re.compile(
    r"[^A-Z]|[A-Z]+\b|[A-Z][a-z-]*[^s\W]s\b"
    r"|(What|Whether|How|Why|Which|When|Where|While|Who|The|An|One|Two|No|None|Not|Nothing|Never|Every|Everything|Each"
    r"|All|Another|Some|So|At|As|After|Before|For|From|In|Of|On|To|Up|With|Without|It|Its|This|That|There|Silence"
    r"|Amplifier|Entry|Normalised|Infrared)\b"
)
# A path with a folder of the project in it, in a comment or a docstring.
CITED = re.compile(r"\b(?:firmware|simulator|host_tools|tests|docs)/[\w/.-]*\.(?:py|md|toml|js|json|svg)\b")


def described(node: ast.AST, public: bool = True) -> Iterator[tuple[ast.AST, str, bool]]:
    """Yield every function below a node that has a docstring, with it, and whether others may call it.

    A property is read like a value: it may be named by a noun.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            reads = any("property" in ast.unparse(decorator) for decorator in child.decorator_list)
            text = ast.get_docstring(child)
            if text is not None:
                yield child, text, public and not reads and not child.name.startswith("_")
            yield from described(child, False)
        else:
            hidden = isinstance(child, ast.ClassDef) and child.name.startswith("_")
            yield from described(child, public and not hidden)


def without_verb(source: str) -> list[str]:
    """Return the docstrings' first lines, with their place, that don't begin as they should."""
    return [
        f"line {node.body[0].lineno}: begin with a verb: {text.splitlines()[0]}"
        for node, text, public in described(ast.parse(source))
        if (NO_VERB if public else ASKS).match(text)
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
    assert without_verb(path.read_text("utf-8")) == []
    gone = [cited for cited in CITED.findall(prose(path)) if not (ROOT / cited).exists()]
    assert not gone, f"cited, and not there: {gone}"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Slopes at pairs n..end-1.", True),
        ("The key.", True),
        ("None where nothing is known.", True),
        ("`count` samples never arrived.", True),
        ("rms of the voltage.", True),
        ("For how long it lasts.", True),
        ("LED currents.", True),
        ("How loud it is.", True),
        ("Pass it on.", False),
        ("Return the slopes.", False),
    ],
)
def test_a_noun_in_a_docstring_is_found_wherever_others_may_call_it(text, named):
    source = f'def f():\n    """{text}"""\n\n\nclass A:\n    def g(self):\n        """{text}"""\n'
    assert len(without_verb(source)) == (2 if named else 0)
    hidden = source.replace("def f", "def _f").replace("class A", "class _A")
    assert len(without_verb(hidden)) == (2 if ASKS.match(text) else 0)
