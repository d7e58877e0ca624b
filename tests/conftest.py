"""What every test may rely on: the firmware importable on CPython."""

from hypothesis import settings

import simulator  # noqa: F401

# No test is timed: these computers have other work.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
