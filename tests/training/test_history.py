"""The two logs of a run."""

import json
import math
from pathlib import Path

import pytest

from clearhead.training import Progress, Sample, Validation
from clearhead.training.history import History


def steps(path: Path) -> list[int]:
    return [json.loads(line)["step"] for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path)
    for step in (2, 4, 6):
        history.on_log(progress(step))
    return history


def progress(step: int, loss: float = 1 / 3) -> Progress:
    return Progress(step, 6, loss, 0.01, 1e4, 0.0, 0, tokens=100 * step, seconds_a_step=0.5)


def test_a_line_a_step(history: History) -> None:
    assert steps(history.history) == steps(history.timing) == [2, 4, 6]


def test_what_repeats_and_what_does_not(history: History) -> None:
    """Two runs of one recipe have the same history, byte by byte; their clocks are in the other file."""
    assert json.loads(history.history.read_text().split("\n")[0]) == {
        "step": 2, "loss": 1 / 3, "learning_rate": 0.01, "tokens": 200, "skipped": 0,
    }  # fmt: skip
    assert json.loads(history.timing.read_text().split("\n")[0]) == {
        "step": 2, "tokens_per_second": 1e4, "seconds_a_step": 0.5,
    }  # fmt: skip


def test_a_number_reads_as_it_was(history: History) -> None:
    """Python writes the shortest digits that read back the same, so the history of two equal runs is the same text."""
    assert json.loads(history.history.read_text().split("\n")[0])["loss"] == 1 / 3


def test_lines_after_the_checkpoint_go(history: History) -> None:
    history.begin(4)
    assert steps(history.history) == steps(history.timing) == [2, 4]
    history.on_log(progress(6))
    assert steps(history.history) == [2, 4, 6]


def test_a_new_run_begins_empty(history: History) -> None:
    history.begin(0)
    assert history.history.read_text() == ""


@pytest.mark.parametrize("rest", ['{"step": 4, "lo', "{}", "null", "\x00\x00", "x"])
def test_what_a_kill_cut_short_goes(history: History, rest: str) -> None:
    with history.history.open("a", encoding="utf-8") as file:
        file.write(rest)
    history.begin(100)
    assert steps(history.history) == [2, 4, 6]


def test_what_is_not_a_number_is_null(history: History) -> None:
    """NaN is not JSON, and other programs read these files."""
    history.on_log(progress(8, math.nan))
    history.on_validation(8, Validation(math.inf, math.nan, None), best=False)
    *_, logged, judged = history.history.read_text().split("\n")[:-1]
    assert json.loads(logged, parse_constant=pytest.fail)["loss"] is None
    assert json.loads(judged, parse_constant=pytest.fail) == {
        "step": 8, "validation": {"loss": None, "perplexity": None, "quality": None}, "best": False,
    }  # fmt: skip


def test_a_validation_that_was_interrupted_comes_again(history: History) -> None:
    """faults.md C15: what was found at that step goes, and nothing else."""
    for step in (4, 6):
        history.on_validation(step, Validation(float(step), 1.0, None), best=True)
    history.begin(6, awaits_validation=True)
    assert steps(history.history) == [2, 4, 6, 4]
    assert history.validation_at(4) == {"loss": 4.0, "perplexity": 1.0, "quality": None}
    assert history.validation_at(6) is None
    assert History(history.history.parent / "none").validation_at(4) is None


def test_samples_are_a_line_each(history: History) -> None:
    """As people read them: no escapes but of what has no UTF-8; those of a set with a name say so."""
    assert not history.samples.exists()
    one, other = Sample("집", "house", "두 줄\n"), Sample("a\udcff", "b", "c")
    history.on_validation(
        6, Validation(1.0, 2.0, others={"news": Validation(2.0, 4.0, samples=(other,))}, samples=(one,)), True
    )
    text = history.samples.read_text(encoding="utf-8")
    assert [json.loads(line) for line in text.splitlines()] == [
        {"step": 6, "source": "집", "reference": "house", "hypothesis": "두 줄\n"},
        {"step": 6, "set": "news", "source": "a\udcff", "reference": "b", "hypothesis": "c"},
    ]
    assert "두 줄" in text
    assert "집" not in history.history.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("step", "awaits", "kept"), [(6, False, [4, 6]), (6, True, [4]), (4, False, [4]), (0, False, [])]
)
def test_samples_after_the_checkpoint_go(history: History, step: int, awaits: bool, kept: list[int]) -> None:
    for at in (4, 6):
        history.on_validation(at, Validation(1.0, 2.0, samples=(Sample("a", "b", "c"),)), best=False)
    with history.samples.open("a", encoding="utf-8") as file:
        file.write('{"step": 6, "source": "cu')
    history.begin(step, awaits_validation=awaits)
    assert steps(history.samples) == kept
