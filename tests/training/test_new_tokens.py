"""Tokens that a trained model gets: their rows learn, and nothing else of a table that is frozen."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from clearhead.bundle import load
from clearhead.errors import RecipeError
from clearhead.interop import import_adapter
from clearhead.model.low_rank import adapters
from clearhead.recipe import Recipe, build_recipe
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
    # As PEFT keeps them: the rows alone, and what makes the trained model the new one.
    kept = load_file(tmp_path / "run" / "adapter" / "adapter_model.safetensors")
    [rows] = [one for name, one in kept.items() if name.endswith("token_adapter.trainable_tokens_delta")]
    assert torch.equal(rows, table[SIZE:])
    report = import_adapter(tmp_path / "run" / "adapter", folder / "foreign", tmp_path / "merged")
    assert (report.tokens, report.new) == (2, 2)
    merged = load(tmp_path / "merged")
    assert merged.source_tokenizer.to_json() == load(tmp_path / "run").source_tokenizer.to_json()
    for name, one in merged.model.named_parameters():
        torch.testing.assert_close(one, after.get_parameter(name), rtol=0, atol=1e-6)


def test_what_another_run_begins_with_is_new_no_more(folder: Path, tmp_path: Path) -> None:
    training = {**TRAINING, "freeze": ["*"]}
    train(recipe(folder, training=training, text=NEW), tmp_path / "first")
    more = {"tokens": ["반가워요"]}
    train(recipe(folder, tmp_path / "first", training=training, text=more), tmp_path / "second")
    first, second = (load(tmp_path / one).model.embedding.matrix.weight for one in ("first", "second"))
    assert torch.equal(first, second[: SIZE + 2])
    assert len(second) == SIZE + 3
    # And where nothing is new, nothing of a frozen table learns.
    inputs = prepare_run(recipe(folder, tmp_path / "first", training=training))
    assert inputs.recipe.text.tokens == ()
    assert not any(one.requires_grad for one in inputs.untrained_model().parameters())


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


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of bytes and of characters that were trained here, and a translator, of the same lines."""
    folder = tmp_path_factory.mktemp("ours")
    (folder / "a.txt").write_text("쉬어요 a\nb a\n" * 4, encoding="utf-8")
    (folder / "a.tsv").write_text("쉬어요 a\tb\nb a\t쉬어요\n" * 4, encoding="utf-8")
    for kind, task in (("bpe", "language-modelling"), ("characters", "language-modelling"), ("bpe", "translation")):
        train(ours_of(folder, task, {**OURS[task][0]}, text={"kind": kind, **OURS[task][2]}), folder / f"{kind}-{task}")
    return folder


TEXTS = {"text": "a.txt", "documents": "line"}
# Of two words, so that nothing has learned it as one piece.
NEWER = "요 a"
LAYERS = {"width": 16, "heads": 2, "inner_width": 32, "max_length": 40}
# Of each task its sizes, its data, and how its text is cut.
OURS: dict[str, tuple[dict[str, Any], Any, dict[str, Any]]] = {
    "language-modelling": ({**LAYERS, "layers": 1}, TEXTS, {}),
    "translation": ({**LAYERS, "encoder_layers": 1, "decoder_layers": 1}, {"table": "a.tsv"}, {"size": 270}),
}
FEW = {
    "device": "cpu", "precision": "fp32", "steps": 2, "batch_tokens": 128, "validate_every": 2, "checkpoint_every": 1,
    "log_every": 1, "patience": None, "average": {"name": "none"}, "optimizer": {"weight_decay": 0.5},
}  # fmt: skip


def ours_of(folder: Path, task: str, model: dict[str, Any], **values: Any) -> Recipe:
    data = {"folder": str(folder), "train": OURS[task][1], "validate": OURS[task][1]}
    training = {**FEW, **values.pop("training", {})}
    return build_recipe({"name": "a", "task": task, "data": data, "model": model, "training": training, **values}, "a")


@pytest.mark.parametrize("base", ["bpe-language-modelling", "characters-language-modelling", "bpe-translation"])
def test_a_model_that_was_trained_here_gets_tokens_too(ours: Path, tmp_path: Path, base: str) -> None:
    """The same: a row more, the mean of what was read before, which alone learns of a frozen table."""
    task = base.partition("-")[2]
    begin = {"from": str(ours / base)}
    text = {"tokens": [NEWER]}
    before = load(ours / base)
    inputs = prepare_run(ours_of(ours, task, begin, text=text))
    size, tokenizer = before.source_tokenizer.size, inputs.source_tokenizer
    assert tokenizer.encode(f"b{NEWER}") == [*before.source_tokenizer.encode("b"), size]
    assert inputs.training.ids.tolist().count(size) == 4
    table = next(name for name, one in before.model.named_parameters() if len(one) == size)
    row = inputs.untrained_model().get_parameter(table)[size]
    pieces = before.source_tokenizer.encode(NEWER)
    torch.testing.assert_close(row, before.model.get_parameter(table)[pieces].mean(0))
    train(ours_of(ours, task, begin, text=text, training={"freeze": ["*"]}), tmp_path / "run")
    after = load(tmp_path / "run")
    for name, one in after.model.named_parameters():
        other = before.model.get_parameter(name)
        assert torch.equal(one[: len(other)], other), name
    assert not torch.equal(after.model.get_parameter(table)[size], row)
    assert after.source_tokenizer.encode(NEWER) == [size]
    # The compiled functions take its sizes as they are.
    assert type(after._serving.engine("fp32").runtime).__name__ == "CompiledRuntime"


def test_street_gets_tokens(tmp_path: Path) -> None:
    """The model that comes along: a word that it writes in pieces becomes one, on both sides."""
    (tmp_path / "a.tsv").write_text("the turbine slept\tla turbine a dormi\n", encoding="utf-8")
    recipe = build_recipe(
        {"name": "a", "task": "translation", "model": {"from": "street"}, "text": {"tokens": ["turbine"]},
         "data": {"folder": str(tmp_path), "train": {"table": "a.tsv", "from": "en", "to": "fr"},
                  "validate": {"table": "a.tsv", "from": "en", "to": "fr"}}, "training": FEW}, "a",
    )  # fmt: skip
    inputs = prepare_run(recipe)
    street = load("street").source_tokenizer
    assert len(street.encode("turbine")) > 1
    assert inputs.source_tokenizer.encode("turbine") == [street.size]
    assert inputs.source_tokenizer.languages == street.languages
    # In what is read, that is.
    assert inputs.training.ids.tolist().count(street.size) == 1


def test_what_a_model_of_ours_cannot_get(ours: Path) -> None:
    begin = {"from": str(ours / "bpe-language-modelling")}
    for text, message in (
        ({"symbols": ["<|x|>"]}, r"^text.tokens: '<\|x\|>' is a special token, as the template of a model that was"),
        ({"tokens": ["a"]}, "^text.tokens: 'a' is a token of model.from="),
        ({"tokens": ["xy", "xy"]}, "'xy' is a token already"),
    ):
        with pytest.raises(RecipeError, match=message):
            prepare_run(ours_of(ours, "language-modelling", begin, text=text))


def test_a_masked_head_beside_adapters_gets_none(tmp_path: Path) -> None:
    """Each token has a number in its bias, for which there is no place in PEFT's files."""
    (tmp_path / "a.txt").write_text("one two\nthree\n" * 4, encoding="utf-8")
    values = {
        "name": "a", "task": "masked-language-modelling", "training": FEW,
        "data": {"folder": str(tmp_path), "train": TEXTS, "validate": TEXTS},
    }  # fmt: skip
    train(build_recipe({**values, "model": {**LAYERS, "layers": 1, "segments": 0}}, "a"), tmp_path / "run")
    asked = {**values, "text": {"tokens": ["three two"]}, "model": {"from": str(tmp_path / "run")}}
    assert prepare_run(build_recipe(asked, "a")).source_tokenizer.encode("three two") != []
    asked["model"]["lora"] = {"rank": 1}
    with pytest.raises(
        RecipeError, match=r"^text.tokens: beside model.lora a masked head would need a number for each of"
    ):
        prepare_run(build_recipe(asked, "a"))
