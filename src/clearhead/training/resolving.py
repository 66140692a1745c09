"""A recipe's `auto` becomes a value, once: from the recipe, the machine, the corpus and its tokenizers."""

import dataclasses
from typing import Any, Literal

import torch

from clearhead import street
from clearhead.bounds import whole
from clearhead.decoding import LengthPenalty
from clearhead.errors import DecodingError, RecipeError, TrainingError
from clearhead.model.linear import multiplies_bfloat16
from clearhead.native.compiler import find_compiler
from clearhead.recipe import Recipe, ResolvedRecipe, ResolvedTraining, Training
from clearhead.tasks import task_named
from clearhead.tasks.measured import Measured
from clearhead.training.budget import find_batch_tokens
from clearhead.training.freezing import new_model


@dataclasses.dataclass(frozen=True)
class Machine:
    """What a run computes on and in, under the names that a recipe's `training` has."""

    device: Literal["cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    compile: bool
    graph: bool


def choose_machine(training: Training) -> Machine:
    """The device, and what is worth using on it.

    Raises TrainingError where the device is not there, or is not one that records.
    """
    has_gpu = torch.cuda.is_available()
    device = training.device if training.device != "auto" else "cuda" if has_gpu else "cpu"
    if device == "cuda" and not has_gpu:
        raise TrainingError(
            "training.device=cuda, but torch finds no CUDA device; choose cpu, or install torch for CUDA"
        )
    precision = training.precision
    if precision == "auto":
        precision = "bf16" if device == "cuda" or multiplies_bfloat16() else "fp32"
    packs = device == "cuda" and training.packing
    # What torch compiles for a GPU is started by C, which is compiled as well.
    compiles = packs and find_compiler() is not None if training.compile == "auto" else training.compile
    records = packs if training.graph == "auto" else training.graph
    if records and device != "cuda":
        raise TrainingError(
            f"training.graph=true records the steps of a GPU, but training.device={device}; set training.graph=auto"
        )
    return Machine(device, precision, compiles, records)


def resolve(recipe: Recipe, machine: Machine, measured: Measured) -> ResolvedRecipe:
    """The recipe with a value in the place of every `auto`.

    Raises RecipeError where an example is longer than its settings admit, or where no batch finds memory.
    """
    length = task_named(recipe.task).packed_length(recipe.training, measured)
    training: dict[str, Any] = {**recipe.training.model_dump(), **dataclasses.asdict(machine), "packed_length": length}
    if recipe.training.batch_tokens == "auto":
        training["batch_tokens"] = _batch_tokens(recipe, training, measured)
    embedded = recipe.data.embedded and {**recipe.data.embedded.model_dump(), "grammar": street.grammar_key()}
    return ResolvedRecipe.model_validate(
        {
            **recipe.model_dump(),
            "data": {**recipe.data.model_dump(), "embedded": embedded, "labels": measured.sizes.labels or None},
            "text": {**recipe.text.model_dump(), "size": measured.sizes.pieces},
            "model": measured.sizes.model.model_dump(),
            "training": training,
        }
    )


def check_choices(recipe: Recipe) -> None:
    """Stop now, rather than after reading a large corpus, at what cannot work."""
    try:
        LengthPenalty.parse(recipe.decoding.length_penalty)
        whole("beam_size", recipe.decoding.beam_size)
    except DecodingError as error:
        raise RecipeError(f"decoding: {error}") from None
    task_named(recipe.task).check(recipe)


def _sized(recipe: Recipe, measured: Measured) -> Recipe:
    """With the sizes and the classes that the corpus decides."""
    data = recipe.data.model_copy(update={"labels": measured.sizes.labels or None})
    return recipe.model_copy(update={"model": measured.sizes.model, "data": data})


def _batch_tokens(recipe: Recipe, training: dict[str, Any], measured: Measured) -> int:
    """What there is memory for, found by steps of a model of this shape; they depend on no number of tokens."""
    task = task_named(recipe.task)
    config = task.model_config(_sized(recipe, measured), measured.vocabularies)
    settings = ResolvedTraining.model_validate({**training, "batch_tokens": training["packed_length"] or 1})
    longest = task.longest(recipe, measured.longest, config.max_length)
    return find_batch_tokens(lambda: new_model(config, settings, recipe.model.lora), settings, longest, task)
