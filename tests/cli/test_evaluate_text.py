"""`clearhead evaluate --text`: how well a language model predicts a text."""

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from clearhead.bundle import Bundle, load

Run = Callable[..., Any]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("one two three\n\ntwo\n", encoding="utf-8")
    return tmp_path / "a.txt"


def test_the_figures_and_their_context(clearhead: Run, language_model_folder: Path, text: Path) -> None:
    """By torch's cross-entropy, line by line, as each is a document of this model's."""
    bundle = load(language_model_folder)
    tokenizer, nats, tokens = bundle.source_tokenizer, 0.0, 0
    for line in ("one two three", "two"):
        ids = torch.tensor([tokenizer.begin, *tokenizer.encode(line), tokenizer.end])
        with torch.no_grad():
            nats += float(F.cross_entropy(bundle.model(ids[None, :-1])[0], ids[1:], reduction="sum"))
        tokens += len(ids) - 1
    result = clearhead("evaluate", language_model_folder, "--text", text, "--json")
    found = json.loads(result.out)
    assert (found["tokens"], found["characters"], found["utf8_bytes"]) == (tokens, 18, 18)
    assert found["loss"] == pytest.approx(nats / tokens, rel=1e-5)
    assert found["bits_per_byte"] == pytest.approx(nats / math.log(2) / 18, rel=1e-5)
    assert (found["least_context"], found["most_context"]) == (33, 64)
    plain = clearhead("evaluate", language_model_folder, "--text", text, "--context", "0")
    assert plain.code == 0
    assert plain.lines[0].startswith(f"{nats / tokens:.4f} nats a token; perplexity ")
    assert "from 1 to 64 tokens before it" in plain.lines[1]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--text", "{text}", "{text}"], "are two ways to evaluate; give one of them"),
        (["--text", "{text}x"], "does not exist"),
        (["--text", "{text}", "--context", "64"], "context=64 leaves no room"),
        (["--text", "{text}", "--context", "-1"], "context"),
        (["--text", "{text}", "--precision", "int8"], "--text FILE has no use for --precision int8; leave it out"),
        (["--text", "{text}", "--against", "{text}"], "--text FILE has no use for --against "),
        ([], "evaluate needs SOURCE and REFERENCE"),
        (["{text}"], "evaluate needs SOURCE and REFERENCE"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(
    clearhead: Run, language_model_folder: Path, text: Path, more: list[str], message: str
) -> None:
    result = clearhead("evaluate", language_model_folder, *(one.format(text=text) for one in more))
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1


def test_a_model_that_reads_both_ways_predicts_it_as_a_language_model(
    clearhead: Run, language_model: Bundle, language_model_folder: Path, text: Path, tmp_path: Path
) -> None:
    both = Bundle(
        language_model.model, language_model.source_tokenizer, language_model.target_tokenizer,
        language_model.recipe, settings=dataclasses.replace(language_model.settings, task="masked-next-token"),
    )  # fmt: skip
    both.save(tmp_path / "both")
    found = [clearhead("evaluate", one, "--text", text) for one in (tmp_path / "both", language_model_folder)]
    assert found[0].code == 0
    assert found[0].out == found[1].out


def test_a_model_of_the_other_kind(clearhead: Run, run_folder: Path, language_model_folder: Path, text: Path) -> None:
    result = clearhead("evaluate", run_folder, "--text", text)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "this model translates, and is evaluated by SOURCE and REFERENCE" in result.err
    result = clearhead("evaluate", language_model_folder, text, text)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "this model goes on with texts, and is evaluated by --text FILE" in result.err
