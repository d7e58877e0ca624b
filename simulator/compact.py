"""Makes the firmware's sources small on the chip before mpy-cross compiles them; what they do stays the same.

MicroPython keeps every name that a program can look up at run time on its heap, for good: 1 700 of them took 43 of the
chip's 230 KB. Two things are done, to all files at once:

- a constant of another module (`master.HALF`, where `master` says `HALF = const(128)`) becomes its number, and no name;
- a name that the firmware gave becomes one that MicroPython has in its flash anyway (rom_names.py), as long as there
  are any.

Lines stay where they are, so that a traceback's line numbers are those of the source; its names are not: `names` of the
result says what each was. Left alone are names that anything outside gives or reads: MicroPython's, the parts of a
module's path, whatever also stands as a text of its own, because that may be looked up by it, and what files use that are
not compiled.
"""

import ast
import builtins
import io
import itertools
import keyword
import string
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from simulator.rom_names import NAMES as ROM_NAMES

# Looked for by MicroPython itself on objects of ours, or of an exception: no name of ours may become one of these.
_LOOKED_FOR = frozenset((
    "args", "errno", "value", "send", "throw", "close", "ioctl", "read", "write", "readinto", "readline", "seek", "flush",
    "readblocks", "writeblocks", "mount", "umount", "chdir", "getcwd", "open", "stat", "ilistdir", "mkdir", "remove",
    "rename", "rmdir", "statvfs", "count", "index", "copy", "name", "path",
))  # fmt: skip
_INTERNED = 10  # characters of a text that MicroPython keeps once, however often it stands in the code
_BUILT_IN = frozenset(dir(builtins)) | {"const", "ptr", "ptr8", "ptr16", "ptr32", "uint"}


@dataclass
class Compacted:
    """sources: by the same names as they came. names: what a new name was called before."""

    sources: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


@dataclass
class _File:
    name: str
    source: str
    tree: ast.Module = field(init=False)
    module: str = field(init=False)
    modules: dict[str, str] = field(default_factory=dict)  # what a module is called here: its full name
    bound: set[str] = field(default_factory=set)  # plain names that the file gives a value
    in_texts: set[str] = field(
        default_factory=set
    )  # names inside of f-strings, which are not taken apart here
    edits: list[tuple[int, int, int, str]] = field(
        default_factory=list
    )  # line from 1, bytes from and to, instead

    def __post_init__(self) -> None:
        self.tree = ast.parse(self.source, self.name)
        path = PurePosixPath(self.name).with_suffix("")
        self.module = ".".join(path.parent.parts if path.name == "__init__" else path.parts)


def compact(
    sources: dict[str, str], along: dict[str, str] | None = None, callers: Iterable[str] = ()
) -> Compacted:
    """Return the files of a device made small. sources: its files by path ("firmware/sound/master.py").

    along: files that use the device's and have names of their own (a simulated part, a test's script): they are changed as
    the others are, and change nothing of what becomes of these but that no name is that of one of their modules.
    callers: sources that use the device's files and stay as they are: no name in them is changed.

    Raises SyntaxError for a file that is no Python.
    """
    files = [_File(name, source) for name, source in sorted(sources.items())]
    others = [_File(name, source) for name, source in sorted((along or {}).items())]
    modules = {file.module for file in files}
    for file in files + others:
        _look(file, modules)
    called = {name for source in callers for name in _identifiers(source)}
    _fold(files, others, called)
    for file in files + others:
        _apply(file)
    fixed = called | {part for file in files + others for part in file.module.split(".")}
    fixed |= {name for file in files + others for name in file.in_texts}
    new_names = _new_names(files, fixed)
    result = Compacted(names={new: old for old, new in new_names.items()})
    for file in files + others:
        result.sources[file.name] = _renamed(file.source, new_names)
    return result


def fold(sources: dict[str, str]) -> dict[str, str]:
    """Return the files of a desk's image with the numbers of other modules' constants in their places, as `compact` puts
    them on a chip. Every constant keeps its name, for the scripts that run beside them; lines stay where they are.
    """
    files = [_File(name, source) for name, source in sorted(sources.items())]
    modules = {file.module for file in files}
    for file in files:
        _look(file, modules)
    _fold(files, [], None)
    for file in files:
        for name, value in _constants(file).items():
            if type(value) is int:
                _hide(file, name, name)
        _apply(file)
    return {file.name: file.source for file in files}


def _look(file: _File, modules: set[str]) -> None:
    """Find what modules are called in a file, and which plain names it gives a value of its own."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in modules:
                    file.modules[alias.asname or alias.name] = whole
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            file.bound.add(node.id)
        elif isinstance(node, ast.arg):
            file.bound.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            file.bound.add(node.name)
        elif isinstance(node, ast.JoinedStr):
            for inside in ast.walk(node):
                if isinstance(inside, ast.Name):
                    file.in_texts.add(inside.id)
                elif isinstance(inside, ast.Attribute):
                    file.in_texts.add(inside.attr)


# --- constants of other modules ---


def _constants(file: _File) -> dict[str, int | str]:
    """The whole numbers and short words that a file gives a name in capitals, once and outside of everything."""
    known: dict[str, object] = {"const": lambda value: value}
    found: dict[str, int | str] = {}
    for node in file.tree.body:
        if not (
            isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id.isupper()
        ):
            continue
        name = node.targets[0].id
        try:
            value = eval(compile(ast.Expression(node.value), file.name, "eval"), {"__builtins__": {}}, known)
        except Exception:  # noqa: BLE001, S112  (made of more than constants: it is none)
            continue
        if type(value) is int or (type(value) is str and len(value) <= _INTERNED):
            known[name] = found[name] = value
    given = [
        node.id
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return {name: value for name, value in found.items() if given.count(name) == 1}


def _fold(files: list[_File], others: list[_File], called: set[str] | None) -> None:
    """Put the numbers in the places of constants of other modules, and hide the constants that nobody asks for by name.

    called: names that others ask for; None where they may ask for any.
    """
    in_texts = {name for file in files + others for name in file.in_texts}
    constants = {
        file.module: {name: value for name, value in _constants(file).items() if name not in in_texts}
        for file in files
    }
    named = set(called or ())  # or as attributes of something that is no module, or set from elsewhere
    kept: set[tuple[str, str]] = set()
    for file in files + others:
        in_modules = set()
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Attribute):
                module = file.modules.get(node.value.id) if isinstance(node.value, ast.Name) else None
                if module is None or node.value.id in file.bound or not isinstance(node.ctx, ast.Load):  # pyright: ignore[reportAttributeAccessIssue]
                    named.add(node.attr)
                elif node.attr in constants[module]:
                    in_modules.add(node)
        for node in in_modules:
            module = file.modules[node.value.id]
            _edit(file, node, constants[module][node.attr], kept, (module, node.attr))
        for node in ast.walk(file.tree):
            if isinstance(node, ast.ImportFrom) and node.module in constants:
                _fold_import(file, node, constants[node.module], kept)
    for file in files if called is not None else ():
        for name in constants[file.module]:
            if name not in named and (file.module, name) not in kept:
                _hide(file, name)


def _edit(file: _File, node: ast.expr, value: int | str, kept: set, key: tuple[str, str]) -> None:
    if node.lineno != node.end_lineno or node.end_col_offset is None:
        kept.add(key)
    else:
        text = f"({value})" if isinstance(value, int) and value < 0 else repr(value)
        file.edits.append((node.lineno, node.col_offset, node.end_col_offset, text))


def _fold_import(file: _File, node: ast.ImportFrom, constants: dict[str, int | str], kept: set) -> None:
    left = []
    for alias in node.names:
        if alias.name not in constants:
            left.append(alias)
        elif alias.asname or alias.name in file.bound or node.col_offset:
            left.append(alias)
            kept.add((node.module, alias.name))
    if len(left) == len(node.names):
        return
    gone = {alias.name for alias in node.names} - {alias.name for alias in left}
    for use in ast.walk(file.tree):
        if isinstance(use, ast.Name) and use.id in gone:
            _edit(file, use, constants[use.id], kept, (node.module or "", use.id))
    names = ", ".join(alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in left)
    lines = file.source.split("\n")
    end_line = node.end_lineno or node.lineno
    for line in range(node.lineno + 1, end_line + 1):
        last = node.end_col_offset if line == end_line else len(lines[line - 1].encode())
        file.edits.append((line, 0, last or 0, ""))
    end = node.end_col_offset if end_line == node.lineno else len(lines[node.lineno - 1].encode())
    file.edits.append((node.lineno, 0, end or 0, f"from {node.module} import {names}" if left else "pass"))


def _hide(file: _File, name: str, called: str | None = None) -> None:
    """Give a constant an underscore, and the compiler's word: then the compiler knows it, and the module does not.

    called: what it is to be called instead; with its own name the module knows it too.
    """
    own = called or name
    while called is None and own in file.bound and (own != name or name[0] != "_"):
        own = "_" + own
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Name) and node.id == name and own != name:
            file.edits.append((node.lineno, node.col_offset, node.end_col_offset or 0, own))
    for node in file.tree.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == name
        ):
            value = node.value
            if not isinstance(value, ast.Call):
                file.edits.append((value.lineno, value.col_offset, value.col_offset, "const("))
                file.edits.append(
                    (value.end_lineno or 0, value.end_col_offset or 0, value.end_col_offset or 0, ")")
                )


def _apply(file: _File) -> None:
    lines = [line.encode() for line in file.source.split("\n")]
    for line, begin, end, text in sorted(set(file.edits), reverse=True):
        lines[line - 1] = lines[line - 1][:begin] + text.encode() + lines[line - 1][end:]
    file.source = b"\n".join(lines).decode()
    file.tree = ast.parse(file.source, file.name)


# --- names ---


def _new_names(files: list[_File], outside: set[str]) -> dict[str, str]:
    """For every name that may be changed, what it becomes: the same everywhere, and no two alike.

    outside: names that may not be changed for what stands outside of the code: parts of the modules' paths, for one.
    """
    used: set[str] = set()
    texts: set[str] = set()
    given: dict[str, bool] = {}  # whether it is on the device for good
    for file in files:
        stays = not file.name.startswith(("firmware/usb/", "firmware/prescription/", "firmware/startup"))
        for name in _given(file.tree):
            given[name] = given.get(name, False) or stays
        used.update(_identifiers(file.source))
        texts.update(
            node.value
            for node in ast.walk(file.tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
    fixed = ROM_NAMES | _BUILT_IN | texts | outside
    old = [
        name
        for name in given
        if name not in fixed and not name.startswith("__") and not keyword.iskeyword(name)
    ]
    old.sort(key=lambda name: (not given[name], -len(name), name))
    free = itertools.chain(
        sorted(ROM_NAMES - used - texts - outside - _BUILT_IN - _LOOKED_FOR),
        (short for short in _short() if short not in used and short not in fixed),
    )
    return dict(zip(old, free, strict=False))


def _given(tree: ast.Module) -> set[str]:
    """The names that a file gives and that can be looked up at run time: of functions, classes, arguments, attributes, and
    of what stands outside of functions."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            names.add(node.attr)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            names.update(node.names)
        elif isinstance(node, ast.alias):
            names.add(node.asname or "_")
    for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]:
        for node in _outside_functions(scope):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                names.add(node.id)
    # What the compiler keeps to itself has no name on the device.
    hidden = {
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id[0] == "_"
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "const"
    }
    return names - hidden - {"_"}


def _outside_functions(node: ast.AST):
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield child
            yield from _outside_functions(child)


def _identifiers(source: str) -> set[str]:
    return {
        token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.NAME
    }


def _renamed(source: str, new_names: dict[str, str]) -> str:
    lines = source.split("\n")
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for token in reversed(tokens):
        if token.type == tokenize.NAME and token.string in new_names:
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column] + new_names[token.string] + line[token.end[1] :]
    return "\n".join(lines)


def _short():
    """a, b, ... Z, aa, ab, ..."""
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_letters, repeat=length):
            name = "".join(letters)
            if not keyword.iskeyword(name):
                yield name
