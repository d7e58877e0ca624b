"""Work that takes a while: whoever waits for it may go."""

from host_tools.studio.job import Job


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
