"""The firmware as a chip gets it, with other names (simulator/compact.py), does the same as with its own."""

import pytest
from sim_parts import from_text

from simulator import play
from simulator.interpreter import device_image
from simulator.runtimes import micropython

BEGUN = "title = 't'\nduration_s = 25\n[[event]]\nat_s = 2\ndo = 'press'\n"
HAPPENINGS = {
    "music": "",
    "bus_stuck": "[[event]]\nat_s = 15\ndo = 'i2c_fault'\nkind = 'stuck'\nfor_s = 4\n",
    "adc_away": "[[event]]\nat_s = 9\ndo = 'adc_fault'\nkind = 'nack'\nfor_s = 3\n",
    "cable": "[[event]]\nat_s = 12\ndo = 'usb_host'\nfor_s = 3\n",
    "hold": "[[event]]\nat_s = 15\ndo = 'hold'\nfor_s = 1.5\n",
}


@pytest.mark.parametrize("name", HAPPENINGS)
def test_with_other_names_the_firmware_gives_the_same_samples_rows_and_events(name, monkeypatch):
    played = from_text(BEGUN + HAPPENINGS[name])
    own = play.run(played, "micropython")
    monkeypatch.setattr(micropython, "device_image", lambda native: device_image(compacted=True))
    other = play.run(played, "micropython")
    assert (own.pcm == other.pcm).all() and own.pcm.any()
    assert own.rows == other.rows
    assert _without_heap(own.events) == _without_heap(other.events)
    # Which is why it is done; constants of other modules are numbers in both.
    assert other.summary["heap"]["free_bytes"][0] > own.summary["heap"]["free_bytes"][0] + 10_000


def _without_heap(events):
    return [event for event in events if event["kind"] != "device_heap"]
