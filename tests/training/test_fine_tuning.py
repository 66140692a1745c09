"""Runs that begin with a trained model."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from clearhead.bundle import load
from clearhead.errors import RecipeError
from clearhead.recipe import Recipe, build_recipe, load_recipe
from clearhead.training import train
from clearhead.training.fine_tuning import begin_with, read_base
from clearhead.training.run_inputs import prepare_run
from clearhead.training.validation import Validation, validate

SIZES = {"width": 16, "heads": 2, "inner_width": 32, "layers": 1, "max_length": 16}
TRAINING = {
    "device": "cpu", "precision": "fp32", "steps": 2, "batch_tokens": 64, "validate_every": 2, "checkpoint_every": 1,
    "log_every": 1, "patience": None,
}  # fmt: skip
LINES = ["one two", "three four", "five six"] * 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A masked and a causal model, and a classifier, all of the same text."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "a.txt").write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")
    (folder / "a.tsv").write_text("".join(f"{line}\t{line[:3]}\n" for line in LINES), encoding="utf-8")
    texts = {"train": {"text": "a.txt", "documents": "line"}, "validate": {"text": "a.txt", "documents": "line"}}
    for name, task, data, model in (
        ("masked", "masked-language-modelling", texts, {"segments": 0}),
        ("causal", "language-modelling", texts, {}),
        ("classifier", "classification", None, {"segments": 0}),
    ):
        values = {"model": {**SIZES, **model}, "text": {"kind": "characters"}, "task": task}
        train(recipe(folder, data=data, **values), folder / name)
    return folder


def recipe(folder: Path, data: dict[str, Any] | None = None, **values: Any) -> Recipe:
    tables = {"train": {"table": "a.tsv"}, "validate": {"table": "a.tsv"}}
    return build_recipe(
        {
            "name": "tiny", "task": "classification", "training": TRAINING, **values,
            "data": {"folder": str(folder), **(data or tables)},
        },
        "tiny",
    )  # fmt: skip


def begins(folder: Path, name: str, **model: Any) -> Recipe:
    return recipe(folder, model={"from": str(folder / name), **model})


@pytest.mark.parametrize("name", ["masked", "causal", "classifier"])
def test_the_weights_are_those_of_the_trained_model(folder: Path, name: str) -> None:
    """All but heads, which are new, as they are drawn from the seed."""
    inputs = prepare_run(begins(folder, name))
    base, model = load(folder / name), inputs.untrained_model()
    assert inputs.source_tokenizer.to_json() == base.source_tokenizer.to_json()
    assert (inputs.config.width, inputs.config.layers, inputs.config.classes) == (16, 1, 3)
    theirs = {key.replace("decoder.", "encoder."): one for key, one in base.model.named_parameters()}
    taken = {key for key, one in model.named_parameters() if key in theirs and torch.equal(one, theirs[key])}
    new = {key for key, _ in model.named_parameters()} - taken
    assert {key.partition(".")[0] for key in taken} >= {"embedding", "encoder"}
    assert not any(key.startswith(("embedding.matrix", "encoder.")) for key in new)
    assert ("classifier.output.weight" in taken) == (name == "classifier")


def test_other_classes_have_a_new_classifier(folder: Path) -> None:
    """As many, but others: what is class 0 there is none here."""
    labels = {"labels": ["two", "thr", "fiv"]}
    with pytest.raises(Exception, match="the label 'one' is none of the 3 to learn"):
        prepare_run(recipe(folder, data={**_tables(), **labels}, model={"from": str(folder / "classifier")}))
    reordered = {"labels": ["thr", "one", "fiv"]}
    inputs = prepare_run(recipe(folder, data={**_tables(), **reordered}, model={"from": str(folder / "classifier")}))
    base = load(folder / "classifier").model
    assert not torch.equal(inputs.untrained_model().classifier.output.weight, base.classifier.output.weight)


def _tables() -> dict[str, Any]:
    return {"train": {"table": "a.tsv"}, "validate": {"table": "a.tsv"}}


def test_what_is_named_is_meant(folder: Path) -> None:
    asked = begins(folder, "masked", dropout=0.5, pooling="mean", pooler=True, position_shift=3)
    config = prepare_run(asked).config
    assert (config.dropout, config.pooling, config.pooler, config.masked_head) == (0.5, "mean", True, "none")
    assert config.position_shift == 3


def test_fewer_layers_are_the_first_ones(folder: Path) -> None:
    inputs = prepare_run(begins(folder, "masked", layers=2))
    _, base = read_base(begins(folder, "masked", layers=2))
    new = begin_with(base, inputs.untrained_model(), ())
    assert all(name.startswith(("encoder.layers.1.", "classifier.", "pooler.")) for name in new)
    assert prepare_run(begins(folder, "masked", layers=0)).config.layers == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model": {"from": "{folder}/masked", "width": 32}}, "model.width=32 contradicts model.from={folder}/masked"),
        ({"model": {"from": "{folder}/masked", "heads": 4}}, "which has 2; remove model.heads"),
        ({"model": {"from": "{folder}/masked", "preset": "bert_base"}}, "remove model.preset"),
        ({"model": {"from": "{folder}/masked"}, "text": {"kind": "bpe"}}, "text.kind says what model.from="),
        ({"model": {"from": "{folder}/masked", "max_length": 32}}, "embedding.positions.table of shape (16, 16), but"),
        ({"model": {"from": "{folder}/nothing"}}, "model.from: model {folder}/nothing does not exist"),
        ({"model": {"from": "street"}}, "model.from=street is encoder-decoder, but task=classification trains"),
    ],
)
def test_contradictions(folder: Path, values: dict[str, Any], message: str) -> None:
    values = json.loads(json.dumps(values).replace("{folder}", str(folder)))
    with pytest.raises(RecipeError) as caught:
        prepare_run(recipe(folder, **values)).untrained_model()
    assert message.replace("{folder}", str(folder)) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_buckets_of_what_came_before_are_none_of_what_comes_after(tmp_path: Path) -> None:
    """T5: a stack that looks both ways halves its buckets, so that number 20 of a causal one means another distance."""
    (tmp_path / "a.txt").write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")
    (tmp_path / "a.tsv").write_text("".join(f"{line}\t{line[:3]}\n" for line in LINES), encoding="utf-8")
    sizes = {**SIZES, "positions": "relative"}
    values = {"model": sizes, "text": {"kind": "characters"}, "task": "language-modelling"}
    train(recipe(tmp_path, data=TEXTS, **values), tmp_path / "causal")
    inputs = prepare_run(begins(tmp_path, "causal"))
    table = inputs.untrained_model().encoder.position_bias.table
    assert not torch.equal(table, load(tmp_path / "causal").model.decoder.position_bias.table)
    assert torch.isfinite(table).all()


TEXTS = {"train": {"text": "a.txt", "documents": "line"}, "validate": {"text": "a.txt", "documents": "line"}}


@pytest.mark.parametrize(
    ("task", "data", "missing"),
    [
        ("masked-next-token", TEXTS, "symbol mask, by which a piece is masked; begin with"),
        ("chat", None, "symbols assistant, user, by which a conversation tells who speaks; begin with"),
    ],
)
def test_a_base_without_the_symbols_of_a_task(folder: Path, task: str, data: dict[str, Any], missing: str) -> None:
    asked = recipe(folder, data=data, model={"from": str(folder / "causal")}, task=task)
    with pytest.raises(RecipeError, match=f"model.from has pieces without the control {missing}"):
        prepare_run(asked)


def test_it_goes_on_without_the_trained_model(folder: Path, tmp_path: Path) -> None:
    """Byte by byte, whether or not it was stopped and the model that it began with is gone."""
    shutil.copytree(folder / "masked", tmp_path / "masked")
    asked = recipe(folder, model={"from": str(tmp_path / "masked"), "dropout": 0.1}, training={**TRAINING, "steps": 3})
    train(asked, tmp_path / "straight")
    steps = iter(range(9))
    train(asked, tmp_path / "stopped", should_stop=lambda: next(steps) >= 1)
    shutil.rmtree(tmp_path / "masked")
    train(asked, tmp_path / "stopped", resume=True)
    for name in ("history.jsonl", "bundle/model.safetensors", "bundle/config.json", "bundle/recipe.yaml"):
        assert (tmp_path / "straight" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes()
    text = (tmp_path / "straight" / "bundle" / "recipe.yaml").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert "from: masked" in text


def test_a_translator_goes_on_with_another_corpus(make_recipe: Callable[..., Recipe], run_folder: Path) -> None:
    """The same for every task; of this one its two tokenizers too."""
    base = load(run_folder)
    asked = make_recipe()
    model = asked.model.model_copy(update={"base": str(run_folder)})
    plain = {**asked.model_dump(by_alias=True, exclude={"text", "model"}), "model": {"from": model.base}}
    model = prepare_run(build_recipe(plain, "r")).untrained_model()
    for (name, one), (_, other) in zip(model.named_parameters(), base.model.named_parameters(), strict=True):
        assert torch.equal(one, other), name


def test_a_place_is_meant_from_the_recipe_or_from_here(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = recipe(folder).to_yaml()
    (folder / "r.yaml").write_text(text, encoding="utf-8")
    assert load_recipe(folder / "r.yaml", ["model.from=masked"]).model.base == str(folder / "masked")
    monkeypatch.chdir(tmp_path)
    assert load_recipe(folder / "r.yaml", ["model.from=runs/a"]).model.base == str(tmp_path / "runs" / "a")
    # A model that comes with clearhead has no place.
    assert load_recipe(folder / "r.yaml", ["model.from=street"]).model.base == "street"


OLD = {"language-modelling": {"text": "old.txt", "documents": "line"}, "other": {"table": "old.tsv"}}


@pytest.mark.parametrize("name", ["masked", "causal", "classifier"])
@pytest.mark.parametrize("packing", [False, True])
def test_a_share_of_old_data_is_replayed(folder: Path, name: str, packing: bool) -> None:
    """field/family.md C11: two fifths of the tokens of an epoch, on average, of every kind of example."""
    if name == "classifier" and packing:
        pytest.skip("a classifier packs nothing")
    lines = [*LINES, *["five five"] * 60]
    (folder / "old.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / "old.tsv").write_text("".join(f"{line}\t{line[:3]}\n" for line in lines[12:]), encoding="utf-8")
    task = load(folder / name).task
    old = OLD["language-modelling"] if task != "classification" else OLD["other"]
    data = {**(TEXTS if task != "classification" else _tables())}
    data["replay"] = {"train": old, "validate": old, "share": 0.4}
    training = {**TRAINING, "batch_tokens": 256, "packing": packing}
    inputs = prepare_run(recipe(folder, data, model={"from": str(folder / name)}, task=task, training=training))
    alone = prepare_run(recipe(folder, {**data, "replay": None}, model={"from": str(folder / name)}, task=task))
    shares = []
    for epoch in range(30):
        batches = list(inputs.task.batches(inputs.recipe, inputs.training, inputs.tokenizers, epoch))
        again = list(inputs.task.batches(inputs.recipe, inputs.training, inputs.tokenizers, epoch, 1))
        assert [one.ids.tolist() for one in batches[1:]] == [one.ids.tolist() for one in again]
        padding = inputs.source_tokenizer.padding
        shares.append(sum(int((one.ids != padding).sum()) for one in batches))
    new = alone.training.tokens + (len(alone.training) if task == "masked-language-modelling" else 0)
    assert sum(shares) / len(shares) == pytest.approx(new / 0.6, rel=0.12)


def test_the_old_score_stands_beside_the_new_one(folder: Path, tmp_path: Path) -> None:
    """At each validation, in the history, on the card, and as another run alone would find it."""
    (folder / "other.txt").write_text("six one\nsix two\n", encoding="utf-8")
    old = {"text": "other.txt", "documents": "line"}
    values: dict[str, Any] = {"model": {"from": str(folder / "causal")}, "task": "language-modelling"}
    asked = recipe(folder, {**TEXTS, "replay": {"train": old, "validate": old}}, **values)
    train(asked, tmp_path / "run")
    lines = [json.loads(line) for line in (tmp_path / "run" / "history.jsonl").read_text().splitlines()]
    [found] = [line["validation"] for line in lines if "validation" in line]
    inputs = prepare_run(recipe(folder, {"train": old, "validate": old}, **values))
    model = load(tmp_path / "run").model.eval()
    assert found["others"]["old"]["loss"] == pytest.approx(validate(model, inputs).loss, rel=1e-5)
    assert found["others"]["old"]["text"]["tokens"] == 16
    assert Validation.from_plain(found).as_plain() == found
    assert "of what it learned before: loss" in (tmp_path / "run" / "bundle" / "README.md").read_text()
    kept = load(tmp_path / "run").recipe.data.replay
    assert kept is not None
    assert kept.share == 0.2
    first = json.loads((tmp_path / "run" / "checkpoints" / "step-2" / "corpus.json").read_text())["key"]
    assert first == prepare_run(asked).training.key
    train(asked, tmp_path / "run", resume=True)


def test_a_translator_replays_pairs(make_recipe: Callable[..., Recipe], run_folder: Path, corpus: Path) -> None:
    """As often as their own weights say, and the directions of both are the model's."""
    plain = {**make_recipe().model_dump(by_alias=True, exclude={"text", "model"}), "model": {"from": str(run_folder)}}
    data = plain["data"]
    replay = {"train": [{**one, "to": "xx"} for one in data["train"]], "validate": data["validate"], "share": 0.5}
    inputs = prepare_run(build_recipe({**plain, "data": {**data, "replay": replay}}, "r"))
    alone = prepare_run(build_recipe(plain, "r"))
    count = len(alone.training)
    tokens = inputs.training.source.lengths + inputs.training.target.lengths
    assert len(inputs.training) == 2 * count
    new, old = (inputs.training.weights[some] @ tokens[some] for some in (slice(count), slice(count, None)))
    assert new == pytest.approx(old)
    assert {to for _, to in inputs.settings.languages} >= {"xx"}
    assert len(inputs.other_validation["old"]) == len(alone.validation)


@pytest.mark.parametrize(
    ("replay", "model", "message"),
    [
        ({"train": {"table": "a.tsv"}, "validate": {"table": "a.tsv"}}, {}, "name it by model.from"),
        ({"train": {"table": "a.tsv"}}, None, "data.replay.validate is missing"),
        ({"train": {"table": "a.tsv", "name": "b"}, "validate": {"table": "a.tsv"}}, None, "data.train.name names a"),
        ({"train": {"text": "a.txt"}, "validate": {"text": "a.txt"}}, None, "data.train names a text, but task="),
        ({"train": {"table": "a.tsv"}, "validate": {"table": "a.tsv"}, "share": 1}, None, "data.replay.share=1 is not"),
    ],
)
def test_what_cannot_be_replayed(folder: Path, replay: Any, model: Any, message: str) -> None:
    given = {"from": str(folder / "classifier")} if model is None else model
    with pytest.raises(RecipeError) as caught:
        recipe(folder, {**_tables(), "replay": replay}, model=given)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_sets_of_one_name(folder: Path) -> None:
    """The new data's and the old's would have the same figures."""
    table = {"table": "a.tsv", "name": "b"}
    data = {**_tables(), "validate": table, "replay": {"train": {"table": "a.tsv"}, "validate": table}}
    with pytest.raises(RecipeError, match=r"both have a set that is called b; rename one of them"):
        recipe(folder, data, model={"from": str(folder / "classifier")})
