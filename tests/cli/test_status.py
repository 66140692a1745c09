"""What a run does at this moment, with a clock that the test turns."""

import io
import sys
import time

import pytest

from clearhead.cli.status import Status, duration, progress_line, starting, told_activity
from clearhead.training import Progress

PROGRESS = Progress(2_500, 26_000, 3.14159, 0.0012, 12_345.6, 754.0, 0, 4_000_000, 0.029)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    value = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: value[0])
    return value


@pytest.mark.parametrize(("is_terminal", "quiet"), [(True, False), (True, True), (False, False)])
def test_it_starts(monkeypatch: pytest.MonkeyPatch, is_terminal: bool, quiet: bool) -> None:
    """faults.md C3: something is on the screen while torch is imported, and nothing of it afterwards."""
    stream = io.StringIO()
    stream.isatty = lambda: is_terminal  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", stream)
    with starting(quiet):
        during = stream.getvalue()
    # ECMA-48: the line's first column, and the line erased to its right.
    assert (during, stream.getvalue()) == (
        ("starting …", "starting …\r\x1b[K") if is_terminal and not quiet else ("", "")
    )


def test_what_is_done_is_told_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, quiet, expected in (
        (Terminal(), False, True),
        (Terminal(), True, False),
        (io.StringIO(), False, False),
    ):
        monkeypatch.setattr(sys, "stderr", stream)
        with told_activity(quiet) as doing:
            doing("trying steps")
        assert ("trying steps" in stream.getvalue()) == expected
        assert not stream.getvalue() or stream.getvalue().endswith("\r\x1b[K")


def test_nothing_yet(now: list[float]) -> None:
    assert Status().line() == ""


def test_it_moves_every_second_whatever_is_done(now: list[float]) -> None:
    """faults.md C3: while preparing, stepping before the first logged line, validating, and stepping again."""
    status = Status()
    status.doing("learning 8,000 pieces from 58,000 lines")
    lines = []
    for _ in range(2):
        lines.append(status.line())
        now[0] += 1
    status.doing("")
    status.stepped(1, 26_000, 52_000.0)
    for _ in range(2):
        lines.append(status.line())
        now[0] += 1
    status.doing("validating")
    for _ in range(2):
        lines.append(status.line())
        now[0] += 1
    status.doing("")
    status.progressed(PROGRESS)
    lines.append(status.line())
    assert lines == [
        "learning 8,000 pieces from 58,000 lines  0:00 elapsed",
        "learning 8,000 pieces from 58,000 lines  0:01 elapsed",
        "step 1/26,000  0:02 elapsed  14h26 left",
        "step 1/26,000  0:03 elapsed  14h26 left",
        "step 1/26,000  0:04 elapsed  validating 0:00",
        "step 1/26,000  0:05 elapsed  validating 0:01",
        "step 2,500/26,000  0:06 elapsed  12:34 left  loss 3.1416  12,346 tokens/s  rate 1.20e-03",
    ]


@pytest.mark.parametrize("width", range(1, 130))
def test_it_fits(now: list[float], width: int) -> None:
    """Whole parts, and at least the step."""
    status = Status()
    status.progressed(Progress(999_999, 1_000_000, 3.14159, 0.0012, 1_234_567.8, 100_000.0, 17, 9_999, 0.2))
    now[0] += 100_000
    line = status.line(width)
    assert line.startswith("step 999,999/1,000,000")
    assert len(line) <= max(width, len("step 999,999/1,000,000"))
    if width >= 80:
        assert "elapsed" in line
        assert "left" in line
        assert "loss 3.1416" in line


def test_skipped_steps_are_worth_more_than_speed(now: list[float]) -> None:
    status = Status()
    status.progressed(Progress(1, 2, 3.0, 0.1, 5.0, 6.0, 4, 9, 0.2))
    assert status.line(60).endswith("loss 3.0000  skipped 4")


def test_the_line_of_a_log_and_durations() -> None:
    """More of them in test_progress.py, where they were first."""
    assert progress_line(PROGRESS).endswith("12:34 left")
    assert duration(7.4) == "0:07"
