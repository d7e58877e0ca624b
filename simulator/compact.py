"""Makes the firmware's sources small on the chip before mpy-cross compiles them; what they do stays the same.

MicroPython keeps every name that a program can look up at run time on its heap, for good: 1 700 of them took 43 of the
chip's 230 KB. Three things are done, to all files at once:

- a constant of another module (`master.HALF`, where `master` says `HALF = const(128)`) becomes its number, and no name;
- what only one file knows (arguments, functions that nothing else asks a module for, parts of objects of its own classes)
  is called by the same few names in every file;
- any other name that the firmware gave becomes one that MicroPython has in its flash anyway (rom_names.py), as long as
  there are any.

Lines stay where they are; names do not: `names` and `own` of the result say what each was. Left alone are names that
anything outside gives or reads: MicroPython's, the parts of a module's path, whatever also stands as a text of its own,
because that may be looked up by it, and what files use that are not compiled.
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
    """sources: by the same names as they came. names: what a new name was called before; own: the same, for those that mean
    something else in each file, by file; of an argument and an object's part that are called the same, the part.
    """

    sources: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    own: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class _File:
    name: str
    source: str
    tree: ast.Module = field(init=False)
    nodes: list[ast.AST] = field(init=False)  # all of the tree's, which are gone through again and again
    plain: dict[str, list[ast.Name]] = field(init=False)  # those that are a name, by it
    module: str = field(init=False)
    modules: dict[str, str] = field(default_factory=dict)  # what a module is called here: its full name
    bound: set[str] = field(default_factory=set)  # plain names that the file gives a value
    in_texts: set[str] = field(
        default_factory=set
    )  # names inside of f-strings, which are not taken apart here
    in_assembler: set[str] = field(default_factory=set)  # registers and instructions, and labels with them
    edits: list[tuple[int, int, int, str]] = field(
        default_factory=list
    )  # line from 1, bytes from and to, instead

    def __post_init__(self) -> None:
        self.parse()
        path = PurePosixPath(self.name).with_suffix("")
        self.module = ".".join(path.parent.parts if path.name == "__init__" else path.parts)

    def parse(self) -> None:
        self.tree = ast.parse(self.source, self.name)
        self.nodes = list(ast.walk(self.tree))
        self.plain = {}
        for node in self.nodes:
            if isinstance(node, ast.Name):
                self.plain.setdefault(node.id, []).append(node)


def compact(
    sources: dict[str, str], along: dict[str, str] | None = None, callers: Iterable[str] = ()
) -> Compacted:
    """Return the files of a device made small. sources: its files by path ("firmware/sound/master.py").

    along: files that use the device's and have names of their own (a simulated part, a test's script): they are changed as
    the others are, and change nothing of what becomes of these but that no name is that of one of their modules.
    callers: sources that use the device's files and stay as they are: no name in them is changed.

    Raises SyntaxError for a file that is no Python, ValueError for one `along` that knows what is one file's own.
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
    fixed |= {name for file in files + others for name in file.in_texts | file.in_assembler}
    own, new_names = _new_names(files, fixed)
    result = Compacted(names={new: old for old, new in new_names.items()})
    for file in files:
        here = own[file.name]
        result.sources[file.name] = _renamed(file.source, here, new_names)
        result.own[file.name] = {new: old for old, new in here.items()}
    for file in others:
        known = _known_outside([file], modules) - set(new_names)
        theirs = {name: [here[name] for here in own.values() if name in here] for name in known}
        # An argument that is only given by its name meets no other name; one that also stands alone may.
        apart = _keywords(file) - file.bound - set(file.plain)
        alike = [new[0] for name, new in theirs.items() if new and name not in apart]
        unclear = sorted(
            name
            for name, new in theirs.items()
            if len(new) > 1 or (new and name not in apart and alike.count(new[0]) > 1)
        )
        if unclear:
            raise ValueError(
                f"{file.name} asks for {', '.join(unclear)}, which only one file of the device should know"
            )
        found = {name: new[0] for name, new in theirs.items() if new}
        result.sources[file.name] = _renamed(file.source, {}, {**new_names, **found})
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
    for node in file.nodes:
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
            if any(ast.unparse(decorator) == "micropython.asm_thumb" for decorator in node.decorator_list):
                file.in_assembler |= {inside.id for inside in ast.walk(node) if isinstance(inside, ast.Name)}
                file.in_assembler |= {inside.arg for inside in ast.walk(node) if isinstance(inside, ast.arg)}
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
    return {
        name: value
        for name, value in found.items()
        if sum(isinstance(node.ctx, ast.Store) for node in file.plain[name]) == 1
    }


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
        for node in file.nodes:
            if isinstance(node, ast.Attribute):
                module = file.modules.get(node.value.id) if isinstance(node.value, ast.Name) else None
                if module is None or node.value.id in file.bound or not isinstance(node.ctx, ast.Load):  # pyright: ignore[reportAttributeAccessIssue]
                    named.add(node.attr)
                elif node.attr in constants[module]:
                    in_modules.add(node)
        for node in in_modules:
            module = file.modules[node.value.id]
            _edit(file, node, constants[module][node.attr], kept, (module, node.attr))
        for node in file.nodes:
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
    for name in gone:
        for use in file.plain.get(name, []):
            _edit(file, use, constants[name], kept, (node.module or "", name))
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
    for node in file.plain.get(name, []) if own != name else []:
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
    file.parse()


# --- names ---


def _new_names(files: list[_File], outside: set[str]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """For every name that may be changed, what it becomes: in a file alone, by file; and the same everywhere. No two that
    could meet are alike.

    outside: names that may not be changed for what stands outside of the code: parts of the modules' paths, for one.
    """
    used: set[str] = set()
    texts: set[str] = set()
    standing = {file.name: _identifiers(file.source) for file in files}
    for file in files:
        used |= standing[file.name]
        texts.update(
            node.value
            for node in file.nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
    fixed = ROM_NAMES | _BUILT_IN | texts | outside
    free = itertools.chain(
        sorted(ROM_NAMES - used - texts - outside - _BUILT_IN - _LOOKED_FOR),
        (short for short in _short() if short not in used and short not in fixed),
    )

    def may_change(name: str) -> bool:
        return name not in fixed and not name.startswith("__") and not keyword.iskeyword(name)

    known = _known_outside(files)
    by_keyword = set().union(*(_keywords(file) for file in files))
    parts = _own_parts(files, standing)
    shared: list[str] = []
    own: dict[str, dict[str, str]] = {}
    given: dict[str, bool] = {}  # whether it is on the device for good
    for file in files:
        plain, at_top, elsewhere, behind_point = _given(file)
        functions = {node.name for node in file.nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        here = sorted(
            name
            for name in plain - elsewhere - by_keyword
            if may_change(name) and name not in (known if name in at_top else ())
        )
        behind = sorted(filter(may_change, parts[file.name] - set(here)))
        # An argument and an object's part never meet: one stands alone, the other behind a point. But where a class is
        # inside of a function, in its body both stand alone.
        arguments = [name for name in here if name not in functions | at_top | _around_classes(file)]
        alone = [name for name in here if name not in arguments]
        most = len(alone) + max(len(arguments), len(behind))
        shared += itertools.islice(free, max(0, most - len(shared)))
        own[file.name] = dict(zip(arguments, shared[len(alone) :], strict=False))
        own[file.name].update(zip(alone + behind, shared, strict=False))
        stays = not file.name.startswith(("firmware/usb/", "firmware/prescription/", "firmware/startup"))
        for name in (plain - set(here + behind)) | ((elsewhere | behind_point) - parts[file.name]):
            given[name] = given.get(name, False) or stays
    old = sorted(filter(may_change, given), key=lambda name: (not given[name], -len(name), name))
    return own, dict(zip(old, free, strict=False))


def _known_outside(files: list[_File], modules: set[str] | None = None) -> set[str]:
    """The names by which anything is asked for that is not this file's own: attributes, what is imported, and arguments
    that are given by name. modules: only what may be asked of these, and of objects.
    """
    known = set()
    for file in files:
        strangers = set() if modules is None else _strangers(file, modules)
        for node in file.nodes:
            if isinstance(node, ast.Attribute):
                if not (isinstance(node.value, ast.Name) and node.value.id in strangers):
                    known.add(node.attr)
            elif isinstance(node, ast.ImportFrom) and (modules is None or node.module in modules):
                known.update(alias.name for alias in node.names)
        known |= _keywords(file)
    return known


def _strangers(file: _File, modules: set[str]) -> set[str]:
    """Return what a file calls modules that are not of these."""
    found = set()
    for node in file.nodes:
        if isinstance(node, ast.Import):
            found.update(alias.asname or alias.name for alias in node.names if alias.name not in modules)
    return found


def _own_parts(files: list[_File], standing: dict[str, set[str]]) -> dict[str, set[str]]:
    """For each file the methods and variables of its own classes that no other file names, in whatever meaning.

    standing: all names that stand in each.
    """
    asked: dict[str, set[str]] = {}  # in which files a name stands
    for file in files:
        for name in standing[file.name]:
            asked.setdefault(name, set()).add(file.name)
    classes = {
        node.name: file.name for file in files for node in file.nodes if isinstance(node, ast.ClassDef)
    }
    mixed = (
        set()
    )  # an object may have parts of two files: those of its class, and of the class that it extends
    for file in files:
        for node in file.nodes:
            for base in node.bases if isinstance(node, ast.ClassDef) else ():
                name = (
                    base.id
                    if isinstance(base, ast.Name)
                    else base.attr
                    if isinstance(base, ast.Attribute)
                    else ""
                )
                if classes.get(name, file.name) != file.name:
                    mixed |= {file.name, classes[name]}
    found: dict[str, set[str]] = {}
    for file in files:
        given, unclear = set(), set()
        for node in file.nodes:
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                by_self = isinstance(node.value, ast.Name) and node.value.id == "self"
                (given if by_self else unclear).add(node.attr)
            elif isinstance(node, ast.ClassDef):
                given.update(child.name for child in node.body if isinstance(child, ast.FunctionDef))
            elif isinstance(node, ast.Name):
                unclear.add(node.id)
            elif isinstance(node, ast.arg) or (isinstance(node, ast.keyword) and node.arg):
                unclear.add(node.arg)
            elif isinstance(node, ast.alias):
                unclear.update((node.name, node.asname or ""))
            elif isinstance(node, ast.Global | ast.Nonlocal):
                unclear.update(node.names)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                unclear.add(node.name)
        unclear |= {node.name for node in file.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        found[file.name] = (
            set() if file.name in mixed else {name for name in given - unclear if asked[name] == {file.name}}
        )
    return found


def _around_classes(file: _File) -> set[str]:
    """The arguments of functions with a class in them."""
    return {
        inside.arg
        for node in file.nodes
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(part, ast.ClassDef) for part in ast.walk(node))
        for inside in ast.walk(node)
        if isinstance(inside, ast.arg)
    }


def _keywords(file: _File) -> set[str]:
    return {node.arg for node in file.nodes if isinstance(node, ast.keyword) and node.arg}


def _given(file: _File) -> tuple[set[str], set[str], set[str], set[str]]:
    """The names that a file gives and that can be looked up at run time.

    Four sets: those that stand alone where they are used (arguments, functions, what is outside of functions); which of
    these are the module's; those of classes' parts and of what is imported; those that stand behind a point.
    """
    plain, at_top, elsewhere, behind_point = set(), set(), set(), set()
    for node in file.nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            plain.add(node.name)
        elif isinstance(node, ast.arg):
            plain.add(node.arg)
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            behind_point.add(node.attr)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            plain.update(node.names)
            at_top.update(node.names)
        elif isinstance(node, ast.alias):
            elsewhere.add(node.asname or node.name.split(".")[0])
    for scope in [file.tree, *(node for node in file.nodes if isinstance(node, ast.ClassDef))]:
        names = at_top if scope is file.tree else elsewhere
        for node in _outside_functions(scope):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                names.add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
    # What the compiler keeps to itself has no name on the device.
    hidden = {
        node.targets[0].id
        for node in file.tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id[0] == "_"
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "const"
    } | {"_"}
    return (plain | at_top) - hidden, at_top - hidden, elsewhere - hidden, behind_point - hidden


def _outside_functions(node: ast.AST):
    """Yield what is in a module or class, and in no function or class in it; of those only themselves."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield from _outside_functions(child)


def _identifiers(source: str) -> set[str]:
    return {
        token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.NAME
    }


def _renamed(source: str, own: dict[str, str], new_names: dict[str, str]) -> str:
    """own: first of all for names that stand alone; behind a point only where nothing else is said."""
    lines = source.split("\n")
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for before, token in reversed([*itertools.pairwise([None, *tokens])]):
        assert token is not None
        behind_point = before is not None and before.string == "."
        first, second = (new_names, own) if behind_point else (own, new_names)
        new = first.get(token.string, second.get(token.string))
        if token.type == tokenize.NAME and new is not None:
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column] + new + line[token.end[1] :]
    return "\n".join(lines)


def _short():
    """a, b, ... Z, aa, ab, ..."""
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_letters, repeat=length):
            name = "".join(letters)
            if not keyword.iskeyword(name):
                yield name
