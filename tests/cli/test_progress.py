"""How a run shows itself."""

import dataclasses
import io
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from clearhead.cli import progress
from clearhead.cli.progress import (
    PlainReporter,
    TerminalReporter,
    duration,
    progress_line,
    reporters,
    sample_lines,
    validation_line,
)
from clearhead.evaluation import Quality
from clearhead.recipe import Recipe
from clearhead.training import Progress, Sample, Validation, train
from clearhead.training.run_inputs import prepare_run

PROGRESS = Progress(2_500, 26_000, 3.14159, 0.0012, 12_345.6, 754.0, 0, 4_000_000, 0.029)
VALIDATION = Validation(1.23456, 3.4369, Quality(37.254, 60.12, 5.0, "", ""))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0:00"),
        (7.4, "0:07"),
        (59.6, "1:00"),
        (750.0, "12:30"),
        (3599.0, "59:59"),
        (3600.0, "1h00"),
        (11_100.0, "3h05"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_progress_line() -> None:
    """The issue: loss, tokens/s, learning rate, time left."""
    line = progress_line(PROGRESS)
    assert line == "step 2,500/26,000  loss 3.1416  12,346 tokens/s  rate 1.20e-03  12:34 left"
    assert len(line) <= 80
    assert progress_line(Progress(1, 2, 3.0, 0.1, 5.0, 6.0, 4, 9, 0.2)).endswith("  skipped 4")


def test_the_validation_line() -> None:
    line = validation_line(2_500, VALIDATION, best=True)
    assert line == "step 2,500: validation loss 1.2346  perplexity 3.44  BLEU 37.3  chrF 60.1  best"
    assert len(line) <= 80
    assert validation_line(5, Validation(1.0, 2.718, None), best=False) == (
        "step 5: validation loss 1.0000  perplexity 2.72"
    )


def test_each_set_stands_in_the_line() -> None:
    others = {"news": Validation(2.5, 12.2, Quality(14.0, 40.0, 5.0, "", "")), "law": Validation(3.0, 20.1)}
    assert validation_line(5, Validation(1.0, 2.718, others=others), best=True) == (
        "step 5: validation loss 1.0000  perplexity 2.72  news loss 2.5000  BLEU 14.0  chrF 40.0  law loss 3.0000  best"
    )
    assert validation_line(5, Validation(1.0, 2.718, name="dev"), best=False) == (
        "step 5: dev loss 1.0000  perplexity 2.72"
    )


def test_a_classifier_predicts_texts_and_has_no_perplexity() -> None:
    assert "  12,346 texts/s  " in progress_line(PROGRESS, "texts")
    assert validation_line(5, Validation(1.0, 2.718, None), best=True, counts="texts") == (
        "step 5: validation loss 1.0000  best"
    )


def test_a_validation_that_diverged() -> None:
    """faults.md C7: its perplexity had 305 digits."""
    assert validation_line(5, Validation(700.0, 1.01e304, None), best=False) == (
        "step 5: validation loss 700.0000  perplexity > 999,999"
    )


class TestChoice:
    def test_quiet(self) -> None:
        assert reporters(quiet=True) == ()

    @pytest.mark.parametrize(("is_terminal", "kind"), [(True, TerminalReporter), (False, PlainReporter)])
    def test_by_what_standard_error_is(
        self, monkeypatch: pytest.MonkeyPatch, is_terminal: bool, kind: type[object]
    ) -> None:
        stream = io.StringIO()
        stream.isatty = lambda: is_terminal  # type: ignore[method-assign]
        monkeypatch.setattr(sys, "stderr", stream)
        (only,) = reporters(quiet=False)
        assert isinstance(only, kind)


def tell(one: PlainReporter | TerminalReporter, recipe: Recipe) -> None:
    inputs = prepare_run(recipe)
    one.on_start(inputs, 9_776, 4)
    one.on_log(PROGRESS)
    one.on_validation(2_500, VALIDATION, True)
    one.on_warning("step-9 [bold] is damaged")
    one.on_end()


def test_plain_lines(make_recipe: Callable[..., Recipe], capsys: pytest.CaptureFixture[str]) -> None:
    tell(PlainReporter(), make_recipe())
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.split("\n")
    assert lines[0] == "tiny: 30 pairs (30 pairs read, 30 kept; removed: none)"
    assert "9,776 parameters, 259 pieces, 12 steps on " in lines[1]
    assert lines[1].endswith(", from step 4")
    assert lines[2:] == [
        progress_line(PROGRESS), validation_line(2_500, VALIDATION, True), "warning: step-9 [bold] is damaged", "",
    ]  # fmt: skip


class TestSilence:
    """faults.md C3: on a pipe a line when there is news, the first within seconds, then at growing intervals."""

    @pytest.fixture
    def now(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        value = [100.0]
        monkeypatch.setattr(time, "monotonic", lambda: value[0])
        # No thread: the test asks instead.
        monkeypatch.setattr(PlainReporter, "_tick", lambda self: None)
        return value

    def test_a_long_preparation(self, now: list[float], capsys: pytest.CaptureFixture[str]) -> None:
        one = PlainReporter()
        one.on_activity("learning 8,000 pieces")
        said = []
        for second in range(200):
            one.say_what_lasts()
            if capsys.readouterr().err:
                said.append(second)
            now[0] += 1
        assert said == [5, 15, 35, 75, 135, 195]

    def test_steps_before_the_first_logged_one(self, now: list[float], capsys: pytest.CaptureFixture[str]) -> None:
        one = PlainReporter()
        one.on_step(1, 100, 990.0)
        now[0] += 5
        one.say_what_lasts()
        assert capsys.readouterr().err == "step 1/100  0:05 elapsed  16:30 left\n"
        one.on_log(PROGRESS)
        now[0] += 5
        one.say_what_lasts()
        assert capsys.readouterr().err == f"{progress_line(PROGRESS)}\n"

    def test_nothing_to_say(self, now: list[float], capsys: pytest.CaptureFixture[str]) -> None:
        one = PlainReporter()
        now[0] += 1000
        one.say_what_lasts()
        assert capsys.readouterr().err == ""

    def test_its_thread_ends(self) -> None:
        one = PlainReporter()
        assert one._ticking.is_alive()
        one.on_end()
        one._ticking.join(60)
        assert not one._ticking.is_alive()


def test_a_terminal_before_the_first_logged_step(
    make_recipe: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    """faults.md C3: the line is there from the first thing that is done."""
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    one = TerminalReporter()
    one.on_activity("reading 30,000 lines")
    assert "reading 30,000 lines  0:00 elapsed" in stream.getvalue()
    one.on_activity("")
    one.on_step(1, 1_000, 754.0)
    one.live.refresh()
    assert "step 1/1,000  0:00 elapsed  12:34 left" in stream.getvalue()
    one.on_end()


def test_each_step_is_on_the_terminal(
    make_recipe: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """faults.md C3: though a figure is logged at every 50th only, the screen was empty until then."""
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    one = TerminalReporter()
    shown = []

    def look() -> bool:
        one.live.refresh()
        shown.append([f"step {step}/4" in stream.getvalue() for step in (1, 2, 3)])
        return False

    train(make_recipe("training.steps=4", "training.log_every=50"), tmp_path / "run", callbacks=[one], should_stop=look)
    assert shown == [[step <= done for step in (1, 2, 3)] for done in range(4)]


def test_a_terminal(make_recipe: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch) -> None:
    """The progress line is written over; the rest stays; the cursor comes back."""
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    tell(TerminalReporter(), make_recipe())
    written = stream.getvalue()
    assert validation_line(2_500, VALIDATION, True) in written
    assert "warning: step-9 [bold] is damaged" in written
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    assert progress.Live is not None


def test_a_warning_colours_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """33 is yellow (ECMA-48); the progress line that is drawn below it has no colour."""
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    one = TerminalReporter()
    one.on_activity("comparing the files")
    one.on_warning("a file")
    one.live.stop()
    coloured = re.findall(r"\x1b\[33m(.*?)\x1b\[0m", stream.getvalue())
    assert coloured == ["warning: a file"]
    assert "comparing the files" in stream.getvalue()


SAMPLED = dataclasses.replace(VALIDATION, samples=(Sample("A house.", "Ein Haus.", "Haus\x1b" + "n" * 400),))


def test_samples_stand_below_the_validation(capsys: pytest.CaptureFixture[str]) -> None:
    """In one block, no line of which is long; nothing of them reaches the terminal as it is."""
    assert sample_lines(VALIDATION) == []
    assert sample_lines(SAMPLED)[:2] == ["  source      A house.", "  reference   Ein Haus."]
    reporter = PlainReporter()
    reporter.on_validation(5, SAMPLED, best=False)
    reporter.on_end()
    line, *block = capsys.readouterr().err.splitlines()
    assert line.startswith("step 5: validation loss 1.2346")
    assert [one.split()[0] for one in block] == ["source", "reference", "hypothesis"]
    assert block[2].startswith("  hypothesis  Haus<0x1B>nnn")
    assert block[2].endswith("n…")
    assert len(block[2]) == 160


def test_a_terminal_shows_as_much_of_a_sample_as_fits() -> None:
    reporter = TerminalReporter()
    reporter.console = Console(file=io.StringIO(), width=40)
    reporter.on_validation(5, SAMPLED, best=False)
    lines = reporter.console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[-3:-1] == ["  source      A house.", "  reference   Ein Haus."]
    assert len(lines[-1]) == 40
    assert lines[-1].endswith("…")
