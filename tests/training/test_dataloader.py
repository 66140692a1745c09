"""The batches that a run reads: those of the plan, from any position on."""

import itertools
from collections.abc import Callable, Iterable

import pytest
import torch

from clearhead.data import Batch
from clearhead.recipe import Recipe
from clearhead.training import TrainState
from clearhead.training.dataloader import batches_from
from clearhead.training.run_inputs import prepare_run

MakeRecipe = Callable[..., Recipe]
PACKED = "training.packing=true", "training.packed_length=40"
CUT = "text.size=300", "text.merge_dropout=0.3"


def first(count: int, recipe: Recipe, position: TrainState) -> list[Batch]:
    return list(itertools.islice(batches_from(position, prepare_run(recipe)), count))


@pytest.mark.parametrize("changes", [(), PACKED], ids=["plain", "packed"])
def test_an_epoch_is_every_pair_once(make_recipe: MakeRecipe, changes: tuple[str, ...]) -> None:
    position, recipe = TrainState(), make_recipe(*changes)
    source_tokens = target_tokens = 0
    for batch in batches_from(position, prepare_run(recipe)):
        if position.epoch == 1:
            break
        source_tokens += batch.source_tokens
        target_tokens += batch.target_tokens
    corpus = prepare_run(recipe).training
    assert (source_tokens, target_tokens) == (corpus.source.tokens, corpus.target.tokens)


SIDES = "text.joint=false", "model.share_embeddings=target"


@pytest.mark.parametrize("changes", [CUT, (*CUT, "text.tags=true"), (*CUT, *SIDES)], ids=["joint", "tags", "two"])
def test_words_stand_in_other_pieces_in_each_epoch_and_say_the_same(
    make_recipe: MakeRecipe, changes: tuple[str, ...]
) -> None:
    """Row by row, so that each source keeps its target."""
    position, inputs = TrainState(), prepare_run(make_recipe(*changes))
    corpus, tokenizers = inputs.training, (inputs.source_tokenizer, inputs.target_tokenizer)
    epochs: list[list[tuple[list[int], ...]]] = [[], []]
    for batch in batches_from(position, inputs):
        if position.epoch == 2:
            break
        rows = zip(batch.source.tolist(), batch.target_output.tolist(), strict=True)
        epochs[position.epoch] += [tuple([index for index in row if index] for row in pair) for pair in rows]

    def texts(pairs: Iterable[tuple[list[int], ...]]) -> list[tuple[str, ...]]:
        return sorted(
            tuple(tokenizer.decode(ids) for tokenizer, ids in zip(tokenizers, pair, strict=True)) for pair in pairs
        )

    whole = [(corpus.source[index].tolist(), corpus.target[index].tolist()) for index in range(len(corpus))]
    assert texts(epochs[0]) == texts(epochs[1]) == texts(whole)
    for side in 0, 1:
        lengths = [sum(len(pair[side]) for pair in pairs) for pairs in (*epochs, whole)]
        assert min(lengths[:2]) > lengths[2]
        assert sorted(pair[side] for pair in epochs[0]) != sorted(pair[side] for pair in epochs[1])
        assert max(len(pair[side]) for pairs in epochs for pair in pairs) <= inputs.longest


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ((), 8),
        (("model.max_length=6",), 6),
        (("training.batch_tokens=7",), 7),
        (("training.packing=true", "training.packed_length=5"), 5),
    ],
    ids=["twice the longest", "max_length", "batch_tokens", "packed_length"],
)
def test_no_pair_becomes_too_long(make_recipe: MakeRecipe, changes: tuple[str, ...], limit: int) -> None:
    """A side has four ids at most, and with all merges undone fourteen."""
    position, inputs = TrainState(), prepare_run(make_recipe("text.size=300", "text.merge_dropout=0.5", *changes))
    assert (inputs.training.longest, inputs.longest) == (4, limit)
    longest = 0
    for batch in batches_from(position, inputs):
        if position.epoch == 3:
            break
        # Which pair of its row each id belongs to; without packing a row has one.
        pairs = batch.segments or ((batch.source != 0).long(), (batch.target_output != 0).long())
        for row in itertools.chain(*pairs):
            longest = max([longest, *torch.bincount(row)[1:].tolist()])
    assert longest == limit


def test_another_seed_cuts_in_other_places(make_recipe: MakeRecipe) -> None:
    """Of each pair, whatever the order in which the batches come."""
    found = []
    for seed in 1, 2:
        recipe = make_recipe(*CUT, f"training.seed={seed}", "training.batch_tokens=4096")
        found.append(sorted(map(str, next(batches_from(TrainState(), prepare_run(recipe))).source.tolist())))
    assert len(found[0]) == len(found[1])
    assert found[0] != found[1]


@pytest.mark.parametrize("changes", [(), PACKED, CUT, (*CUT, *PACKED)], ids=["plain", "packed", "cut", "both"])
def test_from_the_middle_it_goes_on_as_it_would_have(make_recipe: MakeRecipe, changes: tuple[str, ...]) -> None:
    """Over the end of an epoch, which has fewer than nine batches."""
    recipe, position = make_recipe(*changes), TrainState()
    straight = first(12, recipe, position)
    assert position.epoch > 0
    middle = TrainState()
    first(3, recipe, middle)
    rest = first(9, recipe, TrainState(epoch=middle.epoch, batch=middle.batch))
    for one, other in zip(straight[3:], rest, strict=True):
        assert torch.equal(one.source, other.source)
        assert torch.equal(one.target_output, other.target_output)


def test_packed_batches_have_one_shape(make_recipe: MakeRecipe) -> None:
    """160 tokens are four rows of 40."""
    batches = first(20, make_recipe(*PACKED, *CUT), TrainState())
    assert {tuple(batch.source.shape) for batch in batches} == {(4, 40)}
    assert {tuple(batch.target_input.shape) for batch in batches} == {(4, 40)}
    assert all(batch.segments is not None for batch in batches)
