"""The batches that a run reads: those of the plan, from any position on."""

import itertools
from collections.abc import Callable

import pytest
import torch

from clearhead.data import Batch
from clearhead.recipe import Recipe
from clearhead.training import Position
from clearhead.training.feeding import batches_from
from clearhead.training.preparation import gather

MakeRecipe = Callable[..., Recipe]
PACKED = "training.packing=true", "training.packed_length=40"


def first(count: int, recipe: Recipe, position: Position) -> list[Batch]:
    return list(itertools.islice(batches_from(position, gather(recipe)), count))


@pytest.mark.parametrize("changes", [(), PACKED], ids=["plain", "packed"])
def test_an_epoch_is_every_pair_once(make_recipe: MakeRecipe, changes: tuple[str, ...]) -> None:
    position, recipe = Position(), make_recipe(*changes)
    source_tokens = target_tokens = 0
    for batch in batches_from(position, gather(recipe)):
        if position.epoch == 1:
            break
        source_tokens += batch.source_tokens
        target_tokens += batch.target_tokens
    corpus = gather(recipe).training
    assert (source_tokens, target_tokens) == (corpus.source.tokens, corpus.target.tokens)


@pytest.mark.parametrize("changes", [(), PACKED], ids=["plain", "packed"])
def test_from_the_middle_it_goes_on_as_it_would_have(make_recipe: MakeRecipe, changes: tuple[str, ...]) -> None:
    """Over the end of an epoch, which has fewer than nine batches."""
    recipe, position = make_recipe(*changes), Position()
    straight = first(12, recipe, position)
    assert position.epoch > 0
    middle = Position()
    first(3, recipe, middle)
    for one, other in zip(straight[3:], first(9, recipe, Position(epoch=0, batch=middle.batch)), strict=True):
        assert torch.equal(one.source, other.source)
        assert torch.equal(one.target_output, other.target_output)


def test_packed_batches_have_one_shape(make_recipe: MakeRecipe) -> None:
    """160 tokens are four rows of 40."""
    batches = first(20, make_recipe(*PACKED), Position())
    assert {tuple(batch.source.shape) for batch in batches} == {(4, 40)}
    assert {tuple(batch.target_input.shape) for batch in batches} == {(4, 40)}
    assert all(batch.segments is not None for batch in batches)
