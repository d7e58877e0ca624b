"""A hand on the button: press after the question, and a hold, within half a minute."""

import pytest

from firmware.usb.consent import EXPIRED, GIVEN, NONE, WAITING, Consent


def asked(now_ms=1000):
    consent = Consent()
    consent.ask("commit", now_ms)
    return consent


def test_a_press_and_a_hold_after_the_question_are_consent():
    consent = asked()
    assert consent.state == WAITING and consent.what == "commit"
    assert consent.gesture("press", 5000) and consent.state == WAITING
    assert consent.gesture("hold", 6000) and consent.state == GIVEN


def test_a_hold_alone_is_a_finger_that_was_there_before():
    consent = asked()
    assert consent.gesture("hold", 1500) and consent.state == WAITING
    assert consent.gesture("press", 2000) and consent.gesture("hold", 3000) and consent.state == GIVEN


@pytest.mark.parametrize(("at_ms", "state"), [(30_999, WAITING), (31_000, EXPIRED)])
def test_half_a_minute_is_all_there_is(at_ms, state):
    consent = asked()
    consent.pass_time(at_ms)
    assert consent.state == state
    assert consent.gesture("press", at_ms) == (state == WAITING)


def test_a_hold_that_comes_too_late_is_none():
    consent = asked()
    consent.gesture("press", 30_500)
    assert not consent.gesture("hold", 31_500) and consent.state == EXPIRED


def test_a_new_question_needs_a_new_press():
    consent = asked()
    consent.gesture("press", 2000)
    consent.ask("bench", 3000)
    assert consent.gesture("hold", 3500) and consent.state == WAITING and consent.what == "bench"


def test_what_was_given_stays_given_and_what_was_forgotten_asks_nobody():
    consent = asked()
    consent.gesture("press", 2000)
    consent.gesture("hold", 3000)
    consent.pass_time(99_000)
    assert consent.state == GIVEN and not consent.gesture("press", 99_000)
    consent.forget()
    assert consent.state == NONE and consent.what is None and not consent.gesture("hold", 99_000)
    consent.pass_time(999_000)
    assert consent.state == NONE
