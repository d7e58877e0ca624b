"""Work that takes a while: whoever waits for it may go."""

import threading
import time

from host_tools.studio.job import Cancelled, Job


def test_a_page_that_goes_while_it_waits_does_not_end_the_work():
    job = Job("work")

    def work(_job):
        assert not job.future.cancel()  # what asyncio does with it when the page's task is ended
        return 7

    job.run(work)
    assert job.future.result() == 7 and job.error is None


def test_work_that_nobody_waits_for_any_more_is_not_begun():
    job, done = Job("work"), []
    assert job.future.cancel()
    job.run(done.append)
    assert done == []


def test_a_question_waits_for_its_answer_whoever_gives_it_and_is_over_when_it_is_cancelled():
    job = Job("calibrate")

    def work(job):
        return [job.ask("the room"), job.ask("the device")]

    def answered(job, values):
        thread = threading.Thread(target=job.run, args=(work,))
        thread.start()
        for value in values:
            until(lambda value=value: job.question == value, value)
            job.answer(value.upper())
            until(lambda value=value: job.question != value, value)
        return thread

    answered(job, ["the room", "the device"]).join()
    assert job.future.result() == ["THE ROOM", "THE DEVICE"] and job.question is None
    job = Job("calibrate")
    thread = answered(job, ["the room"])
    until(lambda: job.question == "the device", "it asks on")
    job.cancel()
    thread.join()
    assert isinstance(job.future.exception(), Cancelled) and job.question is None


def until(so, what):
    end = time.monotonic() + 20
    while not so():
        assert time.monotonic() < end, what
        time.sleep(0.01)
