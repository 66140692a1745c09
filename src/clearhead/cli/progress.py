"""How a training run shows itself: one live line on a terminal, plain lines elsewhere."""

import dataclasses
import sys
import threading
import time
from typing import final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from clearhead.cli.status import Status, duration, progress_line
from clearhead.evaluation import shown_perplexity
from clearhead.recipe.jobs import JOBS
from clearhead.text import visible
from clearhead.training import Callback, Progress, RunInputs, Validation

__all__ = [
    "PlainReporter",
    "TerminalReporter",
    "beginning",
    "duration",
    "progress_line",
    "reporters",
    "sample_lines",
    "validation_line",
]

# Elsewhere than on a terminal a line says after so many seconds without one what is being done, then after twice as
# many each time, up to the greatest.
FIRST_SILENCE, LONGEST_SILENCE = 5.0, 60.0
# Of a sample so many characters are said there at most; samples.jsonl has all of them.
LONGEST_LINE = 160


def reporters(quiet: bool) -> tuple[Callback, ...]:
    """What suits standard error; nobody where nothing is to be said."""
    if quiet:
        return ()
    return (TerminalReporter() if sys.stderr.isatty() else PlainReporter(),)


@final
class PlainReporter(Callback):
    """One line for each thing that happens, on standard error, and now and then one while nothing does."""

    def __init__(self) -> None:
        self.status = Status()
        self._said, self._silence = time.monotonic(), FIRST_SILENCE
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._ticking = threading.Thread(target=self._tick, daemon=True)
        self._ticking.start()

    def on_start(self, inputs: RunInputs, parameters: int, resumed_at: int) -> None:
        self.status.counts = JOBS[inputs.recipe.task].counts
        self._say(beginning(inputs, parameters, resumed_at))

    def on_log(self, progress: Progress) -> None:
        self.status.progressed(progress)
        self._say(progress_line(progress, self.status.counts))

    def on_validation(self, step: int, validation: Validation, best: bool) -> None:
        said = [validation_line(step, validation, best, self.status.counts), *sample_lines(validation)]
        self._say("\n".join(one if len(one) <= LONGEST_LINE else f"{one[: LONGEST_LINE - 1]}…" for one in said))

    def on_warning(self, message: str) -> None:
        self._say(f"warning: {message}")

    def on_activity(self, what: str) -> None:
        self.status.doing(what)

    def on_step(self, step: int, steps: int, seconds_left: float) -> None:
        self.status.stepped(step, steps, seconds_left)

    def on_end(self) -> None:
        self._ended.set()

    def say_what_lasts(self) -> None:
        """Say what is being done, where nothing was said for long."""
        with self._lock:
            is_due = time.monotonic() >= self._said + self._silence
        if is_due and (line := self.status.line()):
            self._say(line)
            self._silence = min(2 * self._silence, LONGEST_SILENCE)

    def _tick(self) -> None:
        while not self._ended.wait(0.5):
            self.say_what_lasts()

    def _say(self, line: str) -> None:
        with self._lock:
            self._said = time.monotonic()
            print(line, file=sys.stderr, flush=True)


@final
class TerminalReporter(Callback):
    """Progress in one line that is written over; what stays worth reading scrolls by above it."""

    def __init__(self) -> None:
        self.status = Status()
        self.console = Console(stderr=True, highlight=False)
        # A thread of its own draws the line anew, so that it moves whatever is being done.
        self.live = Live(console=self.console, refresh_per_second=4, transient=True, get_renderable=self._line)

    def on_start(self, inputs: RunInputs, parameters: int, resumed_at: int) -> None:
        self.status.counts = JOBS[inputs.recipe.task].counts
        self.console.print(beginning(inputs, parameters, resumed_at), markup=False)

    def on_log(self, progress: Progress) -> None:
        self.status.progressed(progress)
        self._show()

    def on_validation(self, step: int, validation: Validation, best: bool) -> None:
        self.console.print(validation_line(step, validation, best, self.status.counts), markup=False)
        for line in sample_lines(validation):
            self.console.print(Text(line, style="dim"), no_wrap=True, overflow="ellipsis")

    def on_warning(self, message: str) -> None:
        # Not the console's style: that would colour the progress line too.
        self.console.print(Text(f"warning: {message}", style="yellow"))

    def on_activity(self, what: str) -> None:
        self.status.doing(what)
        self._show()

    def on_step(self, step: int, steps: int, seconds_left: float) -> None:
        self.status.stepped(step, steps, seconds_left)
        self._show()

    def on_end(self) -> None:
        # Left running, it would go on hiding the cursor.
        self.live.stop()

    def _show(self) -> None:
        if not self.live.is_started:
            self.live.start(refresh=True)

    def _line(self) -> Text:
        return Text(self.status.line(self.console.width), no_wrap=True, overflow="ellipsis")


def beginning(inputs: RunInputs, parameters: int, resumed_at: int) -> str:
    recipe = inputs.recipe
    training = recipe.training
    count, examples = len(inputs.training), inputs.task.examples_are
    examples = examples.removesuffix("s") if count == 1 else examples
    start = f", from step {resumed_at:,}" if resumed_at else ""
    base = f"\nbeginning with {inputs.base.place}" if inputs.base is not None else ""
    return (
        f"{recipe.name}: {count:,} {examples} ({inputs.training.report})\n"
        f"{parameters:,} parameters, {inputs.target_tokenizer.size:,} pieces, {training.steps:,} steps "
        f"on {training.device} in {training.precision}{start}{base}"
    )


def validation_line(step: int, validation: Validation, best: bool, counts: str = "tokens") -> str:
    """counts: what the loss is a mean over; perplexity is one of tokens."""
    scores = "" if validation.scores is None else f"  {validation.scores.brief}"
    mark = "  best" if best else ""
    perplexity = "" if counts == "texts" else f"  perplexity {shown_perplexity(validation.perplexity)}"
    others = ""
    for name, one in validation.others.items():
        others += f"  {name} loss {one.loss:.4f}" + ("" if one.scores is None else f"  {one.scores.brief}")
    name = validation.name or "validation"
    return f"step {step:,}: {name} loss {validation.loss:.4f}{perplexity}{scores}{others}{mark}"


def sample_lines(validation: Validation) -> list[str]:
    """What the model wrote for the first texts of its validation set, below what is right; a line each."""
    return [
        f"  {name:10}  {visible(' '.join(text.split()))}"
        for one in validation.samples
        for name, text in dataclasses.asdict(one).items()
    ]
