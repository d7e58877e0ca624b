"""The first script of a simulated device under MicroPython; its arguments are described in transport.py."""

import sys

import calando_boot

print("MicroPython", sys.implementation.version)  # read when the session is over
calando_boot.run()
