"""What ends a campaign early. How it plays, resumes and survives a killed worker: tests/sim/test_campaign.py."""

import signal
import sys
import weakref

from host_tools.campaign import runner


class Garbage:
    pass


def test_a_ctrl_c_whose_exception_python_drops_is_remembered(monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: None)
    with runner._ctrl_c_remembered() as pressed:
        kept = Garbage()
        _watch = weakref.ref(kept, lambda _: signal.raise_signal(signal.SIGINT))
        assert not pressed.is_set()
        del kept  # the interrupt falls into the callback, and ends nothing
        assert pressed.is_set()
