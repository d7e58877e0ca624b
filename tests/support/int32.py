"""Runs firmware code on checked integers: what leaves the chip's range, or depends on a sign, fails here.

Viper code computes in 32 bits on the chip and wraps without a word; on a 64-bit desk the same code goes on.
`ptr32` loads are signed on the chip and unsigned on the desk. Bytecode holds integers up to 30 bits without
allocating. So the source is rewritten: every arithmetic result is checked against 32 bits inside viper
functions and 31 bits elsewhere, every store through a pointer against 0..2^30, and floats are refused. Run it
with both readings of ptr32; the results must be the same.

    checked(function, signed=True)(buffer, 3)             one viper function
    Firmware(signed=False).module("firmware.vitals")      a module, with all of the firmware that it imports
"""

import ast
import builtins
import functools
import importlib
import inspect
import textwrap
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
VIPER_BITS = 31
BYTECODE_BITS = 30
STORE_LIMIT = 1 << 30


class LeftTheRange(AssertionError):
    """A value the chip could not hold, or would hold differently."""


def _fit(value, bits, place):
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float):
        raise LeftTheRange(f"{place}: {value} is a float")
    if not -(1 << bits) <= value < 1 << bits:
        raise LeftTheRange(f"{place}: {value} does not fit {bits + 1} bits")
    return value


def _stored(value, place):
    if isinstance(value, int) and not 0 <= value < STORE_LIMIT:
        raise LeftTheRange(f"{place}: stores {value}, which a signed and an unsigned reading see differently")
    return value


class _Rewriter(ast.NodeTransformer):
    """Wraps every arithmetic result, and every store inside viper functions."""

    def __init__(self, file, bits):
        self.file = file
        self.bits = bits

    def _call(self, name, node, value, *more):
        place = ast.Constant(f"{self.file}:{node.lineno}")
        arguments = [value, *(ast.Constant(item) for item in more), place]
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), arguments, []), node)

    def _fitted(self, node):
        return self._call("_fit", node, node, self.bits)

    def visit_BinOp(self, node):
        return self._fitted(self.generic_visit(node))

    def visit_UnaryOp(self, node):
        node = self.generic_visit(node)
        return self._fitted(node) if isinstance(node.op, ast.USub | ast.Invert) else node

    def visit_AugAssign(self, node):
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        sum_ = ast.copy_location(ast.BinOp(load, node.op, node.value), node)
        whole = ast.copy_location(ast.Assign([node.target], sum_), node)
        return self.visit(ast.fix_missing_locations(whole))

    def visit_Assign(self, node):
        node = self.generic_visit(node)
        if self.bits == VIPER_BITS and any(isinstance(target, ast.Subscript) for target in node.targets):
            node.value = self._call("_stored", node, node.value)
        return node

    def visit_FunctionDef(self, node):
        outer = self.bits
        # The decorators decide; what they do to a function is not ours to check.
        if any(ast.unparse(decorator) == "micropython.viper" for decorator in node.decorator_list):
            self.bits = VIPER_BITS
        node.body = [self.visit(statement) for statement in node.body]
        self.bits = outer
        return node


def _rewritten(source, file, bits):
    tree = _Rewriter(file, bits).visit(ast.parse(source))
    return compile(ast.fix_missing_locations(tree), file, "exec")


def _viper(signed):
    """A decorator that hands buffers over as the chip (signed) or the desk (unsigned) reads them."""

    def decorate(function):
        casts = {
            place: {"ptr8": "B", "ptr16": "H", "ptr32": "i" if signed else "I"}[parameter.annotation.__name__]
            for place, parameter in enumerate(inspect.signature(function).parameters.values())
            if getattr(parameter.annotation, "__name__", "") in ("ptr8", "ptr16", "ptr32")
        }

        @functools.wraps(function)
        def call(*arguments):
            views = [
                memoryview(value).cast("B").cast(casts[place]) if place in casts else value
                for place, value in enumerate(arguments)
            ]
            return function(*views)

        return call

    return decorate


def checked(function, signed):
    """A viper function on checked integers, ptr32 read as signed or as unsigned."""
    plain = getattr(function, "viper_source", function)
    source = textwrap.dedent(inspect.getsource(plain))
    code = _rewritten(source, Path(inspect.getsourcefile(plain)).name, VIPER_BITS)
    names = dict(plain.__globals__)
    micropython = ModuleType("micropython")
    micropython.viper = _viper(signed)
    names |= {"_fit": _fit, "_stored": _stored, "micropython": micropython}
    exec(code, names)
    return names[plain.__name__]


class Firmware:
    """Firmware modules loaded anew on checked integers, beside the ordinary ones."""

    def __init__(self, signed):
        real = importlib.import_module("micropython")
        self._micropython = ModuleType("micropython")
        self._micropython.__dict__.update(real.__dict__)
        self._micropython.viper = _viper(signed)
        self._modules = {}

    def module(self, name):
        """The module `name` ("firmware.vitals"), loaded once."""
        if name not in self._modules:
            place = ROOT / name.replace(".", "/")
            file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            module = ModuleType(name)
            module.__dict__.update(
                {
                    "_fit": _fit,
                    "_stored": _stored,
                    "__builtins__": {**builtins.__dict__, "__import__": self._import},
                }
            )
            self._modules[name] = module
            exec(_rewritten(file.read_text("utf-8"), file.name, BYTECODE_BITS), module.__dict__)
        return self._modules[name]

    def _import(self, name, globals=None, locals=None, fromlist=(), level=0):
        if name == "micropython":
            return self._micropython
        if (ROOT / name.replace(".", "/")).is_dir() and name.split(".")[0] == "firmware" and fromlist:
            package = ModuleType(name)
            for item in fromlist:
                setattr(package, item, self.module(f"{name}.{item}"))
            return package
        if name.startswith("firmware.") and fromlist:
            return self.module(name)
        return builtins.__import__(name, globals, locals, fromlist, level)
