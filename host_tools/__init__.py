"""The therapist's and the deployer's side: the command `calando` and what it is made of."""

from simulator import cpython

cpython.install()
