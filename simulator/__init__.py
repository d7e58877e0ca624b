"""The bedside on a desk: chips, patient, clock, scenarios, runtimes. Importing it lets CPython import the firmware."""

from simulator import cpython

cpython.install()
