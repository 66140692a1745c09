"""Tokens that a trained model gets: their rows learn, and nothing else of a table that is frozen."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from clearhead.bundle import load
from clearhead.errors import RecipeError
from clearhead.model.low_rank import adapters
from clearhead.tasks.chat.joining import ends_by
from clearhead.text import LibraryTokenizer
from clearhead.training import train
from clearhead.training.new_tokens import with_rows
from clearhead.training.run_inputs import prepare_run

from .test_using import TEMPLATE, folder, recipe

__all__ = ["folder"]

NEW = {"tokens": ["쉬어요"], "symbols": ["<|bori|>"]}
SIZE = 259  # Of the tokenizer of these tests: 256 bytes and three special tokens.
TRAINING = {"steps": 4, "validate_every": 4, "checkpoint_every": 2, "optimizer": {"weight_decay": 0.5}}


def test_a_new_row_is_the_mean_of_those_that_it_replaces() -> None:
    table = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 12.0]])
    grown = with_rows(table, 5, {3: [0, 2]})
    assert grown.tolist() == [[1, 2], [3, 4], [5, 12], [3, 7], [3, 6]]
    assert with_rows(torch.tensor([1.0, 2.0]), 3, {2: [0, 1]}).tolist() == [1.0, 2.0, 1.5]
    # A table that has rows to spare keeps its size.
    assert with_rows(table, 3, {2: [0, 1]}).tolist() == [[1, 2], [3, 4], [2, 3]]


def test_the_model_reads_and_writes_the_new_tokens(folder: Path) -> None:
    inputs = prepare_run(recipe(folder, text=NEW))
    tokenizer, base = inputs.source_tokenizer, load(folder / "foreign")
    assert isinstance(tokenizer, LibraryTokenizer)
    assert tokenizer.size == inputs.config.vocabulary == inputs.recipe.text.size == SIZE + 2
    assert tokenizer.encode("x쉬어요.") == [
        *base.source_tokenizer.encode("x"),
        SIZE,
        *base.source_tokenizer.encode("."),
    ]
    # A symbol is a template's, and text where somebody types it.
    assert SIZE + 1 not in tokenizer.encode("<|bori|>")
    assert tokenizer.encode_marked("<|bori|>") == [SIZE + 1]
    assert tokenizer.decode(tokenizer.encode("쉬어요 <|bori|>")) == "쉬어요 <|bori|>"
    model, table = inputs.untrained_model(), base.model.embedding.matrix.weight
    assert torch.equal(model.embedding.matrix.weight[:SIZE], table)
    pieces = base.source_tokenizer.encode("쉬어요")
    assert len(pieces) == 9
    assert torch.allclose(model.embedding.matrix.weight[SIZE], table[pieces].mean(0))
    assert model.output.matrix.weight is model.embedding.matrix.weight


@pytest.mark.parametrize("average", ["ema", "none"])
def test_only_the_new_rows_learn_of_a_frozen_table(folder: Path, tmp_path: Path, average: str) -> None:
    """To the bit, though weights decay; and everything else that is frozen stays, too."""
    training = {**TRAINING, "freeze": ["*"], "average": {"name": average}}
    train(recipe(folder, training=training, text=NEW), tmp_path / "run")
    before, after = prepare_run(recipe(folder, text=NEW)).untrained_model(), load(tmp_path / "run").model
    for (name, one), (_, other) in zip(before.named_parameters(), after.named_parameters(), strict=True):
        if name == "embedding.matrix.weight":
            assert torch.equal(one[:SIZE], other[:SIZE])
            assert not torch.equal(one[SIZE], other[SIZE])
        else:
            assert torch.equal(one, other), name


def test_they_learn_beside_adapters_and_are_kept_with_them(folder: Path, tmp_path: Path) -> None:
    """field/family.md C8: adapters must not lose the rows of new tokens."""
    model = {"from": str(folder / "foreign"), "lora": {"rank": 2, "alpha": 4}}
    asked = recipe(folder, training=TRAINING, model=model, text=NEW)
    assert len(list(adapters(prepare_run(asked).untrained_model()))) == 2
    train(asked, tmp_path / "run")
    before, after = prepare_run(recipe(folder, text=NEW)).untrained_model(), load(tmp_path / "run").model
    table = after.embedding.matrix.weight
    assert torch.equal(table[:SIZE], before.embedding.matrix.weight[:SIZE])
    assert not torch.equal(table[SIZE], before.embedding.matrix.weight[SIZE])
    kept = load_file(tmp_path / "run" / "adapter" / "adapter_model.safetensors")
    [stored] = [one for name, one in kept.items() if "embed_tokens" in name]
    assert np.array_equal(stored, table.detach())


def test_a_stopped_run_goes_on_to_the_bit(folder: Path, tmp_path: Path) -> None:
    training = {**TRAINING, "freeze": ["embedding.*"]}
    asked = recipe(folder, training=training, text=NEW)
    train(asked, tmp_path / "straight")
    steps = iter(range(9))
    train(asked, tmp_path / "stopped", should_stop=lambda: next(steps) >= 2)
    train(asked, tmp_path / "stopped", resume=True)
    for name in ("bundle/model.safetensors", "bundle/tokenizer.json", "history.jsonl"):
        assert (tmp_path / "straight" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes()


def test_a_symbol_ends_the_turns_of_a_template(folder: Path) -> None:
    """A model of texts gets the symbols of a template."""
    text = {"template": TEMPLATE.replace("im_end", "bori"), "symbols": ["<|bori|>"]}
    inputs = prepare_run(recipe(folder, "texts", text=text))
    assert inputs.settings.ends == (SIZE,)
    assert ends_by(text["template"], inputs.source_tokenizer) == SIZE


@pytest.mark.parametrize(
    ("text", "model", "message"),
    [
        ({"tokens": ["<|im_end|>"]}, None, "'<|im_end|>' is a token of model.from="),
        ({"tokens": ["a"]}, None, "'a' is a token of model.from="),
        ({"tokens": ["ab"]}, {}, "text.tokens and text.symbols are what model.from gets"),
        ({"tokens": [""]}, None, "text.tokens.0="),
    ],
)
def test_what_cannot_be_a_new_token(folder: Path, text: Any, model: Any, message: str) -> None:
    values = {} if model is None else {"model": model}
    with pytest.raises(RecipeError) as caught:
        prepare_run(recipe(folder, text=text, **values))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_of_ours_reads_bytes_already(folder: Path, chat_folder: Path) -> None:
    with pytest.raises(RecipeError, match="are for models that were trained elsewhere"):
        prepare_run(recipe(folder, chat_folder, text=NEW))
