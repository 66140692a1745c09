"""What an engine computes, whatever is asked."""

from clearhead.decoding import Reading, Request, SearchOptions
from clearhead.decoding.jobs import Job, settle

OPTIONS = SearchOptions(begin=1, end=2)


def nothing(reader: object, batch: object, vectors: object, threads: int) -> list[str]:
    return []


def test_requests_and_readings_are_jobs_and_go_with_their_kind() -> None:
    request, reading = Request([5], OPTIONS, 3), Reading([5], nothing)
    assert isinstance(request, Job)
    assert isinstance(reading, Job)
    assert request.goes_with(Request([6], OPTIONS, 9))
    assert not request.goes_with(reading)
    assert reading.goes_with(Reading([6], nothing))
    assert not reading.goes_with(Reading([6], nothing, causal=True))
    assert not reading.goes_with(Reading([6], lambda *_: []))
    assert not reading.goes_with(request)


def test_each_is_told_its_own_and_who_cancelled_is_not() -> None:
    jobs = [Reading([5], nothing) for _ in range(3)]
    jobs[1].found.cancel()
    settle(jobs, ["a", "b", "c"])
    assert [jobs[0].found.result(), jobs[2].found.result()] == ["a", "c"]
    assert jobs[1].found.cancelled()


def test_what_went_wrong_is_told_to_all() -> None:
    jobs, error = [Reading([5], nothing) for _ in range(2)], ValueError("no")
    settle(jobs, error)
    assert [job.found.exception() for job in jobs] == [error, error]
