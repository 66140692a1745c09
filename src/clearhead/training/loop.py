"""The training loop: plan → forward → summed loss → backward → update → average, and what happens between steps."""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from clearhead.bundle import Bundle
from clearhead.data import Batch, collate, plan
from clearhead.errors import TrainingError
from clearhead.files import remove_drafts
from clearhead.model.linear import multiply_in
from clearhead.recipe import Recipe
from clearhead.training.average import MovingAverage
from clearhead.training.card import model_card
from clearhead.training.checkpoint import (
    Position,
    checkpoints,
    differences,
    disk_errors,
    newest_checkpoint,
    read_tokenizers,
    restore,
    save_checkpoint,
)
from clearhead.training.clock import Clock
from clearhead.training.flat import Flat
from clearhead.training.history import History
from clearhead.training.loss import linear_cross_entropy
from clearhead.training.optimizer import Updater
from clearhead.training.preparation import Materials, gather
from clearhead.training.reporting import Progress, Reporter, Silent
from clearhead.training.schedule import learning_rate
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
    folder, reporter = Path(folder), reporter or Silent()
    start = _find_start(folder, resume, reporter)
    materials = gather(recipe, read_tokenizers(start) if start else None)
    run = Run(materials, folder, reporter)
    if start:
        for line in differences(start, materials):
            reporter.warned(line)
        run.resume(start)
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
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
    if folder.is_file():
        raise TrainingError(f"--out {folder} is a file; name a folder for the run")
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
    """One run's model, optimiser and position, and the steps that move them on."""

    def __init__(self, materials: Materials, folder: Path, reporter: Reporter) -> None:
        self.materials, self.folder, self.reporter = materials, folder, reporter
        self.settings = materials.recipe.training
        self.model = materials.untrained_model().to(self.settings.device).train()
        # On a GPU torch's autocast rounds what it should; on a CPU it would round attention too, which is slower there.
        on_cpu = self.settings.device == "cpu"
        self.products = torch.bfloat16 if on_cpu and self.settings.precision == "bf16" else None
        if self.products is not None:
            multiply_in(self.model, self.products)
        flat = Flat(self.model)
        self.average = MovingAverage(flat, self.settings.average)
        self.rate = learning_rate(self.settings.schedule, self.settings.steps, self.model.config.width)
        self.updater = Updater(flat, self.settings.optimizer, self.rate)
        self.position = Position()
        self.history = History(folder)
        self.clock = Clock()
        # Summed on the device and read only when a line is logged.
        self.loss = torch.zeros((), dtype=torch.float64, device=self.settings.device)

    @property
    def parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def _judge(self) -> str:
        """Which figure is compared from validation to validation: of which sentences, and which one."""
        keys = "+".join(one.corpus.key for one in self.materials.validation)
        return f"{self.settings.select_by} of {self.settings.validate_sentences} of {keys}"

    def resume(self, checkpoint: Path) -> None:
        self.position = restore(checkpoint, self.model, self.average, self.updater)
        if self.position.judged_by != self._judge:
            self.position.best, self.position.waited = None, 0
        # The recipe's patience may be another one now.
        self.position.stopped_early = self._is_out_of_patience()
        self.loss.fill_(self.position.unlogged_loss)

    def go(self, should_stop: Callable[[], bool]) -> None:
        """Step until the last step, until patience runs out, or until told to stop."""
        batches = self._batches()
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

    def _step(self, batches: list[Batch]) -> None:
        position, settings = self.position, self.settings
        # Each step has random numbers of its own, so that a run that is resumed draws the same ones.
        torch.manual_seed(settings.seed * 1_000_003 + position.step)
        for batch in batches:
            self.loss += self._backward(batch)
        tokens = sum(batch.target_tokens for batch in batches)
        position.step += 1
        position.tokens += tokens
        position.unlogged_tokens += tokens
        self.updater.update(position.step, torch.tensor(float(tokens), device=settings.device))
        self.average.update(position.step)
        self.clock.add(tokens)

    def _backward(self, batch: Batch) -> Tensor:
        """Add one batch's gradients to those of the step; the summed loss, still on the device."""
        batch = batch.to(self.settings.device)
        with self._precision():
            states = self.model.states(batch.source, batch.target_input)
            matrix = self.model.output.matrix.weight
            smoothing = self.settings.loss.label_smoothing
            loss = linear_cross_entropy(states, matrix, batch.target_output, smoothing, products=self.products)
        torch.autograd.backward(loss)
        return loss.detach()

    def _precision(self) -> contextlib.AbstractContextManager[object]:
        if self.settings.precision == "fp32" or self.settings.device == "cpu":
            return contextlib.nullcontext()
        return torch.autocast(self.settings.device, torch.bfloat16)

    def _batches(self) -> Iterator[Batch]:
        """The batches from the position on, epoch after epoch; the position follows."""
        corpus, tokenizer, position = self.materials.training, self.materials.target_tokenizer, self.position
        while True:
            batches = plan(
                corpus.source.lengths,
                corpus.target.lengths,
                batch_tokens=self.settings.batch_tokens,
                seed=self.settings.seed,
                epoch=position.epoch,
                weights=corpus.weights,
            )
            while position.batch < len(batches):
                position.batch += 1
                yield collate(corpus, batches[position.batch - 1], tokenizer.begin, tokenizer.padding)
            position.epoch, position.batch = position.epoch + 1, 0

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
        step, rate = self.position.step, self.rate(self.position.step)
        loss = float(self.loss) / self.position.unlogged_tokens
        tokens_per_second, seconds_a_step = self.clock.read()
        self.loss.zero_()
        self.position.unlogged_tokens = 0
        skipped, most_in_a_row = self.updater.read_skips()
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
        validation = validate(self.average.model, self.materials)
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
        bundle = Bundle(self.average.model, materials.source_tokenizer, materials.target_tokenizer, materials.recipe)
        card = model_card(materials, self.parameters, position.step, position.tokens, validation)
        with disk_errors(self.folder):
            bundle.save(self.folder / "bundle", card)

    def _save(self) -> int:
        self.position.unlogged_loss = float(self.loss)
        with self.clock.paused():
            save_checkpoint(
                self.folder / "checkpoints",
                self.position,
                self.model,
                self.average,
                self.updater,
                self.materials,
            )
        return self.position.step
