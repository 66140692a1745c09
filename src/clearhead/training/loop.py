"""The training loop: plan → forward → summed loss → backward → update → average, and what happens between steps."""

import dataclasses
import itertools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from clearhead.bundle import Bundle, load_weights
from clearhead.errors import TrainingError
from clearhead.files import remove_drafts
from clearhead.model.low_rank import merged
from clearhead.model.shapes import parameter_shapes
from clearhead.recipe import Recipe
from clearhead.tasks import Model
from clearhead.tasks.examples import TrainingBatch
from clearhead.training.callbacks import Callback, Callbacks, Progress
from clearhead.training.card import model_card
from clearhead.training.checkpoint import (
    TrainState,
    as_found,
    checkpoints,
    differences,
    disk_errors,
    find_damage,
    newest_checkpoint,
    read_base_settings,
    read_state,
    read_tokenizers,
    restore,
    save_checkpoint,
)
from clearhead.training.dataloader import batches_from
from clearhead.training.history import History
from clearhead.training.removed import write_removed
from clearhead.training.result import TrainingResult
from clearhead.training.run_inputs import RunInputs, prepare_run
from clearhead.training.run_lock import run_lock
from clearhead.training.seeding import gradients, own_random_numbers
from clearhead.training.storing_adapters import store_adapter
from clearhead.training.throughput import Throughput, times_due
from clearhead.training.train_step import TrainStep
from clearhead.training.validation import Interrupted, Validation, prove_merged, validate

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
    with run_lock(Path(folder)), own_random_numbers(recipe.training.device), gradients():
        try:
            return TrainingResult(Path(folder), _train(recipe, Path(folder), resume, tell, should_stop))
        finally:
            tell.on_end()


def _train(recipe: Recipe, folder: Path, resume: bool, tell: Callback, should_stop: Callable[[], bool]) -> TrainState:
    start = _find_start(folder, resume, tell)
    if start:
        recipe = as_found(start, recipe)
    names_sizes = recipe.model.preset is not None
    found = (read_tokenizers(start), read_base_settings(start)) if start else (None, None)
    inputs = prepare_run(recipe, found[0], tell.on_activity, found[1])
    tell.on_activity("making the model")
    run = Run(inputs, folder, tell)
    if start:
        for line in differences(start, inputs):
            tell.on_warning(line)
        run.resume(start)
    else:
        if names_sizes and (doubt := inputs.task.too_large(run.parameters, inputs.training)):
            tell.on_warning(doubt)
        tell.on_activity("comparing the files")
        for line in inputs.task.examples(recipe).doubts():
            tell.on_warning(line)
    with disk_errors(folder):
        run.history.begin(run.state.step, run.state.awaits_validation)
        write_removed(folder, inputs.training)
    if run.state.is_at_the_end(recipe.training.steps):
        tell.on_warning(
            f"{folder} has {run.state.step} steps and training.steps={recipe.training.steps}, so nothing is left to "
            f"train; ask for more, as in training.steps={2 * run.state.step}"
        )
    tell.on_start(inputs, run.parameters, run.state.step)
    tell.on_activity("")
    run.go(should_stop)
    return run.state


def _find_start(folder: Path, resume: bool, tell: Callback) -> Path | None:
    """The checkpoint to go on from, or None to begin at the first step."""
    if (folder / "checkpoints").is_dir() or (folder / "history.jsonl").is_file():
        remove_drafts(folder)
        remove_drafts(folder / "checkpoints")
    if not resume:
        require_new(folder)
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


def require_new(folder: Path) -> None:
    """Raise TrainingError where a run in this folder would write over another one."""
    if (folder / "checkpoints").exists() or _holds_something(folder / "bundle"):
        raise TrainingError(f"--out {folder} already holds a run; go on with it by --resume, or name another folder")


def _holds_something(folder: Path) -> bool:
    """Whether it is more than an empty folder, as somebody may have linked to for a run that is to begin."""
    return folder.is_dir() and any(folder.iterdir())


class Run:
    """One run's step and counters, and what happens between steps."""

    def __init__(self, inputs: RunInputs, folder: Path, callback: Callback) -> None:
        self.inputs, self.folder = inputs, folder
        self.settings = inputs.recipe.training
        self.train_step = TrainStep(inputs.untrained_model(), self.settings, task=inputs.task)
        self.state = TrainState()
        self.history = History(folder)
        self.tell = Callbacks((self.history, callback))
        self.throughput = Throughput()

    @property
    def parameters(self) -> int:
        """Of the model that is kept."""
        return sum(math.prod(shape) for shape in parameter_shapes(self.inputs.config).values())

    @property
    def _judges(self) -> list[str]:
        """Which figure is compared from validation to validation: of which sentences, and which one.

        Then what the same was called by older versions, which had other names for a corpus.
        """
        corpora = [one.corpus for one in self.inputs.validation]
        names = zip(*((corpus.key, *corpus.former_keys) for corpus in corpora), strict=True)
        return [
            f"{self.settings.select_by} of {self.settings.validate_sentences} of {'+'.join(keys)}" for keys in names
        ]

    def resume(self, checkpoint: Path) -> None:
        train_step = self.train_step
        self.state = restore(checkpoint, train_step.model, train_step.average, train_step.optimizer_step)
        if self.state.selection_metric not in self._judges:
            self.state.best, self.state.validations_without_improvement = None, 0
        # The recipe's patience may be another one now.
        self.state.stopped_early = self._is_out_of_patience()
        train_step.loss.fill_(self.state.unlogged_loss)
        if self.state.best is not None and not _holds_something(self.folder / "bundle"):
            self._write_bundle_again()

    def go(self, should_stop: Callable[[], bool]) -> None:
        """Step until the last step, until patience runs out, or until told to stop."""
        with self.train_step.together(lambda: self.steps(dataclasses.replace(self.state))):
            self._go(should_stop)

    def steps(self, state: TrainState) -> Iterator[tuple[int, list[TrainingBatch]]]:
        """The steps from `state` on, without end; the state follows."""
        batches = batches_from(state, self.inputs)
        for number in itertools.count(state.step + 1):
            yield number, [next(batches) for _ in range(self.settings.accumulate)]

    def _go(self, should_stop: Callable[[], bool]) -> None:
        steps = self.steps(self.state)
        saved = self.state.step
        if self.state.awaits_validation and not should_stop():
            with self.throughput.paused("validation"):
                self._validate(should_stop)
            saved = self._save()
        while self.state.step < self.settings.steps and not self.state.stopped_early:
            if self.state.awaits_validation or should_stop():
                break
            self._step(next(steps)[1])
            self._between_steps(should_stop)
            if self._is_due(self.settings.checkpoint_every) or self.state.stopped_early:
                saved = self._save()
        if self.state.step != saved or self.state.step == 0:
            self._save()

    def _step(self, batches: Sequence[TrainingBatch]) -> None:
        state, tokens = self.state, sum(batch.target_tokens for batch in batches)
        state.step += 1
        state.tokens += tokens
        state.unlogged_tokens += tokens
        self.train_step.step(state.step, batches)
        self.throughput.add(tokens)
        self.tell.on_step(state.step, self.settings.steps, self._seconds_left())

    def _seconds_left(self) -> float:
        """Until the last step, with all validations and checkpoints on the way; patience may end the run earlier."""
        settings, step = self.settings, self.state.step
        pauses = {"validation": settings.validate_every, "checkpoint": settings.checkpoint_every}
        due = {name: times_due(every, step, settings.steps) for name, every in pauses.items()}
        return self.throughput.seconds_left(settings.steps - step, due)

    def _between_steps(self, should_stop: Callable[[], bool]) -> None:
        last = self.state.step == self.settings.steps
        if last or self._is_due(self.settings.log_every):
            self._log()
        if last or self._is_due(self.settings.validate_every):
            with self.throughput.paused("validation"):
                self._validate(should_stop)

    def _is_due(self, every: int) -> bool:
        return self.state.step % every == 0

    def _log(self) -> None:
        step, optimizer_step = self.state.step, self.train_step.optimizer_step
        rate, loss = optimizer_step.rate(step), float(self.train_step.loss) / self.state.unlogged_tokens
        tokens_per_second, seconds_a_step = self.throughput.read()
        self.train_step.loss.zero_()
        self.state.unlogged_tokens = 0
        skipped, most_in_a_row = optimizer_step.read_skips()
        left = self._seconds_left()
        self.tell.on_log(
            Progress(
                step, self.settings.steps, loss, rate, tokens_per_second, left, skipped, self.state.tokens,
                seconds_a_step,
            )
        )  # fmt: skip
        if most_in_a_row >= SKIPS_IN_A_ROW:
            raise self._diverged(
                f"the gradients of {most_in_a_row} steps in a row, up to step {step} (epoch {self.state.epoch}, "
                f"batch {self.state.batch}), were not finite numbers"
            )

    def _diverged(self, why: str) -> TrainingError:
        step, schedule = self.state.step, self.settings.schedule
        rate = self.train_step.optimizer_step.rate(step)
        return TrainingError(
            f"training diverged at step {step}, at a learning rate of {rate:.2e}: {why}; "
            f"lower training.schedule.peak={schedule.peak} or raise training.schedule.warmup={schedule.warmup}"
        )

    def _validate(self, should_stop: Callable[[], bool]) -> None:
        """Judge the model, and keep it where it is the best; where it is interrupted, `awaits_validation` says so."""
        state = self.state
        self.tell.on_activity("validating")
        try:
            validation = validate(
                self.kept(self.train_step.average.model),
                self.inputs,
                lambda: bool(getattr(should_stop, "asked", False)),
            )
        except Interrupted:
            state.awaits_validation = True
            return
        if not math.isfinite(validation.loss) and not self.train_step.average.flat.values.isfinite().all():
            raise self._diverged("the validation loss is not a number, nor are the weights")
        state.selection_metric, state.awaits_validation = self._judges[0], False
        if state.best is None and validation.scores is not None and validation.scores.doubt is not None:
            self.tell.on_warning(validation.scores.doubt)
        figure = validation.figure(self.settings.select_by)
        # NaN compares false both ways, so it must be excluded explicitly.
        best = math.isfinite(figure) and (state.best is None or figure < state.best)
        if best:
            state.best, state.best_step, state.validations_without_improvement = figure, state.step, 0
            self.tell.on_activity("saving the best model")
            self._publish(self.train_step.average.model, state, validation)
        else:
            state.validations_without_improvement += 1
        state.stopped_early = self._is_out_of_patience()
        self.tell.on_activity("")
        self.tell.on_validation(state.step, validation, best)

    def _is_out_of_patience(self) -> bool:
        return (
            self.settings.patience is not None and self.state.validations_without_improvement >= self.settings.patience
        )

    def kept(self, model: Model) -> Model:
        """What is judged and kept of a model: itself, or one that its adapters are merged into."""
        return model if self.inputs.recipe.model.lora is None else merged(model)

    def _publish(self, model: Model, state: TrainState, validation: Validation) -> None:
        inputs, kept = self.inputs, self.kept(model)
        if inputs.recipe.model.lora is not None:
            prove_merged(model, kept, inputs)
        bundle = Bundle(
            kept,
            inputs.source_tokenizer,
            inputs.target_tokenizer,
            inputs.recipe,
            source_scripts=inputs.source_scripts,
            settings=inputs.settings,
        )
        card = model_card(inputs, self.parameters, state.step, state.tokens, validation)
        with disk_errors(self.folder):
            bundle.save(self.folder / "bundle", card)
            if (lora := inputs.recipe.model.lora) is not None:
                store_adapter(self.folder / "adapter", model, lora, inputs)

    def _write_bundle_again(self) -> None:
        """The bundle is gone: the best weights are in a checkpoint, or the best that there are now take their place."""
        state, bundle = self.state, self.folder / "bundle"
        best = self.folder / "checkpoints" / f"step-{state.best_step}"
        found = self.history.validation_at(state.best_step)
        if found is not None and best.is_dir() and find_damage(best) is None:
            model = self.inputs.untrained_model()
            load_weights(model, best / "average.safetensors")
            self._publish(model, read_state(best), Validation.from_plain(found))
            self.tell.on_warning(f"{bundle} was gone, and is written again from {best}")
            return
        # Compared with what nobody has any more, no model would be the best again.
        state.best, state.validations_without_improvement, state.stopped_early = None, 0, False
        state.awaits_validation = True
        self.tell.on_warning(
            f"{bundle} is gone, and the checkpoint of step {state.best_step} that it was made of is no longer kept; "
            f"the model of step {state.step} is validated and takes its place"
        )

    def _save(self) -> int:
        train_step = self.train_step
        self.tell.on_activity("saving a checkpoint")
        self.state.unlogged_loss = float(train_step.loss)
        with self.throughput.paused("checkpoint"):
            saved = save_checkpoint(
                self.folder / "checkpoints",
                self.state,
                train_step.model,
                train_step.average,
                train_step.optimizer_step,
                self.inputs,
            )
        self.tell.on_activity("")
        self.tell.on_checkpoint(self.state.step, saved)
        return self.state.step
