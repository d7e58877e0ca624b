"""The computer at the other end, when the heap runs out: the loop keeps its room, and a command is tried once more."""

from types import SimpleNamespace

import pytest

from firmware.usb import commands, service


@pytest.fixture
def there(monkeypatch):
    monkeypatch.setattr(service, "UsbSerial", lambda: None)
    collected = []
    thresholds = []
    loop = SimpleNamespace(collect=lambda: collected.append(True), collect_after=thresholds.append)
    made = service.UsbService(SimpleNamespace(loop=loop))
    made.desk = SimpleNamespace(staged=0)
    made.collected, made.thresholds = collected, thresholds
    return made


def test_garbage_goes_in_time_while_a_computer_asks_and_as_before_when_it_is_gone(there):
    """It went when the heap was full: 976 bytes were free then."""
    ((while_it_asks),) = there.thresholds
    assert 4096 < while_it_asks <= 32 << 10
    there.close()
    assert there.thresholds[1:] == [-1]


def failing(times, there, monkeypatch):
    """Answers that find no memory so many times; how often one was asked for."""
    asked = []

    def answer(computer, command, arguments, now_ms):
        asked.append(computer.desk is not None)
        if len(asked) <= times:
            raise MemoryError
        return {"staged": 3}

    monkeypatch.setattr(commands, "answer", answer)
    return asked


def test_a_command_that_found_no_memory_is_tried_once_more_on_a_cleared_heap(there, monkeypatch):
    # After a session and a look around, a factory reset was refused on the emulated chip, until it was switched off and on.
    asked = failing(1, there, monkeypatch)
    assert there._answer("reset", {}) == {"staged": 3}
    assert asked == [True, False] and there.collected == [True]


def test_and_only_once(there, monkeypatch):
    asked = failing(2, there, monkeypatch)
    with pytest.raises(MemoryError):
        there._answer("reset", {})
    assert asked == [True, False]


def test_but_not_when_something_is_staged_which_is_gone_then(there, monkeypatch):
    there.desk.staged = 1
    asked = failing(1, there, monkeypatch)
    with pytest.raises(MemoryError):
        there._answer("stage", {})
    assert asked == [True] and there.desk is None
