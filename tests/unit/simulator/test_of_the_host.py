"""What stands in the device's files for the host's sake is not on a chip, and nothing there asks for it."""

import ast

from simulator.interpreter import OF_THE_HOST, device_texts


def test_a_chip_has_nothing_that_the_host_alone_calls_and_a_desk_has():
    here, there = device_texts("x64"), device_texts("armv6m")
    left_out = {name for names in OF_THE_HOST.values() for name in names}
    for file, names in OF_THE_HOST.items():
        assert set(names) <= _functions(here[file])
        assert not set(names) & _functions(there[file])
        assert here[file].count("\n") == there[file].count("\n"), "lines stay where they are"
    for file in OF_THE_HOST:
        assert not left_out & {node.id for node in _nodes(there[file], ast.Name)}, file
    for file, text in there.items():
        for node in _nodes(text, ast.ImportFrom):
            path = (node.module or "").replace(".", "/") + ".py"
            assert not {alias.name for alias in node.names} & set(OF_THE_HOST.get(path, ())), file
        for node in _nodes(text, ast.Attribute):
            if isinstance(node.value, ast.Name):
                asked = [names for of, names in OF_THE_HOST.items() if of.endswith(f"/{node.value.id}.py")]
                assert not any(node.attr in names for names in asked), file


def _nodes(text, kind):
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, kind)]


def _functions(text):
    return {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
