"""Machine code names its numbers: `const` costs nothing there, the compiled file is the same to the byte."""

import ast

import pytest

from host_tools.docs import imports

SMALL = 255  # shifts, factors and masks of a byte say what they are
FEW = 2  # three results of a function its docstring names


def consts(tree: ast.Module) -> dict[int, str]:
    """Return the module's numbers from `NAME = const(number)`, by value."""
    found = {}
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
            and node.value.func.id == "const"
            and isinstance(node.targets[0], ast.Name)
        ):
            try:
                value = eval(compile(ast.Expression(node.value.args[0]), "const", "eval"), {})
            except NameError:
                continue
            found.setdefault(value, node.targets[0].id)
    return found


def is_viper(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        ast.unparse(decorator) == "micropython.viper" for decorator in node.decorator_list
    )


def nameless(text: str) -> list[str]:
    """Return the numbers in viper functions for which a name stands beside, and numbered places of a state."""
    tree = ast.parse(text)
    names = consts(tree)
    found = []
    for function in filter(is_viper, tree.body):
        for node in ast.walk(function):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
                mask = node.right.value if isinstance(node.right, ast.Constant) else 0
                if mask in names and mask > FEW and names[mask].endswith("_MASK"):
                    found.append(f"line {node.lineno}: the mask {mask} is {names[mask]}")
            if isinstance(node, ast.Constant) and type(node.value) is int and node.value > SMALL:
                if node.value in names:
                    found.append(f"line {node.lineno}: {node.value} is {names[node.value]}")
            elif (
                isinstance(node, ast.Subscript)
                and isinstance(node.slice, ast.Constant)
                and (
                    ast.unparse(node.value) == "state"
                    or (ast.unparse(node.value) == "out" and node.slice.value > FEW)
                )
            ):
                found.append(f"line {node.lineno}: {ast.unparse(node)} has no name")
    return found


MODULES = {name: path for name, path in imports.sources().items() if name.startswith("firmware.")}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_number_with_a_name_is_called_by_it(name):
    assert not nameless(MODULES[name].read_text("utf-8"))


def test_a_nameless_number_is_seen():
    head = "from micropython import const\nMASK = const(511)\n@micropython.viper\n"
    assert nameless(head + "def f(state: ptr32, n: int):\n    return state[n & 511]")
    assert nameless(head + "def f(state: ptr32):\n    return state[14]")
    assert not nameless(head + "def f(state: ptr32, n: int):\n    return state[n & MASK]")
