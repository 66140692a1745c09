"""From a recipe of conversations to ids."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from clearhead.errors import DataError, RecipeError
from clearhead.recipe import Recipe
from clearhead.tasks.chat.examples import ChatExamples
from clearhead.tasks.examples import Examples, to_nobody
from clearhead.text import BytePairTokenizer
from clearhead.training.loss import cross_entropy
from clearhead.training.run_inputs import prepare_run

MakeRecipe = Callable[..., Recipe]


def test_the_symbols_are_learned_with_the_pieces(chat_recipe: MakeRecipe) -> None:
    examples = ChatExamples(chat_recipe())
    assert isinstance(examples, Examples)
    tokenizer, other = examples.tokenizers(263, to_nobody)
    assert tokenizer is other
    assert tokenizer.symbols == ("assistant", "user")
    corpus = examples.training((tokenizer, other), to_nobody)
    answers = "반가워요 👋🏽쉬어요.좋네요!글쎄요…👩‍👩‍👧 hello"
    assert corpus.documents.learned is not None
    assert tokenizer.decode(corpus.ids[corpus.documents.learned].tolist()) == answers
    [judged] = examples.validation((tokenizer, other))
    assert judged.corpus.key == corpus.key


def test_a_share_of_the_rows_validates(chat_recipe: MakeRecipe, tmp_path: Path) -> None:
    recipe = chat_recipe(data={"folder": str(tmp_path), "train": {"table": "a.tsv"}, "validate": {"share": 0.5}})
    inputs = prepare_run(recipe)
    assert (len(inputs.training), len(inputs.validation[0].corpus)) == (2, 2)


def test_rows_that_are_lost_are_told(chat_recipe: MakeRecipe, tmp_path: Path) -> None:
    assert list(ChatExamples(chat_recipe()).doubts()) == []
    with (tmp_path / "a.tsv").open("a", encoding="utf-8") as file:
        file.write("아무도\t\n\u2028\tx\n")
    [line] = ChatExamples(chat_recipe()).doubts()
    assert line.startswith(f"2 of 6 rows of {tmp_path / 'a.tsv'} have no answer")
    (tmp_path / "a.tsv").unlink()
    with pytest.raises(DataError, match=r"a\.tsv does not exist"):
        ChatExamples(chat_recipe())


def test_conversations_that_share_rows_have_the_loss_of_one_a_row(chat_recipe: MakeRecipe) -> None:
    """Neither sees the other, and the same answers are learned: their losses and counts add up."""
    alone = prepare_run(chat_recipe(training={"packing": False, "batch_tokens": 96}))
    packed = prepare_run(chat_recipe(training={"packing": True, "packed_length": 96, "batch_tokens": 192}))
    task, model, losses = alone.task, alone.untrained_model().eval(), []
    for inputs in (alone, packed):
        batches = list(task.batches(inputs.recipe, inputs.training, inputs.tokenizers, epoch=0))
        with torch.inference_mode():
            found = [
                cross_entropy(model.output(task.hidden_states(model, one)), one.target_output, padding=one.padding)
                for one in batches
            ]
        losses.append((float(sum(found)), sum(one.target_tokens for one in batches)))
    assert losses[0][1] == losses[1][1] == alone.training.tokens
    assert losses[0][0] == pytest.approx(losses[1][0], rel=1e-5)


def test_pieces_that_tell_nobody_who_speaks_are_refused(chat_recipe: MakeRecipe) -> None:
    """As those of a language model that the run begins with."""
    tokenizer = BytePairTokenizer.learn(["one"], 259)
    with pytest.raises(RecipeError, match="has pieces without the control symbols assistant, user, by which") as caught:
        ChatExamples(chat_recipe()).training((tokenizer, tokenizer), to_nobody)
    assert "\n" not in str(caught.value)
