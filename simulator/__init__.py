"""The bedside on a desk: chips, patient, clock, scenarios, runtimes. Importing it lets CPython import the firmware."""

import os

from simulator import cpython

cpython.install()
# Before numpy is loaded: nothing here multiplies matrices large enough for more threads, and an idle one takes
# a core for a tenth of a second.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
