"""Goes to the root of the flash as boot.py: hands over to the firmware that was put there last, whole.

`/slot` names its folder. Deployment writes the other folder, compares every hash, and only then replaces `/slot`.
"""

import sys

try:
    with open("/slot") as _file:
        _slot = _file.read()
except OSError:
    _slot = "a"
sys.path[:] = ["/" + _slot, ".frozen"]

from firmware import boot  # noqa: E402

boot.main()
