"""What every test may rely on: the firmware importable on CPython."""

import simulator  # noqa: F401
