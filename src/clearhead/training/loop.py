"""The training loop: plan → forward → summed loss → backward → update → average, and what happens between steps."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from clearhead.bundle import Bundle
from clearhead.data import Batch
from clearhead.errors import TrainingError
from clearhead.files import remove_drafts
from clearhead.recipe import Recipe
from clearhead.training.card import model_card
from clearhead.training.checkpoint import (
    Position,
    as_found,
    checkpoints,
    differences,
    disk_errors,
    newest_checkpoint,
    read_tokenizers,
    restore,
    save_checkpoint,
)
from clearhead.training.claim import claimed
from clearhead.training.clock import Clock
from clearhead.training.feeding import batches_from
from clearhead.training.history import History
from clearhead.training.learner import Learner
from clearhead.training.preparation import Materials, find_doubts, gather
from clearhead.training.reporting import Progress, Reporter, Silent
from clearhead.training.validation import Validation, validate

SKIPS_IN_A_ROW = 10


def train(
    recipe: Recipe,
    folder: str | Path,
    *,
    resume: bool = False,
    reporter: Reporter | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Position:
    """Train what `recipe` says into the run folder `folder`, and return where the run ended.

    With `resume` it goes on from the newest whole checkpoint, exactly as if it had never stopped. When `should_stop`
    turns true the run ends after the step in hand, with a checkpoint.

    Raises TrainingError, RecipeError or DataError in one line.
    """
    with claimed(Path(folder)):
        return _train(recipe, Path(folder), resume, reporter or Silent(), should_stop)


def _train(recipe: Recipe, folder: Path, resume: bool, reporter: Reporter, should_stop: Callable[[], bool]) -> Position:
    start = _find_start(folder, resume, reporter)
    if start:
        recipe = as_found(start, recipe)
    materials = gather(recipe, read_tokenizers(start) if start else None)
    run = Run(materials, folder, reporter)
    if start:
        for line in differences(start, materials):
            reporter.warned(line)
        run.resume(start)
    else:
        for line in find_doubts(recipe):
            reporter.warned(line)
    with disk_errors(folder):
        run.history.begin(run.position.step)
    if run.position.step >= recipe.training.steps:
        reporter.warned(
            f"{folder} has {run.position.step} steps and training.steps={recipe.training.steps}, so nothing is left to "
            f"train; ask for more, as in training.steps={2 * run.position.step}"
        )
    reporter.started(materials, run.parameters, run.position.step)
    try:
        run.go(should_stop)
    finally:
        reporter.finished()
    return run.position


def _find_start(folder: Path, resume: bool, reporter: Reporter) -> Path | None:
    """The checkpoint to go on from, or None to begin at the first step."""
    if (folder / "checkpoints").is_dir() or (folder / "history.jsonl").is_file():
        remove_drafts(folder)
        remove_drafts(folder / "checkpoints")
    if not resume:
        if (folder / "checkpoints").exists() or (folder / "bundle").exists():
            raise TrainingError(
                f"--out {folder} already holds a run; go on with it by --resume, or name another folder"
            )
        return None
    if not any(checkpoints(folder / "checkpoints")):
        if not (folder / "history.jsonl").exists():
            raise TrainingError(f"--out {folder} holds no run to go on with; train without --resume to begin one")
        reporter.warned(f"{folder} was stopped before its first checkpoint; it begins again")
        return None
    start, damaged = newest_checkpoint(folder / "checkpoints")
    for line in damaged:
        reporter.warned(line)
    return start


class Run:
    """One run's learner and position, and what happens between steps."""

    def __init__(self, materials: Materials, folder: Path, reporter: Reporter) -> None:
        self.materials, self.folder, self.reporter = materials, folder, reporter
        self.settings = materials.recipe.training
        self.learner = Learner(materials.untrained_model(), self.settings)
        self.position = Position()
        self.history = History(folder)
        self.clock = Clock()

    @property
    def parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.learner.model.parameters())

    @property
    def _judge(self) -> str:
        """Which figure is compared from validation to validation: of which sentences, and which one."""
        keys = "+".join(one.corpus.key for one in self.materials.validation)
        return f"{self.settings.select_by} of {self.settings.validate_sentences} of {keys}"

    def resume(self, checkpoint: Path) -> None:
        learner = self.learner
        self.position = restore(checkpoint, learner.model, learner.average, learner.updater)
        if self.position.judged_by != self._judge:
            self.position.best, self.position.waited = None, 0
        # The recipe's patience may be another one now.
        self.position.stopped_early = self._is_out_of_patience()
        learner.loss.fill_(self.position.unlogged_loss)

    def go(self, should_stop: Callable[[], bool]) -> None:
        """Step until the last step, until patience runs out, or until told to stop."""
        batches = batches_from(self.position, self.materials)
        saved = self.position.step
        while self.position.step < self.settings.steps and not self.position.stopped_early:
            if should_stop():
                break
            self._step([next(batches) for _ in range(self.settings.accumulate)])
            self._between_steps()
            if self._is_due(self.settings.checkpoint_every) or self.position.stopped_early:
                saved = self._save()
        if self.position.step != saved or self.position.step == 0:
            self._save()

    def _step(self, batches: Sequence[Batch]) -> None:
        position, tokens = self.position, sum(batch.target_tokens for batch in batches)
        position.step += 1
        position.tokens += tokens
        position.unlogged_tokens += tokens
        self.learner.step(position.step, batches)
        self.clock.add(tokens)

    def _between_steps(self) -> None:
        last = self.position.step == self.settings.steps
        if last or self._is_due(self.settings.log_every):
            self._log()
        if last or self._is_due(self.settings.validate_every):
            with self.clock.paused():
                self._validate()

    def _is_due(self, every: int) -> bool:
        return self.position.step % every == 0

    def _log(self) -> None:
        step, updater = self.position.step, self.learner.updater
        rate, loss = updater.rate(step), float(self.learner.loss) / self.position.unlogged_tokens
        tokens_per_second, seconds_a_step = self.clock.read()
        self.learner.loss.zero_()
        self.position.unlogged_tokens = 0
        skipped, most_in_a_row = updater.read_skips()
        with disk_errors(self.folder):
            self.history.record(
                {"step": step, "loss": loss, "learning_rate": rate, "tokens": self.position.tokens, "skipped": skipped}
            )
            self.history.time({"step": step, "tokens_per_second": tokens_per_second, "seconds_a_step": seconds_a_step})
        left = (self.settings.steps - step) * seconds_a_step
        self.reporter.progressed(Progress(step, self.settings.steps, loss, rate, tokens_per_second, left, skipped))
        if most_in_a_row >= SKIPS_IN_A_ROW:
            raise TrainingError(
                f"the gradients of {most_in_a_row} steps in a row, up to step {step} (epoch {self.position.epoch}, "
                f"batch {self.position.batch}), were not finite numbers; lower training.schedule.peak="
                f"{self.settings.schedule.peak} or raise training.schedule.warmup"
            )

    def _validate(self) -> None:
        position = self.position
        position.judged_by = self._judge
        validation = validate(self.learner.average.model, self.materials)
        figure = validation.figure(self.settings.select_by)
        # What is not a number is better than nothing and worse than nothing: it is never the best.
        best = math.isfinite(figure) and (position.best is None or figure < position.best)
        if best:
            position.best, position.best_step, position.waited = figure, position.step, 0
            self._publish(validation)
        else:
            position.waited += 1
        position.stopped_early = self._is_out_of_patience()
        with disk_errors(self.folder):
            self.history.record({"step": position.step, "validation": dataclasses.asdict(validation), "best": best})
        self.reporter.validated(position.step, validation, best)

    def _is_out_of_patience(self) -> bool:
        return self.settings.patience is not None and self.position.waited >= self.settings.patience

    def _publish(self, validation: Validation) -> None:
        materials, position = self.materials, self.position
        model = self.learner.average.model
        bundle = Bundle(
            model,
            materials.source_tokenizer,
            materials.target_tokenizer,
            materials.recipe,
            source_scripts=materials.source_scripts,
        )
        card = model_card(materials, self.parameters, position.step, position.tokens, validation)
        with disk_errors(self.folder):
            bundle.save(self.folder / "bundle", card)

    def _save(self) -> int:
        learner = self.learner
        self.position.unlogged_loss = float(learner.loss)
        with self.clock.paused():
            save_checkpoint(
                self.folder / "checkpoints",
                self.position,
                learner.model,
                learner.average,
                learner.updater,
                self.materials,
            )
        return self.position.step
