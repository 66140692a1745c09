"""Batches of documents: which pieces stand in which row, and that it changes no loss."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, models, pre_tokenizers

from clearhead.recipe import Recipe
from clearhead.tasks import task_named
from clearhead.tasks.examples import to_nobody
from clearhead.tasks.language_modelling.batching import batches_to_judge
from clearhead.text import LibraryTokenizer, Roles
from clearhead.training import TrainState
from clearhead.training.dataloader import batches_from
from clearhead.training.run_inputs import RunInputs, prepare_run

MakeRecipe = Callable[..., Recipe]
PACKED = {"packing": True}


def epoch(inputs: RunInputs, number: int = 0, first: int = 0) -> list[Any]:
    return list(inputs.task.batches(inputs.recipe, inputs.training, inputs.tokenizers, number, first))


def predicted(batches: list[Any]) -> list[int]:
    return sorted(one for batch in batches for one in batch.target_output.flatten().tolist() if one != batch.padding)


@pytest.mark.parametrize("documents", ["file", "line"])
@pytest.mark.parametrize("training", [{}, PACKED], ids=["plain", "packed"])
def test_an_epoch_predicts_every_token_once(language_recipe: MakeRecipe, documents: str, training: Any) -> None:
    inputs = prepare_run(language_recipe(documents, training))
    corpus, begin = inputs.training, inputs.source_tokenizer.begin
    expected = sorted(one for one in corpus.ids.tolist() if one != begin)
    for number in (0, 1):
        batches = epoch(inputs, number)
        assert predicted(batches) == expected
        assert sum(batch.target_tokens for batch in batches) == corpus.tokens
        assert all(batch.ids.numel() <= 64 for batch in batches)
    other = [batch.ids.tolist() for batch in epoch(inputs, 1)]
    assert [batch.ids.tolist() for batch in epoch(inputs, 0)] != other
    assert [batch.ids.tolist() for batch in epoch(inputs, 1, 2)] == other[2:]


def test_padding_is_never_the_end_which_is_learnt(language_recipe: MakeRecipe) -> None:
    """field/family.md C2: where padding is the end symbol, the loss leaves out each end, and no model ever stops."""
    for training in ({}, PACKED):
        inputs = prepare_run(language_recipe("line", training))
        tokenizer = inputs.source_tokenizer
        assert tokenizer.end != tokenizer.padding
        ends = sum(int((batch.target_output == tokenizer.end).sum()) for batch in epoch(inputs))
        assert ends == len(inputs.training) == 28
        assert not any((batch.ids == tokenizer.end).any() for batch in epoch(inputs))


@pytest.mark.parametrize("training", [{}, PACKED], ids=["plain", "packed"])
def test_the_end_is_learnt_where_it_is_the_padding(language_recipe: MakeRecipe, training: dict[str, bool]) -> None:
    """As of GPT-2 and SmolLM2, whose files have one symbol for both (field/family.md C2)."""
    inputs = prepare_run(language_recipe("line", training))
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    library = Tokenizer(models.BPE({one: number for number, one in enumerate(["<end>", *alphabet])}, []))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.add_special_tokens(["<end>"])
    tokenizer = LibraryTokenizer(library.to_str(), Roles(0, 0, 0, None, 257))
    corpus = inputs.task.examples(inputs.recipe).training((tokenizer, tokenizer), to_nobody)
    both = tokenizer, tokenizer
    batches = list(inputs.task.batches(inputs.recipe, corpus, both, 0))
    judged = list(inputs.task.batches_to_judge(inputs.recipe, corpus, both))
    for some in (batches, judged):
        assert sum(int((one.target_output == tokenizer.end).sum()) for one in some) == len(corpus) == 28
        assert sum(one.target_tokens for one in some) == corpus.tokens
        assert sum(int((one.target_output != one.padding).sum()) for one in some) == corpus.tokens
        assert all((one.ids >= 0).all() for one in some)


def test_one_window_of_a_document_a_row_needs_no_segments(language_recipe: MakeRecipe) -> None:
    """A file is longer than a row, so that rows of one shape hold one piece each, packed or not."""
    for training, shape in (({}, None), (PACKED, (4, 16))):
        batches = epoch(prepare_run(language_recipe("file", training)))
        assert all(batch.segments is None for batch in batches)
        assert shape is None or {tuple(batch.ids.shape) for batch in batches} == {shape}
    lines = epoch(prepare_run(language_recipe("line", PACKED)))
    assert {tuple(batch.segments.shape) for batch in lines} == {(4, 16)}
    assert max(int(batch.segments.max()) for batch in lines) > 1


@torch.no_grad()
def test_documents_that_share_a_row_have_the_loss_of_one_a_row(language_recipe: MakeRecipe) -> None:
    """Summed over an epoch, by torch's cross-entropy, in float64; and each document alone, by hand."""
    totals = []
    for training in ({}, PACKED):
        inputs = prepare_run(language_recipe("line", training))
        model = inputs.untrained_model().double().eval()
        task, total = task_named("language-modelling"), 0.0
        for batch in epoch(inputs):
            logits = task.hidden_states(model, batch) @ task.output_weight(model).T
            total += float(
                F.cross_entropy(
                    logits.flatten(0, 1), batch.target_output.flatten(), ignore_index=batch.padding, reduction="sum"
                )
            )
        totals.append(total)
    alone = 0.0
    for number in range(len(inputs.training)):
        ids = torch.tensor(inputs.training.documents[number].tolist())
        alone += float(F.cross_entropy(model(ids[None, :-1])[0], ids[1:], reduction="sum"))
    assert totals == pytest.approx([alone, alone], rel=1e-9)


def test_the_loader_goes_on_from_the_middle(language_recipe: MakeRecipe) -> None:
    inputs, state = prepare_run(language_recipe()), TrainState()
    straight = list(itertools.islice(batches_from(state, inputs), 12))
    assert state.epoch > 0
    rest = list(itertools.islice(batches_from(TrainState(epoch=0, batch=3), inputs), 9))
    for one, other in zip(straight[3:], rest, strict=True):
        assert torch.equal(one.ids, other.ids)
        assert torch.equal(one.target_output, other.target_output)


@pytest.mark.parametrize("context", [0, 5])
def test_a_validation_scores_every_token_once(language_recipe: MakeRecipe, context: int) -> None:
    inputs = prepare_run(language_recipe())
    corpus, tokenizer = inputs.validation[0].corpus, inputs.source_tokenizer
    batches = list(batches_to_judge(corpus, 16, context, 64, tokenizer.padding))
    assert predicted(batches) == sorted(corpus.ids[1:].tolist())
    assert sum(batch.target_tokens for batch in batches) == corpus.tokens
