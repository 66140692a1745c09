"""A recipe in which nothing is left to choose: no `auto`, no size that the corpus decides. It is what a run is made of.

Each section narrows the types of the one that a file gives it, and adds no key: a resolved recipe is written, read and
kept in bundles as any other. `training.resolving` makes it, once.
"""

from typing import Literal

from pydantic import model_validator

from clearhead.recipe.corpora import BuiltInCorpus, Data
from clearhead.recipe.model_settings import ModelSettings, Preset
from clearhead.recipe.sections import Recipe, Text, Training
from clearhead.recipe.values import Count, Pieces


class ResolvedBuiltInCorpus(BuiltInCorpus):
    """With the version of the grammar that wrote the corpus."""

    grammar: str


class ResolvedData(Data):
    embedded: ResolvedBuiltInCorpus | None = None


class ResolvedText(Text):
    """With a number of pieces."""

    size: Pieces


class ResolvedModel(ModelSettings):
    """With a preset, which gives each size that the model does not name."""

    preset: Preset


class ResolvedTraining(Training):
    """With what the machine computes in, and with the shape of its batches.

    packed_length: None where rows hold one pair each.
    """

    batch_tokens: Count
    # What `auto` was in a recipe's file for rows of one pair has no number.
    packed_length: Count | None = None  # type: ignore[assignment]
    compile: bool
    graph: bool
    device: Literal["cpu", "cuda"]
    precision: Literal["fp32", "bf16"]

    @model_validator(mode="after")
    def _rows_have_a_length(self) -> "ResolvedTraining":
        if self.packing != (self.packed_length is not None):
            raise ValueError(
                f"packing={self.packing}, but packed_length={self.packed_length}; packed rows have a length"
            )
        return self

    @property
    def packed_shape(self) -> tuple[int, int]:
        """The rows of a packed batch and the places of a row."""
        assert self.packed_length is not None, "only packed rows have a length"
        return self.batch_tokens // self.packed_length, self.packed_length


class ResolvedRecipe(Recipe):
    """All that a run is made from."""

    data: ResolvedData
    text: ResolvedText
    model: ResolvedModel
    training: ResolvedTraining
