"""Sizes for a recipe that names none, by how much text there is to learn from; and a word on those that do not fit."""

import dataclasses
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from clearhead.data import Side, read_side
from clearhead.recipe import ModelSettings, ResolvedModel, Text
from clearhead.tasks.measured import Sizes

_LOG = logging.getLogger(__name__)

# What a piece of text takes, about, in bytes of UTF-8.
BYTES_A_TOKEN = 4
# More parameters than this for each token of training text, and a model learns its pairs by heart.
MOST_PARAMETERS_A_TOKEN = 20
# A model of fewer parameters is trained in minutes whatever the corpus is: nobody is warned of it.
SMALL = 1_000_000
# What a recipe had that named a model and no number of pieces, before they were chosen by the corpus.
USUAL_PIECES = 8_000

_OF_THE_MODEL = ("width", "heads", "inner_width", "encoder_layers", "decoder_layers")
_TINY = {"preset": "multi30k_tiny"}
_SMALL = {**_TINY, "width": 256, "inner_width": 1024, "dropout": 0.2}


@dataclasses.dataclass(frozen=True)
class Tier:
    """For up to `most_tokens` of training text, both sides together (None: without end): pieces and a model."""

    most_tokens: int | None
    pieces: int
    model: Mapping[str, Any]


# The second is what the recipe for Multi30k (29,000 pairs) has, the last the paper's base. We did not ablate the rest.
TIERS = (
    Tier(300_000, 2_000, _TINY),
    Tier(3_000_000, 5_000, _TINY),
    Tier(30_000_000, 8_000, _SMALL),
    Tier(None, 16_000, {"preset": "paper_base"}),
)


def choose_sizes(text: Text, model: ModelSettings, files: Iterable[Side]) -> Sizes:
    """What a recipe names; where it names no sizes of a model, what suits so much text as `files` hold.

    What was chosen is logged in a line.
    """
    if model.preset is None and all(getattr(model, name) is None for name in _OF_THE_MODEL):
        tokens = count_tokens(files)
        tier = tier_for(tokens)
        named = {**tier.model, **model.model_dump(exclude_none=True)}
        sizes = Sizes(text.size or tier.pieces, ResolvedModel.model_validate(named))
        _say(tokens, sizes.pieces, named)
        return sizes
    named = {**model.model_dump(), "preset": model.preset or "paper_base"}
    return Sizes(text.size or USUAL_PIECES, ResolvedModel.model_validate(named))


def tier_for(tokens: int) -> Tier:
    """The tier of `TIERS` for so much text."""
    return next(one for one in TIERS if one.most_tokens is None or tokens <= one.most_tokens)


def count_tokens(files: Iterable[Side]) -> int:
    """How many pieces some files are in about, counted no further than makes a difference."""
    most = max(one.most_tokens or 0 for one in TIERS)
    size = 0
    for file in files:
        for line in read_side(file):
            size += len(line.encode("utf-8", "surrogatepass")) + 1
            if size > BYTES_A_TOKEN * (most + 1):
                return most + 1
    return size // BYTES_A_TOKEN


def too_large(parameters: int, tokens: int) -> str | None:
    """A line about a model that has far more parameters than its training text has tokens; None where it fits."""
    if parameters <= max(SMALL, MOST_PARAMETERS_A_TOKEN * tokens):
        return None
    return (
        f"the model has {parameters:,} parameters for {tokens:,} tokens of training text, {parameters // tokens:,} for "
        "each, and will learn the pairs by heart; leave model.preset and text.size out for sizes that fit, or choose "
        "smaller ones, such as model.preset=multi30k_tiny text.size=2000"
    )


def _say(tokens: int, pieces: int, model: Mapping[str, Any]) -> None:
    most = max(one.most_tokens or 0 for one in TIERS)
    many = f"about {tokens:,}" if tokens <= most else f"more than {most:,}"
    changes = " ".join(f"model.{name}={value}" for name, value in model.items())
    _LOG.info(
        "sizes for %s tokens of training text: text.size=%d %s; the recipe or the command line may name others",
        many, pieces, changes,
    )  # fmt: skip
