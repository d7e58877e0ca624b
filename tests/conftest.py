"""What every test may rely on: the firmware importable on CPython, and the paths of the project."""

from simulator import cpython

cpython.install()
