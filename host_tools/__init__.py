"""The therapist's and the deployer's side: the command `calando` and what it is made of."""

import simulator  # noqa: F401  (lets CPython import the firmware's pure modules)
