"""A recipe's `auto` becomes a value, once: from the recipe, the machine, the corpus and its tokenizers."""

import dataclasses
import math
from typing import Any, Literal

import torch

from clearhead import street
from clearhead.bounds import whole
from clearhead.decoding import LengthPenalty
from clearhead.errors import ConfigError, DecodingError, RecipeError, TrainingError
from clearhead.model import TransformerConfig
from clearhead.model.linear import multiplies_bfloat16
from clearhead.native.compiler import find_compiler
from clearhead.recipe import Data, ModelSettings, Recipe, ResolvedRecipe, ResolvedTraining, Training
from clearhead.training.budget import find_batch_tokens
from clearhead.training.freezing import new_model
from clearhead.training.sizes import USUAL_PIECES, Sizes


@dataclasses.dataclass(frozen=True)
class Machine:
    """What a run computes on and in, under the names that a recipe's `training` has."""

    device: Literal["cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    compile: bool
    graph: bool


@dataclasses.dataclass(frozen=True)
class Measured:
    """What is known once the corpus is in ids: how many each tokenizer has, and those of the longest sides of pairs."""

    sizes: Sizes
    vocabularies: tuple[int, int]
    longest: int
    longest_to_judge: int

    @property
    def config(self) -> TransformerConfig:
        return self.sizes.model.config(*self.vocabularies)


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

    Raises RecipeError where a pair is longer than its settings admit, or where no batch finds memory.
    """
    length = _packed_length(recipe.training, measured.longest)
    _check_lengths(recipe.training, measured, length)
    training: dict[str, Any] = {**recipe.training.model_dump(), **dataclasses.asdict(machine), "packed_length": length}
    if recipe.training.batch_tokens == "auto":
        training["batch_tokens"] = _batch_tokens(training, recipe.text.merge_dropout, measured)
    embedded = recipe.data.embedded and {**recipe.data.embedded.model_dump(), "grammar": street.grammar_key()}
    return ResolvedRecipe.model_validate(
        {
            **recipe.model_dump(),
            "data": {**recipe.data.model_dump(), "embedded": embedded},
            "text": {**recipe.text.model_dump(), "size": measured.sizes.pieces},
            "model": measured.sizes.model.model_dump(),
            "training": training,
        }
    )


def longest_in_any_epoch(longest: int, merge_dropout: float, *rooms: int) -> int:
    """The most ids that a side of a pair has in any epoch. Undone merges may make twice as many, but fit `rooms`."""
    return min(2 * longest, *rooms) if merge_dropout else longest


def check_choices(recipe: Recipe) -> None:
    """Stop now, rather than after reading a large corpus, at what cannot work."""
    try:
        LengthPenalty.parse(recipe.decoding.length_penalty)
        whole("beam_size", recipe.decoding.beam_size)
    except DecodingError as error:
        raise RecipeError(f"decoding: {error}") from None
    check_model(recipe.model, recipe.text.size or USUAL_PIECES, recipe.text.joint)
    _check_grammar(recipe.data)


def check_model(model: ModelSettings, pieces: int, joint: bool) -> None:
    """Raise RecipeError for sizes that contradict each other or the tokenizers."""
    try:
        config = model.config(pieces, pieces)
    except ConfigError as error:
        raise RecipeError(f"model: {error}") from None
    if config.share_embeddings == "all" and not joint:
        raise RecipeError(
            "text.joint=false gives source and target pieces of their own, but model.share_embeddings=all gives them "
            "one matrix; set model.share_embeddings=target, or text.joint=true"
        )


def _check_grammar(section: Data) -> None:
    embedded, grammar = section.embedded, street.grammar_key()
    if embedded is not None and embedded.grammar not in (None, grammar):
        raise RecipeError(
            f"data.embedded.grammar={embedded.grammar} is another version of {embedded.corpus} than this clearhead's, "
            f"{grammar}; leave the key out to train on this one"
        )


def _packed_length(training: Training, longest: int) -> int | None:
    """Where rows are packed and it is `auto`: 128 places, which most sentences fill well, or the longest pair's."""
    if not training.packing:
        return None
    if training.packed_length != "auto":
        return training.packed_length
    # GPUs multiply and copy numbers by eights.
    length = max(128, math.ceil(longest / 8) * 8)
    return length if training.batch_tokens == "auto" else min(length, training.batch_tokens)


def _batch_tokens(training: dict[str, Any], merge_dropout: float, measured: Measured) -> int:
    """What there is memory for, found by steps of a model of this shape; they depend on no number of tokens."""
    config = measured.config
    settings = ResolvedTraining.model_validate({**training, "batch_tokens": training["packed_length"] or 1})
    longest = longest_in_any_epoch(measured.longest, merge_dropout, config.max_length)
    return find_batch_tokens(lambda: new_model(config, settings), settings, longest)


def _check_lengths(training: Training, measured: Measured, packed_length: int | None) -> None:
    """Stop now, rather than hours later, at a pair that the model has no positions for."""
    limit, budget, longest = measured.config.max_length, training.batch_tokens, measured.longest
    if budget != "auto" and longest > budget:
        raise RecipeError(
            f"a training pair has {longest} tokens, more than training.batch_tokens={budget}; raise it, or set "
            f"data.filters.max_tokens={max(1, budget - 2)}"
        )
    if longest > limit:
        raise RecipeError(
            f"a training pair has {longest} tokens, but model.max_length={limit}; set "
            f"data.filters.max_tokens={limit - 2} or model.max_length={longest}"
        )
    if packed_length is not None:
        _check_packing(budget, packed_length, longest)
    if (longest := measured.longest_to_judge) > limit:
        raise RecipeError(
            f"a validation pair has {longest} tokens, but model.max_length={limit}; remove it from its files, or set "
            f"model.max_length={longest}"
        )


def _check_packing(budget: int | Literal["auto"], length: int, longest: int) -> None:
    if longest > length:
        raise RecipeError(
            f"a training pair has {longest} tokens, more than training.packed_length={length}; raise it, or set "
            f"data.filters.max_tokens={max(1, length - 2)}"
        )
    if budget != "auto" and budget < length:
        raise RecipeError(
            f"training.batch_tokens={budget} is less than one row of training.packed_length={length}; "
            f"raise the former to {length} or more"
        )
