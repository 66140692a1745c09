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
CUT = "text.size=300", "text.merge_dropout=0.3"


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


@pytest.mark.parametrize("changes", [CUT, (*CUT, *PACKED)], ids=["plain", "packed"])
def test_words_are_cut_anew_in_each_epoch_and_say_the_same(make_recipe: MakeRecipe, changes: tuple[str, ...]) -> None:
    position, materials = Position(), gather(make_recipe(*changes))
    corpus, tokenizer = materials.training, materials.target_tokenizer
    epochs: list[list[list[int]]] = [[], []]
    for batch in batches_from(position, materials):
        if position.epoch == 2:
            break
        rows = batch.target_output[batch.target_output != 0].tolist()
        ends = [place for place, index in enumerate(rows) if index == tokenizer.end]
        starts = [0, *(end + 1 for end in ends)]
        epochs[position.epoch] += [rows[start:end] for start, end in zip(starts, ends, strict=False)]
    expected = sorted(tokenizer.decode_many(corpus.target[index].tolist() for index in range(len(corpus))))
    for epoch in epochs:
        assert sorted(tokenizer.decode_many(epoch)) == expected
        assert sum(map(len, epoch)) + len(epoch) > corpus.target.tokens
    assert sorted(epochs[0]) != sorted(epochs[1])


@pytest.mark.parametrize("changes", [(), PACKED, CUT], ids=["plain", "packed", "cut"])
def test_from_the_middle_it_goes_on_as_it_would_have(make_recipe: MakeRecipe, changes: tuple[str, ...]) -> None:
    """Over the end of an epoch, which has fewer than nine batches."""
    recipe, position = make_recipe(*changes), Position()
    straight = first(12, recipe, position)
    assert position.epoch > 0
    middle = Position()
    first(3, recipe, middle)
    rest = first(9, recipe, Position(epoch=middle.epoch, batch=middle.batch))
    for one, other in zip(straight[3:], rest, strict=True):
        assert torch.equal(one.source, other.source)
        assert torch.equal(one.target_output, other.target_output)


def test_packed_batches_have_one_shape(make_recipe: MakeRecipe) -> None:
    """160 tokens are four rows of 40."""
    batches = first(20, make_recipe(*PACKED, *CUT), Position())
    assert {tuple(batch.source.shape) for batch in batches} == {(4, 40)}
    assert {tuple(batch.target_input.shape) for batch in batches} == {(4, 40)}
    assert all(batch.segments is not None for batch in batches)
