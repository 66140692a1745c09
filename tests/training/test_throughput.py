"""Speed, with a clock that the test turns."""

import time

import pytest

from clearhead.training.throughput import Throughput, times_due


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    value = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: value[0])
    return value


def test_tokens_a_second_and_seconds_a_step(now: list[float]) -> None:
    throughput = Throughput()
    for _ in range(4):
        now[0] += 0.5
        throughput.add(100)
    assert throughput.read() == (200.0, 0.5)


def test_each_reading_begins_anew(now: list[float]) -> None:
    throughput = Throughput()
    now[0] += 10
    throughput.add(1)
    throughput.read()
    now[0] += 2
    throughput.add(50)
    assert throughput.read() == (25.0, 2.0)


def test_what_happens_between_steps_does_not_count(now: list[float]) -> None:
    throughput = Throughput()
    now[0] += 1
    throughput.add(10)
    with throughput.paused("validation"):
        now[0] += 60
    assert throughput.read() == (10.0, 1.0)


def test_a_reading_without_a_step(now: list[float]) -> None:
    assert Throughput().read()[0] == 0.0


def test_the_pace_of_the_last_steps(now: list[float]) -> None:
    """faults.md C3: known from the first step on; those before the last reading but one no longer count."""
    throughput = Throughput()
    assert throughput.seconds_a_step == 0.0
    now[0] += 3
    throughput.add(1)
    assert throughput.seconds_a_step == 3.0
    throughput.read()
    now[0] += 1
    throughput.add(1)
    assert throughput.seconds_a_step == 2.0
    throughput.read()
    now[0] += 1
    throughput.add(1)
    assert throughput.seconds_a_step == 1.0


@pytest.mark.parametrize(
    ("every", "step", "steps", "expected"),
    [
        (20, 0, 100, 5),
        (20, 20, 100, 4),
        (20, 39, 100, 4),
        (20, 100, 100, 0),
        (30, 0, 100, 4),
        (30, 90, 100, 1),
        (9, 7, 5, 0),
    ],
)
def test_what_is_due_until_the_end(every: int, step: int, steps: int, expected: int) -> None:
    """Counted by hand: at 30, 60, 90 and after the last of 100 steps."""
    assert times_due(every, step, steps) == expected


def test_the_time_left_has_what_happens_between_steps(now: list[float]) -> None:
    """A run of 100 steps of 0.5 s, validated in 10 s each 20 steps, begins with 50 s and then knows of the pauses."""
    throughput, left, ends = Throughput(), {}, {}
    for step in range(1, 101):
        now[0] += 0.5
        throughput.add(1)
        left[step] = throughput.seconds_left(100 - step, {"validation": times_due(20, step, 100)})
        ends[step] = now[0]
        if step % 20 == 0:
            with throughput.paused("validation"):
                now[0] += 10
    assert left[1] == pytest.approx(49.5)
    for step in (21, 50, 99):
        assert left[step] == pytest.approx(now[0] - ends[step])
