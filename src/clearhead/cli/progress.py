"""How a training run shows itself: one live line on a terminal, plain lines elsewhere."""

import sys

from rich.console import Console
from rich.live import Live
from rich.text import Text

from clearhead.training import Materials, Progress, Reporter, Silent, Validation


def reporter(quiet: bool) -> Reporter:
    """The reporter that suits standard error."""
    if quiet:
        return Silent()
    return TerminalReporter() if sys.stderr.isatty() else PlainReporter()


class PlainReporter:
    """One line for each thing that happens, on standard error."""

    def started(self, materials: Materials, parameters: int, resumed_at: int) -> None:
        self._say(beginning(materials, parameters, resumed_at))

    def progressed(self, progress: Progress) -> None:
        self._say(progress_line(progress))

    def validated(self, step: int, validation: Validation, best: bool) -> None:
        self._say(validation_line(step, validation, best))

    def warned(self, message: str) -> None:
        self._say(f"warning: {message}")

    def finished(self) -> None:
        pass

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


class TerminalReporter:
    """Progress in one line that is written over; what stays worth reading scrolls by above it."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.live = Live(console=self.console, refresh_per_second=4, transient=True)

    def started(self, materials: Materials, parameters: int, resumed_at: int) -> None:
        self.console.print(beginning(materials, parameters, resumed_at), markup=False)

    def progressed(self, progress: Progress) -> None:
        self.live.update(Text(progress_line(progress), no_wrap=True, overflow="ellipsis"))
        self.live.start(refresh=True)

    def validated(self, step: int, validation: Validation, best: bool) -> None:
        self.console.print(validation_line(step, validation, best), markup=False)

    def warned(self, message: str) -> None:
        self.console.print(f"warning: {message}", style="yellow", markup=False)

    def finished(self) -> None:
        # Left running, it would go on hiding the cursor.
        self.live.stop()


def beginning(materials: Materials, parameters: int, resumed_at: int) -> str:
    recipe = materials.recipe
    training = recipe.training
    start = f", from step {resumed_at:,}" if resumed_at else ""
    return (
        f"{recipe.name}: {len(materials.training):,} pairs ({materials.training.report})\n"
        f"{parameters:,} parameters, {materials.target_tokenizer.size:,} pieces, {training.steps:,} steps "
        f"on {training.device} in {training.precision}{start}"
    )


def progress_line(progress: Progress) -> str:
    skipped = f"  skipped {progress.skipped}" if progress.skipped else ""
    return (
        f"step {progress.step:,}/{progress.steps:,}  loss {progress.loss:.4f}  "
        f"{progress.tokens_per_second:,.0f} tokens/s  rate {progress.learning_rate:.2e}  "
        f"{duration(progress.seconds_left)} left{skipped}"
    )


def validation_line(step: int, validation: Validation, best: bool) -> str:
    quality = validation.quality
    scores = f"  BLEU {quality.bleu:.1f}  chrF {quality.chrf:.1f}" if quality else ""
    mark = "  best" if best else ""
    return f"step {step:,}: validation loss {validation.loss:.4f}  perplexity {validation.perplexity:.2f}{scores}{mark}"


def duration(seconds: float) -> str:
    """Minutes and seconds, or hours and minutes: 0:07, 12:30, 3h05."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}h{minutes % 60:02d}"
