"""What the workshop gives back late is not shown over what somebody brought in meanwhile."""

import asyncio
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from host_tools.studio.correcting import Correcting, wrong_name

OLD, NEW = {"name": "grandmother"}, {"name": "grandfather"}


def late(meanwhile):
    """Have the old song drawn, and let something happen before the drawing is there; returns what is kept and shown."""
    future: Future = Future()
    added, built = [], []
    page = Correcting.__new__(Correcting)
    page._steps = SimpleNamespace(values=OLD, add=added.append)
    page._studio = SimpleNamespace(
        workshop=SimpleNamespace(do=lambda task, **given: SimpleNamespace(future=future))
    )
    page._shown = {}
    page._say = lambda text: None
    page._build = built.append

    async def go():
        making = asyncio.ensure_future(page._make(None, "show_song"))
        await asyncio.sleep(0)
        meanwhile(page._steps)
        future.set_result({"song": OLD | {"data": "00"}, "notes": [1]})
        await making

    asyncio.run(go())
    return added, built


def test_a_song_that_was_brought_in_meanwhile_stays():
    assert late(lambda steps: setattr(steps, "values", NEW)) == ([], [])


def test_what_was_put_away_meanwhile_stays_away():
    assert late(lambda steps: setattr(steps, "values", {})) == ([], [])


def test_else_it_is_kept_and_shown():
    added, built = late(lambda steps: None)
    assert len(added) == len(built) == 1


@pytest.mark.parametrize(
    ("name", "right"),
    [("grandmother_2", True), ("Grandmother", False), ("", False), ("a" * 25, False), ("brahms", False), ("none", False),
     ("amazing_grace", False), ("pattern_tide", False), ("mother's", False)],
)  # fmt: skip
def test_a_name_for_the_device_is_judged_as_the_device_does(name, right):
    assert (wrong_name(name) is None) == right
