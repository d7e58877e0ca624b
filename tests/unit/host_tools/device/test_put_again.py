"""A device whose heap was full answers `too_big` and forgets what was staged: it is sent again, once."""

from contextlib import contextmanager

import pytest

from firmware.prescription.profile import Profile
from host_tools.device import changes
from host_tools.device.client import DeviceRefused


class Full:
    """A device that has no room for a profile so many times."""

    def __init__(self, times, code="too_big"):
        self.times, self.code = times, code
        self.staged = []

    def get_or_none(self, name):
        return None

    def put(self, name, data, version=None, progress=None):
        if name == "profile" and self.times:
            self.times -= 1
            self.staged.clear()
            raise DeviceRefused(self.code, "There is not enough memory for that now; ask for less.")
        self.staged.append(name)

    def stage(self):
        pass


@contextmanager
def silently(name):
    yield lambda done, total: None


def test_once_more_with_the_songs():
    device = Full(1)
    changes.put_with_sounds(device, Profile.ready("newborn"), {"song.own": b"1"}, silently)
    assert device.staged == ["song.own", "profile"]


@pytest.mark.parametrize(("times", "code"), [(2, "too_big"), (1, "invalid")])
def test_not_for_ever_and_not_for_what_is_wrong(times, code):
    device = Full(times, code)
    with pytest.raises(DeviceRefused):
        changes.put_with_sounds(device, Profile.ready("newborn"), {"song.own": b"1"}, silently)
    assert device.times == 0
