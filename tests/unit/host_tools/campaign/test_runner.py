"""What ends a campaign early. How it plays, resumes and survives a killed worker: tests/sim/test_campaign.py."""

import signal
import sys
import weakref

from host_tools.campaign import page, runner
from host_tools.commands import campaign as command


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


def test_the_line_says_how_near_to_which_law_and_in_what_unit():
    state = runner.Progress({("worst", "S"): 10}, began_s=0.0, now_s=1.0)
    state.worst = {"tempo_step": (0.1, "worst/S/3"), "level": (2.5, "worst/S/1")}
    assert command._line(state).endswith("nearest to a limit: tempo_step 0.1 %, level 2.5 dB(A)")


def test_what_is_left_is_told_by_what_sessions_cost():
    """39 short ones of 40 done is not nearly all, where the last one is a whole device."""
    state = runner.Progress({("worst", "S"): 39, ("worst", "D"): 1}, began_s=0.0, now_s=13.0)
    assert state.wanted == 40 and state.left_s is None
    for number in range(39):
        state.add({"cohort": "worst", "tier": "S", "number": number, "broken": {}, "margins": {}})
    assert state.per_second == 3.0
    assert state.left_s == 13.0 * runner.COSTS["D"] / 39
    state.add({"cohort": "worst", "tier": "D", "number": 0, "broken": {}, "margins": {}})
    assert state.left_s == 0


def test_the_page_links_to_what_its_model_is_worth_only_where_that_is():
    assert page._way_to(page.CREDIBILITY, page.ROOT / "docs" / "campaign") == "credibility.md"
    assert (
        page._way_to(page.CREDIBILITY, page.ROOT / "out" / "bedside") == "../../docs/campaign/credibility.md"
    )
    assert page._way_to(page.CREDIBILITY, page.ROOT.parent) is None
