"""The viper functions of a desk's image, compiled by LLVM in the place of mpy-cross.

MicroPython's own compiler keeps two variables of a viper function in registers and all others in memory, and so a third of
a session's instructions were loads and stores. What a function means stays the same: whole numbers of 64 bits that wrap,
pointers that read unsigned. One that is made of more than that is left as mpy-cross made it, and so are all where LLVM is
missing. The chip has nothing of this: its code is mpy-cross's, and thumb.py's.
"""

import ast
import functools
import platform
from importlib.util import find_spec
from pathlib import Path

from simulator.mpy_file import VIPER, MpyFile

_BITS = {"ptr8": 8, "ptr16": 16, "ptr32": 32}
# As py/nativeglue.c of MicroPython numbers them: the kinds of values, and what is where in its table for machine code.
_KINDS = {"int": 2, "ptr8": 5, "ptr16": 6, "ptr32": 7}
_NONE, _FROM_OBJECT, _TO_OBJECT, _CHECK_ARGUMENTS = 0, 3, 4, 44
_OPERATORS = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
}
_COMPARISONS = {
    ast.Lt: "slt", ast.LtE: "sle", ast.Gt: "sgt", ast.GtE: "sge", ast.Eq: "eq", ast.NotEq: "ne",
}  # fmt: skip


class _Unknown(Exception):
    """This has no meaning here: the function is left to mpy-cross."""


def version() -> str:
    """Return which LLVM there is, if any: an image made by another is another one."""
    spec = find_spec("llvmlite") if platform.machine() == "x86_64" else None
    if spec is None or spec.origin is None:
        return ""
    return f"llvmlite {Path(spec.origin).stat().st_mtime_ns}"


def by_llvm(mpy: bytes, source: str) -> bytes:
    """Return a compiled file with LLVM's code in its viper functions; `source` is what it was made of."""
    if not version() or "@micropython.viper" not in source:
        return mpy
    tree = ast.parse(source)
    constants = _constants(tree)
    file = MpyFile(mpy)
    if file.table is None:
        return mpy
    codes = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and "micropython.viper" in map(ast.unparse, node.decorator_list):
            try:
                codes.append(_machine_code(_Function(node, constants, file.table).text()))
            except _Unknown:
                codes.append(None)
    return file.with_codes(VIPER, codes)


def _constants(tree: ast.Module) -> dict[str, int]:
    """Return the numbers that mpy-cross knows by their names: those that `const` marks."""
    found: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "const":
                number = eval(ast.unparse(value.args[0]), {"__builtins__": {}}, dict(found))
                if type(number) is int:
                    found[node.targets[0].id] = number
    return found


# --- from a function's source to LLVM's assembler ---


class _Function:
    """One viper function as text for LLVM. Its variables live in memory there, of which LLVM makes registers."""

    def __init__(self, function: ast.FunctionDef, constants: dict[str, int], table: int):
        """table: which of the file's objects is MicroPython's table for machine code."""
        self._function = function
        self._table = table
        self._constants = constants
        self._lines: list[str] = []
        self._places: list[str] = []
        self._count = 0
        self._loops: list[tuple[str, str]] = []  # where `continue` and `break` go
        arguments = function.args
        if arguments.defaults or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
            raise _Unknown
        self._kinds = {
            argument.arg: ast.unparse(argument.annotation or function) for argument in arguments.args
        }
        if not set(self._kinds.values()) <= set(_KINDS):
            raise _Unknown
        self._returns = None if function.returns is None else ast.unparse(function.returns)
        if self._returns not in (None, "int"):
            raise _Unknown

    def text(self) -> str:
        for node in ast.walk(self._function):
            # A variable has one kind: a pointer that is made of a number keeps it.
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in self._kinds:
                self._kinds[node.id] = "int"
        for node in ast.walk(self._function):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                made = ast.unparse(node.value.func)
                if made in _BITS and isinstance(node.targets[0], ast.Name):
                    self._kinds[node.targets[0].id] = made
        self._enter()
        self._block(self._function.body)
        self._leave(None)
        # Of what is set aside at the very beginning LLVM makes registers, and of nothing else.
        places = [f"%v.{name} = alloca i64" for name in self._kinds] + self._places
        body = "\n".join(places + self._lines)
        return (
            "define ptr @function(ptr %self, i64 %count, i64 %named, ptr %arguments) "
            f'"no-builtins" "no-jump-tables"="true" {{\nstart:\n{body}\n}}\n'
        )

    def _say(self, line: str) -> None:
        self._lines.append(line)

    def _name(self) -> str:
        self._count += 1
        return f"%t{self._count}"

    def _new(self, line: str) -> str:
        name = self._name()
        self._say(f"{name} = {line}")
        return name

    def _set_aside(self) -> str:
        name = self._name()
        self._places.append(f"{name} = alloca i64")
        return name

    def _label(self, label: str) -> None:
        self._say(f"br label %{label}\n{label}:")

    def _labels(self, count: int) -> list[str]:
        self._count += 1
        return [f"l{self._count}.{number}" for number in range(count)]

    def _entry(self, number: int) -> str:
        """Return the address of one of MicroPython's own functions, or of None."""
        place = self._new(f"getelementptr ptr, ptr %table, i64 {number}")
        return self._new(f"load ptr, ptr {place}")

    def _enter(self) -> None:
        """Take the arguments out of their objects, as viper's own code does."""
        names = [argument.arg for argument in self._function.args.args]
        self._say("%context.at = getelementptr ptr, ptr %self, i64 1")
        self._say("%context = load ptr, ptr %context.at")
        self._say("%objects.at = getelementptr ptr, ptr %context, i64 3")
        self._say("%objects = load ptr, ptr %objects.at")
        self._say(f"%table.at = getelementptr ptr, ptr %objects, i64 {self._table}")
        self._say("%table = load ptr, ptr %table.at")
        right, wrong = self._labels(2)
        self._say("%named.flag = and i64 %named, 255")  # it holds more than their number
        self._say(f"%as.many = icmp eq i64 %count, {len(names)}")
        self._say("%none.named = icmp eq i64 %named.flag, 0")
        self._say("%fits = and i1 %as.many, %none.named")
        self._say(f"br i1 %fits, label %{right}, label %{wrong}\n{wrong}:")
        check = self._entry(_CHECK_ARGUMENTS)
        self._say(f"call void {check}(i64 %count, i64 %named, i32 {len(names) << 17 | len(names) << 1})")
        self._label(right)
        for number, name in enumerate(names):
            place = self._new(f"getelementptr i64, ptr %arguments, i64 {number}")
            found = self._new(f"load i64, ptr {place}")
            kind = self._kinds[name]
            if kind == "int":
                small, large, both = self._labels(3)
                bit = self._new(f"trunc i64 {found} to i1")
                self._say(f"br i1 {bit}, label %{small}, label %{large}\n{small}:")
                value = self._new(f"ashr i64 {found}, 1")
                self._store(name, value)
                self._say(f"br label %{both}\n{large}:")
                self._store(name, self._converted(found, kind))
                self._label(both)
            else:
                self._store(name, self._converted(found, kind))

    def _converted(self, found: str, kind: str) -> str:
        convert = self._entry(_FROM_OBJECT)
        return self._new(f"call i64 {convert}(i64 {found}, i64 {_KINDS[kind]})")

    def _leave(self, value: str | None) -> None:
        if self._returns is None:
            self._say(f"ret ptr {self._entry(_NONE)}")
        elif value is None:  # the end of a function that returns a number is never reached
            self._say("unreachable")
        else:
            twice = self._new(f"shl i64 {value}, 1")
            back = self._new(f"ashr i64 {twice}, 1")
            fits = self._new(f"icmp eq i64 {back}, {value}")
            small, large = self._labels(2)
            self._say(f"br i1 {fits}, label %{small}, label %{large}\n{small}:")
            number = self._new(f"or i64 {twice}, 1")
            answer = self._new(f"inttoptr i64 {number} to ptr")
            self._say(f"ret ptr {answer}\n{large}:")
            convert = self._entry(_TO_OBJECT)
            answer = self._new(f"call ptr {convert}(i64 {value}, i64 {_KINDS['int']})")
            self._say(f"ret ptr {answer}")

    # Statements

    def _store(self, name: str, value: str) -> None:
        self._say(f"store i64 {value}, ptr %v.{name}")

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assign):
            value = self._value(node.value)
            for target in node.targets:
                self._assign(target, value)
        elif isinstance(node, ast.AugAssign):
            before = self._value(node.target)
            self._assign(node.target, self._binary(node.op, before, self._value(node.value)))
        elif isinstance(node, ast.If):
            then, other, after = self._labels(3)
            self._branch(node.test, then, other)
            self._say(f"{then}:")
            self._block(node.body)
            self._say(f"br label %{after}\n{other}:")
            self._block(node.orelse)
            self._label(after)
        elif isinstance(node, ast.While) and not node.orelse:
            again, body, after = self._labels(3)
            self._label(again)
            self._branch(node.test, body, after)
            self._say(f"{body}:")
            self._loop(node.body, again, after)
            self._say(f"br label %{again}\n{after}:")
        elif isinstance(node, ast.For) and not node.orelse:
            self._for(node)
        elif isinstance(node, ast.Return):
            self._leave(None if node.value is None else self._value(node.value))
            self._say(f"{self._labels(1)[0]}:")  # what follows is never reached
        elif isinstance(node, ast.Continue | ast.Break):
            self._say(f"br label %{self._loops[-1][isinstance(node, ast.Break)]}\n{self._labels(1)[0]}:")
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            raise _Unknown

    def _loop(self, body: list[ast.stmt], again: str, after: str) -> None:
        self._loops.append((again, after))
        self._block(body)
        self._loops.pop()

    def _for(self, node: ast.For) -> None:
        """`for name in range(end)`: the count is apart from the name, which the body may change."""
        counts = node.iter
        if not (
            isinstance(counts, ast.Call) and ast.unparse(counts.func) == "range" and len(counts.args) == 1
        ):
            raise _Unknown
        end = self._value(counts.args[0])
        counter = self._set_aside()
        self._say(f"store i64 0, ptr {counter}")
        again, body, following, after = self._labels(4)
        self._label(again)
        number = self._new(f"load i64, ptr {counter}")
        more = self._new(f"icmp slt i64 {number}, {end}")
        self._say(f"br i1 {more}, label %{body}, label %{after}\n{body}:")
        self._assign(node.target, number)
        self._loop(node.body, following, after)
        self._label(following)
        number = self._new(f"add i64 {number}, 1")
        self._say(f"store i64 {number}, ptr {counter}\nbr label %{again}\n{after}:")

    def _assign(self, target: ast.expr, value: str) -> None:
        if isinstance(target, ast.Name):
            self._store(target.id, value)
        elif isinstance(target, ast.Subscript):
            place, bits = self._place(target)
            cut = self._new(f"trunc i64 {value} to i{bits}")
            self._say(f"store i{bits} {cut}, ptr {place}")
        else:
            raise _Unknown

    # Expressions

    def _kind(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return self._kinds.get(node.id)
        return ast.unparse(node.func) if isinstance(node, ast.Call) else None

    def _place(self, node: ast.Subscript) -> tuple[str, int]:
        kind = self._kind(node.value)
        if kind not in _BITS:
            raise _Unknown
        pointer = self._new(f"inttoptr i64 {self._value(node.value)} to ptr")
        index = self._value(node.slice)
        return self._new(f"getelementptr i{_BITS[kind]}, ptr {pointer}, i64 {index}"), _BITS[kind]

    def _value(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return str(node.value)
        if isinstance(node, ast.Name):
            if node.id in self._kinds:
                return self._new(f"load i64, ptr %v.{node.id}")
            if node.id in self._constants:
                return str(self._constants[node.id])
        elif isinstance(node, ast.Subscript):
            place, bits = self._place(node)
            found = self._new(f"load i{bits}, ptr {place}")
            return self._new(f"zext i{bits} {found} to i64")
        elif isinstance(node, ast.BinOp):
            return self._binary(node.op, self._value(node.left), self._value(node.right))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self._new(f"sub i64 0, {self._value(node.operand)}")
        elif isinstance(node, ast.IfExp):
            return self._chosen(node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("int", *_BITS) and len(node.args) == 1:
            return self._value(node.args[0])
        raise _Unknown

    def _binary(self, operator: ast.operator, left: str, right: str) -> str:
        if type(operator) in _OPERATORS:
            return self._new(f"{_OPERATORS[type(operator)]} i64 {left}, {right}")
        if isinstance(operator, ast.LShift | ast.RShift):
            word = "shl" if isinstance(operator, ast.LShift) else "ashr"
            count = self._new(f"and i64 {right}, 63")  # as the machine does it for viper
            return self._new(f"{word} i64 {left}, {count}")
        if not isinstance(operator, ast.FloorDiv | ast.Mod):
            raise _Unknown
        rest = self._new(f"srem i64 {left}, {right}")
        signs = self._new(f"xor i64 {rest}, {right}")
        apart = self._new(f"icmp slt i64 {signs}, 0")
        some = self._new(f"icmp ne i64 {rest}, 0")
        lower = self._new(f"and i1 {apart}, {some}")
        if isinstance(operator, ast.Mod):
            more = self._new(f"add i64 {rest}, {right}")
            return self._new(f"select i1 {lower}, i64 {more}, i64 {rest}")
        quotient = self._new(f"sdiv i64 {left}, {right}")
        less = self._new(f"sub i64 {quotient}, 1")
        return self._new(f"select i1 {lower}, i64 {less}, i64 {quotient}")

    def _chosen(self, node: ast.IfExp) -> str:
        then, other, after = self._labels(3)
        chosen = self._set_aside()
        self._branch(node.test, then, other)
        for label, value in ((then, node.body), (other, node.orelse)):
            self._say(f"{label}:")
            self._say(f"store i64 {self._value(value)}, ptr {chosen}\nbr label %{after}")
        self._say(f"{after}:")
        return self._new(f"load i64, ptr {chosen}")

    def _branch(self, test: ast.expr, then: str, other: str) -> None:
        if isinstance(test, ast.BoolOp):
            for node in test.values[:-1]:
                following = self._labels(1)[0]
                if isinstance(test.op, ast.And):
                    self._branch(node, following, other)
                else:
                    self._branch(node, then, following)
                self._say(f"{following}:")
            self._branch(test.values[-1], then, other)
            return
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self._branch(test.operand, other, then)
            return
        if isinstance(test, ast.Compare):
            if len(test.ops) != 1 or type(test.ops[0]) not in _COMPARISONS:
                raise _Unknown
            left, right = self._value(test.left), self._value(test.comparators[0])
            holds = self._new(f"icmp {_COMPARISONS[type(test.ops[0])]} i64 {left}, {right}")
        else:
            holds = self._new(f"icmp ne i64 {self._value(test)}, 0")
        self._say(f"br i1 {holds}, label %{then}, label %{other}")


@functools.cache
def _target():
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    # Of any machine of this kind, not of this one, and at whatever address it comes to lie.
    target = binding.Target.from_triple("x86_64-unknown-linux-gnu")
    machine = target.create_target_machine(
        cpu="x86-64", features="-sse", opt=2, reloc="pic", codemodel="small"
    )
    return binding, machine


def _machine_code(text: str) -> bytes:
    binding, machine = _target()
    module = binding.parse_assembly(text)
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False  # they want numbers outside of the code
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    made = machine.emit_object(module)
    file = binding.ObjectFileRef.from_data(made)  # it looks at `made`, and the sections at it
    sections = {(section.name() or b"").decode(): bytes(section.data()) for section in file.sections()}
    if any(name.startswith((".rela.text", ".rodata", ".data.rel")) for name in sections):
        raise _Unknown  # it needs something besides its code
    return sections[".text"]
