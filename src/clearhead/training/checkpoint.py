"""A run's state on disk, from which it goes on exactly: weights, their average, optimiser and counters."""

import contextlib
import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from clearhead.bundle import load_tokenizers, load_weights, read_tensors, save_weights, tokenizer_files
from clearhead.bundle.settings import Settings
from clearhead.errors import BundleError, RecipeError, TokenizerError, TrainingError
from clearhead.files import publish_folder, remove_folder, sha256
from clearhead.processor import processor_kind
from clearhead.recipe import Recipe, build_recipe, parse_recipe
from clearhead.tasks import Model
from clearhead.text import Tokenizer
from clearhead.training.average import MovingAverage
from clearhead.training.optimizer_step import OptimizerStep
from clearhead.training.resuming import changed_keys, effective, flat, require_same, with_sizes_of
from clearhead.training.run_inputs import RunInputs

REQUIRED = {
    "model.safetensors", "average.safetensors", "optimizer.safetensors", "position.json", "recipe.yaml", "corpus.json",
    "machine.json",
}  # fmt: skip
# How the model was used that a run began with, which may be gone when it goes on.
BASE_SETTINGS = "base-settings.json"
# What version 0.1 called some of a state's fields in position.json.
_OLD_NAMES = {"judged_by": "selection_metric", "waited": "validations_without_improvement"}


@dataclasses.dataclass
class TrainState:
    """Where a run is. An epoch's plan is computed again from (seed, epoch), so two numbers say where the data is.

    step: updates done; epoch, batch: the next batch to read; tokens: real target tokens seen.
    best, best_step: the best validation figure so far (lower is better) and the step it was seen at.
    validations_without_improvement: how many came after it.
    selection_metric: which figure of which sentences `best` is; another one cannot be compared with it.
    stopped_early: patience has run out.
    awaits_validation: this step's validation was interrupted, and the run goes on with all of it.
    unlogged_loss, unlogged_tokens: the loss summed, and its tokens, since the last line of the history.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    tokens: int = 0
    best: float | None = None
    best_step: int = 0
    validations_without_improvement: int = 0
    selection_metric: str = ""
    stopped_early: bool = False
    awaits_validation: bool = False
    unlogged_loss: float = 0.0
    unlogged_tokens: int = 0

    def is_at_the_end(self, steps: int) -> bool:
        """Whether all of a run's steps are taken and judged."""
        return self.step >= steps and not self.awaits_validation


def save_checkpoint(
    folder: Path,
    state: TrainState,
    model: Model,
    average: MovingAverage,
    optimizer_step: OptimizerStep,
    inputs: RunInputs,
) -> Path:
    """Write `folder`/step-N, whole or not at all, and remove older ones than the recipe says to keep.

    Raises TrainingError where the disk does not take it; what was there before still is.
    """
    path = folder / f"step-{state.step}"
    tokenizers = tokenizer_files(inputs.source_tokenizer, inputs.target_tokenizer)
    moments = {name: value.detach().cpu() for name, value in optimizer_step.state().items()}
    with disk_errors(folder.parent), publish_folder(path) as draft:
        save_weights(model, draft / "model.safetensors")
        save_weights(average.model, draft / "average.safetensors")
        save_file(moments, draft / "optimizer.safetensors")
        for name, tokenizer in tokenizers.items():
            tokenizer.save(draft / name)
        (draft / "recipe.yaml").write_text(inputs.recipe.to_yaml(), encoding="utf-8")
        if inputs.base_settings is not None:
            _write_json(draft / BASE_SETTINGS, inputs.base_settings.as_plain())
        _write_json(draft / "corpus.json", {"key": inputs.training.key})
        _write_json(draft / "machine.json", _machine(inputs.recipe.training.device))
        _write_json(draft / "position.json", dataclasses.asdict(state))
        _write_json(draft / "manifest.json", {file.name: sha256(file) for file in sorted(draft.iterdir())})
    # A newer one, left by a run that was damaged and fell back to an older one, is not counted: it is written anew.
    past = [old for old in checkpoints(folder) if step_of(old) <= state.step]
    for old in past[inputs.recipe.training.keep_checkpoints :]:
        remove_folder(old)
    return path


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what a disk refuses into a TrainingError about the run in `folder`."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        begun = False
        with contextlib.suppress(OSError):  # Its rights may forbid to look.
            begun = (folder / "checkpoints").is_dir()
        remedy = "then go on with --resume" if begun else "or name another folder"
        raise TrainingError(
            f"the run {folder} cannot be written ({reason}); make room or check its rights, {remedy}"
        ) from error


def checkpoints(folder: Path) -> Iterator[Path]:
    """The checkpoints in `folder`, newest first."""
    found = (path for path in folder.glob("step-*") if re.fullmatch(r"step-\d+", path.name))
    return iter(sorted(found, key=step_of, reverse=True))


def step_of(path: Path) -> int:
    """The step of a checkpoint, by its folder's name."""
    return int(path.name.removeprefix("step-"))


def newest_checkpoint(folder: Path) -> tuple[Path, list[str]]:
    """The newest whole checkpoint, and a line about each newer one that is damaged.

    Raises TrainingError where there is none.
    """
    damaged: list[str] = []
    for path in checkpoints(folder):
        problem = find_damage(path)
        if problem is None:
            return path, damaged
        damaged.append(problem)
    detail = f" ({damaged[0]})" if damaged else ""
    raise TrainingError(
        f"{folder} holds no whole checkpoint to go on from{detail}; train without --resume, or restore it"
    )


def find_damage(path: Path) -> str | None:
    """What is wrong with a checkpoint, or None. Every file is held against its hash."""
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        if missing := REQUIRED - manifest.keys():
            return f"{path} is damaged: its manifest.json does not name {min(missing)}"
        for name, expected in manifest.items():
            if sha256(path / Path(name).name) != expected:
                return f"{path / name} is damaged: its sha256 is not that in manifest.json"
    except (OSError, ValueError, AttributeError) as error:
        return f"{path} is damaged: {error}"
    return None


def read_state(path: Path) -> TrainState:
    """The state of a checkpoint that `find_damage` found whole."""
    try:
        values = _read_json(path / "position.json")
        return TrainState(**{_OLD_NAMES.get(name, name): value for name, value in values.items()})
    except TypeError as error:
        raise TrainingError(f"checkpoint {path} is of another version of clearhead ({error}); train anew") from None


def as_found(path: Path, recipe: Recipe) -> Recipe:
    """`recipe` with what was found in place of `auto` when the run began.

    Raises TrainingError where it asks for what this run cannot become.
    """
    if recipe.training.batch_tokens == "auto":
        found = _read_recipe(path)["training"]["batch_tokens"]
        training = recipe.training.model_copy(update={"batch_tokens": found})
        recipe = recipe.model_copy(update={"training": training})
    if (old := recipe_of(path)) is not None:
        recipe = with_sizes_of(old, recipe)
        require_same(path, old, recipe)
    return recipe


def _read_recipe(path: Path) -> dict[str, Any]:
    return parse_recipe((path / "recipe.yaml").read_text(encoding="utf-8"), str(path / "recipe.yaml"))


def recipe_of(path: Path) -> Recipe | None:
    """The recipe of a checkpoint; None where it has a key that there is no more.

    What an older clearhead could not yet be told was as its default is now.
    """
    try:
        return build_recipe(_read_recipe(path), str(path))
    except RecipeError:
        return None


def named_otherwise(path: Path, recipe: Recipe) -> dict[str, tuple[object, object]]:
    """The keys that a recipe names with another value than a checkpoint has: that of the checkpoint, and the recipe's.

    What a recipe leaves to be found is no difference. Raises TrainingError where it asks for what this run cannot be.
    """
    old, new = flat(_read_recipe(path)), flat(parse_recipe(as_found(path, recipe).to_yaml(), "recipe.yaml"))
    named = {key: value for key, value in new.items() if value not in (None, "auto")}
    kept = {key: old.get(key) for key in named}
    return {key: (kept[key], named[key]) for key in changed_keys(kept, named)}


def differences(path: Path, inputs: RunInputs) -> list[str]:
    """A line about each thing that is not as it was when a checkpoint was written, so that resuming is not exact."""
    # Both as their files have them.
    kept, values = recipe_of(path), parse_recipe(inputs.recipe.to_yaml(), "recipe.yaml")
    if kept is not None:
        old, new = flat(effective(kept)), flat(effective(build_recipe(values, "recipe.yaml")))
    else:
        old, new = flat(_read_recipe(path)), flat(values)
    lines = [f"{key} is {new.get(key)}, but was {old.get(key)} at the checkpoint" for key in changed_keys(old, new)]
    if not inputs.training.is_called(_read_json(path / "corpus.json").get("key")):
        lines.append("the training files are not what they were at the checkpoint")
    here, there = _machine(inputs.recipe.training.device), _read_json(path / "machine.json")
    lines += [
        f"{key} is {here[key]} here, but was {there[key]} at the checkpoint"
        for key in here
        if key in there  # An older clearhead wrote fewer.
        if here[key] != there[key]
    ]
    return lines


def _machine(device: str) -> dict[str, object]:
    """What the last bits of a sum depend on, beside the recipe: libraries choose how to sum by the processor."""
    kind = torch.cuda.get_device_name() if device == "cuda" else processor_kind()
    return {"torch": torch.__version__, "threads": torch.get_num_threads(), "processor": kind}


def _read_json(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values


def _write_json(path: Path, values: Mapping[str, object]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def read_tokenizers(path: Path) -> tuple[Tokenizer, Tokenizer]:
    """The tokenizers of a checkpoint: a run goes on with those it began with."""
    try:
        return load_tokenizers(path, _read_json(path / "manifest.json"))
    except TokenizerError as error:
        raise TrainingError(f"checkpoint {path}: {error}") from None


def read_base_settings(path: Path) -> Settings | None:
    """How the model was used that a checkpoint's run began with; None where it is drawn, or of an older clearhead."""
    if not (path / BASE_SETTINGS).is_file():
        return None
    try:
        return Settings.from_plain(_read_json(path / BASE_SETTINGS))
    except (TypeError, ValueError) as error:
        raise TrainingError(f"checkpoint {path} is of another version of clearhead ({error}); train anew") from None


def restore(path: Path, model: Model, average: MovingAverage, optimizer_step: OptimizerStep) -> TrainState:
    """Fill model, average and optimiser from a whole checkpoint. Raises TrainingError where they do not fit it."""
    try:
        # In this order: where there is no average now, both are the same numbers, and the newest ones are meant.
        load_weights(average.model, path / "average.safetensors")
        load_weights(model, path / "model.safetensors")
        average.take_frozen(model)
        optimizer_step.restore(read_tensors(path / "optimizer.safetensors"))
    except KeyError as error:
        name, _, _ = str(error.args[0]).rpartition("/")
        raise TrainingError(
            f"checkpoint {path} has no moments of {name or 'the optimizer'}, as what training.freeze names has none; "
            "let it name the same, or more, or train into another folder"
        ) from None
    except BundleError as error:
        # What a bundle's error advises is not what helps here.
        reason = str(error).partition("; ")[0]
        raise TrainingError(
            f"checkpoint {path} does not fit the recipe's model ({reason}); train into another folder"
        ) from None
    return read_state(path)
