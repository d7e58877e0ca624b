"""A finger at the wrong moment: before the device hears it, and on top of another."""

from sim_parts import from_text

from simulator import bedside
from simulator.runtimes import micropython


def told(text):
    bench = bedside.Bedside(from_text('title = "t"\n' + text))
    micropython.boot(bench)
    return [(event["kind"], event["time_s"]) for event in bench._events], bench


def finger(do, at_s, for_s):
    return f'[[event]]\nat_s = {at_s}\ndo = "{do}"\nfor_s = {for_s}\n'


def test_the_light_comes_when_the_button_is_heard_and_a_press_before_it_is_none():
    events, bench = told("duration_s = 6\n" + finger("press", 0.2, 0.2))
    kinds = [kind for kind, _ in events]
    assert "device_press" not in kinds and "device_phase" not in kinds
    booted_s = next(time_s for kind, time_s in events if kind == "device_boot")
    lit = [at_s for at_s, _, duty in bench.lights if duty]
    assert lit and 0.4 < booted_s <= lit[0] < booted_s + 0.1
    # And the next one is heard as ever.
    events, _ = told("duration_s = 6\n" + finger("press", 0.2, 0.2) + finger("press", 3, 0.2))
    assert [round(time_s, 1) for kind, time_s in events if kind == "device_press"] == [3.0]


def test_fingers_that_overlap_are_one_finger():
    """A hold whose beginning lay under a press was lost with the first finger's release."""
    text = "duration_s = 12\n" + finger("press", 3, 0.15) + finger("press", 8, 0.6) + finger("hold", 8.4, 1.5)
    events, _ = told(text)
    heard = [(kind, round(time_s, 1)) for kind, time_s in events if kind in ("device_press", "device_hold")]
    assert heard == [("device_press", 3.0), ("device_press", 8.0), ("device_hold", 9.0)]
    assert [kind for kind, _ in events].count("device_end") >= 1
