"""MicroPython's own `micropython` module, as far as the firmware and Adafruit's drivers use it, on CPython.

Viper code runs here as ordinary Python on memory views, with the meaning it has on a 64-bit MicroPython:
`ptr8`, `ptr16` and `ptr32` read unsigned. Storing a value that does not fit raises instead of wrapping, so
code that relies on wrapping is caught here before it differs between machines.
"""

import builtins
import functools
import inspect


def const(value):
    return value


def native(function):
    return function


def kbd_intr(_character):
    return None


def opt_level(_level=None):
    return 0


def _view(buffer, code):
    if isinstance(buffer, memoryview) and buffer.format == code:
        return buffer
    return memoryview(buffer).cast("B").cast(code)


def ptr8(buffer):
    return _view(buffer, "B")


def ptr16(buffer):
    return _view(buffer, "H")


def ptr32(buffer):
    return _view(buffer, "I")


def uint(value):
    return int(value) & 0xFFFFFFFF


def viper(function):
    """Run a viper function as plain Python, its pointer arguments turned into memory views."""
    casts = [
        (place, parameter.annotation)
        for place, parameter in enumerate(inspect.signature(function).parameters.values())
        if parameter.annotation in (ptr8, ptr16, ptr32)
    ]
    if not casts:
        return function

    @functools.wraps(function)
    def call(*arguments):
        arguments = list(arguments)
        for place, cast in casts:
            arguments[place] = cast(arguments[place])
        return function(*arguments)

    call.viper_source = function  # for the test that runs it on checked 32-bit integers
    return call


# Viper's types are built-in names in MicroPython, so source files use them without importing them.
for _name in ("ptr8", "ptr16", "ptr32", "uint"):
    setattr(builtins, _name, globals()[_name])
