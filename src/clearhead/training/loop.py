"""The training loop: plan → forward → summed loss → backward → update → average, and what happens between steps."""

import math
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import torch

from clearhead.bundle import Bundle, load_weights
from clearhead.data import Batch
from clearhead.errors import TrainingError
from clearhead.files import remove_drafts
from clearhead.model import EncoderDecoder
from clearhead.recipe import Recipe
from clearhead.training.callbacks import Callback, Callbacks, Progress
from clearhead.training.card import model_card
from clearhead.training.checkpoint import (
    Position,
    as_found,
    checkpoints,
    differences,
    disk_errors,
    find_damage,
    newest_checkpoint,
    read_position,
    read_tokenizers,
    restore,
    save_checkpoint,
)
from clearhead.training.claim import claimed
from clearhead.training.clock import Clock
from clearhead.training.corpus_files import find_doubts
from clearhead.training.feeding import batches_from
from clearhead.training.history import History
from clearhead.training.learner import Learner
from clearhead.training.preparation import Materials, gather
from clearhead.training.result import TrainingResult
from clearhead.training.sizes import too_large
from clearhead.training.validation import Interrupted, Validation, validate

SKIPS_IN_A_ROW = 10


def train(
    recipe: Recipe,
    folder: str | Path,
    *,
    resume: bool = False,
    callbacks: Sequence[Callback] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainingResult:
    """Train what `recipe` says into the run folder `folder`: the model, how it came about, and where the run ended.

    `callbacks` are told how it goes, one after the other. With `resume` it goes on from the newest whole checkpoint,
    exactly as if it had never stopped. `should_stop` is called once before each step; when it turns true the run ends
    after the step in hand, with a checkpoint. Where it has an attribute `asked`, that is looked at between the batches
    of a validation, too: what was interrupted is done again by the run that is resumed.

    Raises TrainingError, RecipeError or DataError in one line.
    """
    tell = Callbacks(callbacks)
    require_usable(Path(folder))
    with claimed(Path(folder)), _own_random_numbers(recipe.training.device):
        try:
            return TrainingResult(Path(folder), _train(recipe, Path(folder), resume, tell, should_stop))
        finally:
            tell.on_end()


def _own_random_numbers(device: str) -> AbstractContextManager[None]:
    """Within it every step seeds torch's generators; afterwards they are as they were, for the caller's own numbers.

    Those of GPUs are looked at only where one may be used: asking for them takes a second, and memory.
    """
    gpus = range(torch.cuda.device_count()) if device != "cpu" and torch.cuda.is_available() else ()
    return torch.random.fork_rng(gpus)


def _train(recipe: Recipe, folder: Path, resume: bool, tell: Callback, should_stop: Callable[[], bool]) -> Position:
    start = _find_start(folder, resume, tell)
    if start:
        recipe = as_found(start, recipe)
    names_sizes = recipe.model.preset is not None
    materials = gather(recipe, read_tokenizers(start) if start else None, tell.on_activity)
    tell.on_activity("making the model")
    run = Run(materials, folder, tell)
    if start:
        for line in differences(start, materials):
            tell.on_warning(line)
        run.resume(start)
    else:
        if names_sizes and (doubt := too_large(run.parameters, materials.training.tokens)):
            tell.on_warning(doubt)
        tell.on_activity("comparing the files")
        for line in find_doubts(recipe.data, recipe.text.tags):
            tell.on_warning(line)
    with disk_errors(folder):
        run.history.begin(run.position.step, run.position.awaits_validation)
    if run.position.is_at_the_end(recipe.training.steps):
        tell.on_warning(
            f"{folder} has {run.position.step} steps and training.steps={recipe.training.steps}, so nothing is left to "
            f"train; ask for more, as in training.steps={2 * run.position.step}"
        )
    tell.on_start(materials, run.parameters, run.position.step)
    tell.on_activity("")
    run.go(should_stop)
    return run.position


def _find_start(folder: Path, resume: bool, tell: Callback) -> Path | None:
    """The checkpoint to go on from, or None to begin at the first step."""
    if (folder / "checkpoints").is_dir() or (folder / "history.jsonl").is_file():
        remove_drafts(folder)
        remove_drafts(folder / "checkpoints")
    if not resume:
        if (folder / "checkpoints").exists() or _holds_something(folder / "bundle"):
            raise TrainingError(
                f"--out {folder} already holds a run; go on with it by --resume, or name another folder"
            )
        return None
    if not any(checkpoints(folder / "checkpoints")):
        if not (folder / "history.jsonl").exists():
            raise TrainingError(f"--out {folder} holds no run to go on with; train without --resume to begin one")
        tell.on_warning(f"{folder} was stopped before its first checkpoint; it begins again")
        return None
    start, damaged = newest_checkpoint(folder / "checkpoints")
    for line in damaged:
        tell.on_warning(line)
    return start


def require_usable(folder: Path) -> None:
    """Raise TrainingError where a run in this folder would fail at its first save, hours later."""
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        raise TrainingError(
            f"--out {folder} has a name that is not UTF-8, so its model could not be loaded; name another folder"
        ) from None
    for place in (folder / "bundle", folder / "checkpoints"):
        # Path.resolve raises RuntimeError at a link to itself.
        is_circle = Path(os.path.realpath(place)).is_symlink()
        if place.is_file() or is_circle:
            what = "a link to itself" if is_circle else "a file"
            raise TrainingError(f"{place} is {what}, where the run writes a folder; remove it, or name another --out")


def _holds_something(folder: Path) -> bool:
    """Whether it is more than an empty folder, as somebody may have linked to for a run that is to begin."""
    return folder.is_dir() and any(folder.iterdir())


class Run:
    """One run's learner and position, and what happens between steps."""

    def __init__(self, materials: Materials, folder: Path, callback: Callback) -> None:
        self.materials, self.folder = materials, folder
        self.settings = materials.recipe.training
        self.learner = Learner(materials.untrained_model(), self.settings)
        self.position = Position()
        self.history = History(folder)
        self.tell = Callbacks((self.history, callback))
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
        if self.position.best is not None and not _holds_something(self.folder / "bundle"):
            self._write_bundle_again()

    def go(self, should_stop: Callable[[], bool]) -> None:
        """Step until the last step, until patience runs out, or until told to stop."""
        batches = batches_from(self.position, self.materials)
        saved = self.position.step
        if self.position.awaits_validation and not should_stop():
            with self.clock.paused():
                self._validate(should_stop)
            saved = self._save()
        while self.position.step < self.settings.steps and not self.position.stopped_early:
            if self.position.awaits_validation or should_stop():
                break
            self._step([next(batches) for _ in range(self.settings.accumulate)])
            self._between_steps(should_stop)
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
        left = (self.settings.steps - position.step) * self.clock.seconds_a_step
        self.tell.on_step(position.step, self.settings.steps, left)

    def _between_steps(self, should_stop: Callable[[], bool]) -> None:
        last = self.position.step == self.settings.steps
        if last or self._is_due(self.settings.log_every):
            self._log()
        if last or self._is_due(self.settings.validate_every):
            with self.clock.paused():
                self._validate(should_stop)

    def _is_due(self, every: int) -> bool:
        return self.position.step % every == 0

    def _log(self) -> None:
        step, updater = self.position.step, self.learner.updater
        rate, loss = updater.rate(step), float(self.learner.loss) / self.position.unlogged_tokens
        tokens_per_second, seconds_a_step = self.clock.read()
        self.learner.loss.zero_()
        self.position.unlogged_tokens = 0
        skipped, most_in_a_row = updater.read_skips()
        left = (self.settings.steps - step) * seconds_a_step
        self.tell.on_log(
            Progress(
                step, self.settings.steps, loss, rate, tokens_per_second, left, skipped, self.position.tokens,
                seconds_a_step,
            )
        )  # fmt: skip
        if most_in_a_row >= SKIPS_IN_A_ROW:
            raise self._diverged(
                f"the gradients of {most_in_a_row} steps in a row, up to step {step} (epoch {self.position.epoch}, "
                f"batch {self.position.batch}), were not finite numbers"
            )

    def _diverged(self, why: str) -> TrainingError:
        step, schedule = self.position.step, self.settings.schedule
        return TrainingError(
            f"training diverged at step {step}, at a learning rate of {self.learner.updater.rate(step):.2e}: {why}; "
            f"lower training.schedule.peak={schedule.peak} or raise training.schedule.warmup={schedule.warmup}"
        )

    def _validate(self, should_stop: Callable[[], bool]) -> None:
        """Judge the model, and keep it where it is the best; where it is interrupted, `awaits_validation` says so."""
        position = self.position
        self.tell.on_activity("validating")
        try:
            validation = validate(
                self.learner.average.model, self.materials, lambda: bool(getattr(should_stop, "asked", False))
            )
        except Interrupted:
            position.awaits_validation = True
            return
        if not math.isfinite(validation.loss) and not self.learner.average.flat.values.isfinite().all():
            raise self._diverged("the validation loss is not a number, nor are the weights")
        position.judged_by, position.awaits_validation = self._judge, False
        figure = validation.figure(self.settings.select_by)
        # What is not a number is better than nothing and worse than nothing: it is never the best.
        best = math.isfinite(figure) and (position.best is None or figure < position.best)
        if best:
            position.best, position.best_step, position.waited = figure, position.step, 0
            self.tell.on_activity("saving the best model")
            self._publish(self.learner.average.model, position, validation)
        else:
            position.waited += 1
        position.stopped_early = self._is_out_of_patience()
        self.tell.on_activity("")
        self.tell.on_validation(position.step, validation, best)

    def _is_out_of_patience(self) -> bool:
        return self.settings.patience is not None and self.position.waited >= self.settings.patience

    def _publish(self, model: EncoderDecoder, position: Position, validation: Validation) -> None:
        materials = self.materials
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

    def _write_bundle_again(self) -> None:
        """The bundle is gone: the best weights are in a checkpoint, or the best that there are now take their place."""
        position, bundle = self.position, self.folder / "bundle"
        best = self.folder / "checkpoints" / f"step-{position.best_step}"
        found = self.history.validation_at(position.best_step)
        if found is not None and best.is_dir() and find_damage(best) is None:
            model = self.materials.untrained_model()
            load_weights(model, best / "average.safetensors")
            self._publish(model, read_position(best), Validation.from_plain(found))
            self.tell.on_warning(f"{bundle} was gone, and is written again from {best}")
            return
        # Compared with what nobody has any more, no model would be the best again.
        position.best, position.waited, position.stopped_early = None, 0, False
        position.awaits_validation = True
        self.tell.on_warning(
            f"{bundle} is gone, and the checkpoint of step {position.best_step} that it was made of is no longer kept; "
            f"the model of step {position.step} is validated and takes its place"
        )

    def _save(self) -> int:
        learner = self.learner
        self.tell.on_activity("saving a checkpoint")
        self.position.unlogged_loss = float(learner.loss)
        with self.clock.paused():
            saved = save_checkpoint(
                self.folder / "checkpoints",
                self.position,
                learner.model,
                learner.average,
                learner.updater,
                self.materials,
            )
        self.tell.on_activity("")
        self.tell.on_checkpoint(self.position.step, saved)
        return self.position.step
