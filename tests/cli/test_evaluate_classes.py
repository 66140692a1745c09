"""`clearhead evaluate --table`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import load
from clearhead.recipe import build_recipe
from clearhead.training import train

Run = Callable[..., Any]
ROWS = [("one ?", "묻는 말"), ("two ?", "묻는 말"), ("one .", "하는 말"), ("two .", "하는 말")]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classifier")
    (folder / "train.tsv").write_text("".join(f"{text}\t{label}\n" for text, label in ROWS), encoding="utf-8")
    table = {"table": "train.tsv"}
    recipe = build_recipe(
        {
            "name": "tiny", "task": "classification",
            "data": {"folder": str(folder), "train": table, "validate": table},
            "text": {"kind": "characters"},
            "model": {"width": 16, "heads": 2, "inner_width": 32, "layers": 1, "max_length": 16, "segments": 0},
            "training": {"device": "cpu", "precision": "fp32", "steps": 1, "batch_tokens": 64},
        },
        "tiny",
    )  # fmt: skip
    train(recipe, folder / "run")
    return folder


def test_the_table(clearhead: Run, classifier: Path) -> None:
    result = clearhead("evaluate", classifier / "run", "--table", classifier / "train.tsv")
    assert (result.code, result.err) == (0, "")
    assert result.lines[0].endswith("% of 4 texts right, macro-F1 " + result.lines[0].split()[-1])
    assert result.lines[3].split()[:2] == ["묻는", "말"]
    assert result.lines[3].split()[-1] == "2"


def test_json_is_what_the_model_says(clearhead: Run, classifier: Path, tmp_path: Path) -> None:
    """Text by text, by the model's own method; the columns are named and in another order."""
    rows = [f"{label},{text}" for text, label in ROWS]
    (tmp_path / "test.csv").write_text("\n".join(["kind,text", *rows, ""]), encoding="utf-8")
    result = clearhead(
        "evaluate", classifier / "run", "--table", tmp_path / "test.csv", "--columns", "text,kind", "--json"
    )
    document = json.loads(result.out)
    import torch

    bundle, right = load(classifier / "run"), 0
    tokenizer = bundle.source_tokenizer
    with torch.inference_mode():
        for text, label in ROWS:
            ids = torch.tensor([[tokenizer.begin, *tokenizer.encode(text), tokenizer.end]])
            found = int(bundle.model.class_logits(bundle.model.hidden_states(ids)).argmax())
            right += bundle.settings.labels[found] == label
    assert document["labels"] == ["묻는 말", "하는 말"]
    assert (document["texts"], document["accuracy"]) == (4, right / 4)
    assert sum(map(sum, document["confusion"])) == 4


def test_long_texts_are_told(clearhead: Run, classifier: Path, tmp_path: Path) -> None:
    (tmp_path / "test.tsv").write_text(f"{'one ' * 10}\t묻는 말\n", encoding="utf-8")
    result = clearhead("evaluate", classifier / "run", "--table", tmp_path / "test.tsv")
    assert result.lines[-1] == "1 text is longer than the model reads (16) and was cut"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--table", "{table}", "--text", "{table}"], "are two ways to evaluate; give one of them"),
        (["--columns", "1,2"], "--columns 1,2 is for a table; add --table FILE"),
        (
            ["--table", "{table}", "--context", "3"],
            "--context 3 is for a text; add --text FILE, or leave --context out",
        ),
        (["--table", "{table}", "--columns", "1"], "--columns 1 names no two columns"),
        (["--table", "{table}", "--columns", "0,1"], "--columns 0,1 names no two columns"),
        (["--table", "{table}", "--columns", "1,3"], "line 1 has 2 columns, expected 3 or more"),
        (["--table", "nothing.tsv"], "nothing.tsv"),
        (["--table", "{other}"], "the label 'none' is none of the 2 to learn (묻는 말, 하는 말)"),
        (["--text", "{table}"], "this model classifies texts, and is evaluated by --table FILE; leave --text FILE out"),
    ],
)
def test_mistakes(clearhead: Run, classifier: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "other.tsv").write_text("one\tnone\n", encoding="utf-8")
    places = {"table": classifier / "train.tsv", "other": tmp_path / "other.tsv"}
    result = clearhead("evaluate", classifier / "run", *(one.format(**places) for one in arguments))
    assert result.code == 2
    assert message in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    "option", [("--against", "train.tsv"), ("--beam-size", "4"), ("--tokenize", "zh"), ("--to", "fr")]
)
def test_an_option_that_nothing_heeds_is_refused(clearhead: Run, classifier: Path, option: tuple[str, str]) -> None:
    result = clearhead("evaluate", classifier / "run", "--table", classifier / "train.tsv", *option)
    expected = f"clearhead: a model that classifies texts has no use for {' '.join(option)}; leave it out"
    assert (result.code, result.err.strip(), result.out) == (2, expected, b"")
