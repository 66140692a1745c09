"""Speed, with a clock that the test turns."""

import time

import pytest

from clearhead.training.clock import Clock


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    value = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: value[0])
    return value


def test_tokens_a_second_and_seconds_a_step(now: list[float]) -> None:
    clock = Clock()
    for _ in range(4):
        now[0] += 0.5
        clock.add(100)
    assert clock.read() == (200.0, 0.5)


def test_each_reading_begins_anew(now: list[float]) -> None:
    clock = Clock()
    now[0] += 10
    clock.add(1)
    clock.read()
    now[0] += 2
    clock.add(50)
    assert clock.read() == (25.0, 2.0)


def test_what_happens_between_steps_does_not_count(now: list[float]) -> None:
    clock = Clock()
    now[0] += 1
    clock.add(10)
    with clock.paused():
        now[0] += 60
    assert clock.read() == (10.0, 1.0)


def test_a_reading_without_a_step(now: list[float]) -> None:
    assert Clock().read()[0] == 0.0


def test_the_pace_of_the_last_steps(now: list[float]) -> None:
    """faults.md C3: known from the first step on; those before the last reading but one no longer count."""
    clock = Clock()
    assert clock.seconds_a_step == 0.0
    now[0] += 3
    clock.add(1)
    assert clock.seconds_a_step == 3.0
    clock.read()
    now[0] += 1
    clock.add(1)
    assert clock.seconds_a_step == 2.0
    clock.read()
    now[0] += 1
    clock.add(1)
    assert clock.seconds_a_step == 1.0
