"""`clearhead search`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearhead import Bundle

Run = Callable[..., Any]
TEXTS = ["one two", "", "un deux trois un", "two one", "three"]
LINES = "".join(f"{text}\n" for text in TEXTS).encode()


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    (tmp_path / "lines.txt").write_bytes(LINES)
    return tmp_path / "lines.txt"


@pytest.mark.parametrize("model", ["masked_model", "classifier"])
def test_the_nearest_lines_are_those_of_the_greatest_products(
    clearhead: Run, lines: Path, model: str, request: pytest.FixtureRequest
) -> None:
    """From 1, the best first; of a file and of standard input."""
    bundle: Bundle = request.getfixturevalue(model)
    folder: Path = request.getfixturevalue(f"{model}_folder")
    cosines = bundle.embed(TEXTS) @ bundle.embed(["three two"])[0]
    order = [place for place in np.argsort(-cosines).tolist() if TEXTS[place]]
    result = clearhead("search", folder, "--in", lines, "three two", "--n", "3", "--json")
    assert (result.code, result.err) == (0, "")
    found = [json.loads(line) for line in result.out.decode().splitlines()]
    assert [(one["line"], one["text"]) for one in found] == [(place + 1, TEXTS[place]) for place in order[:3]]
    assert [one["cosine"] for one in found] == pytest.approx(cosines[order[:3]].tolist(), abs=1e-4)
    again = clearhead("search", folder, "three two", stdin=LINES)
    written = [line.split("\t") for line in again.out.decode().splitlines()]
    assert [(int(line), text) for line, _, text in written] == [(place + 1, TEXTS[place]) for place in order]


def test_a_line_is_nearest_to_itself(clearhead: Run, masked_model_folder: Path, lines: Path, tmp_path: Path) -> None:
    arguments = ("search", masked_model_folder, "--in", lines, "two one", "--n", "1", "--out", tmp_path / "out")
    assert clearhead(*arguments).code == 0
    assert (tmp_path / "out").read_text() == "4\t1.0000\ttwo one\n"


def test_vectors_of_a_file_give_the_same(
    clearhead: Run, masked_model_folder: Path, lines: Path, tmp_path: Path
) -> None:
    path = tmp_path / "vectors.npy"
    assert clearhead("embed", masked_model_folder, "--in", lines, "--out", path).code == 0
    arguments = ("search", masked_model_folder, "three two", "--in", lines)
    result = clearhead(*arguments, "--vectors", path)
    assert (result.code, result.out) == (0, clearhead(*arguments).out)
    lines.write_bytes(LINES + b"one more\n")
    result = clearhead(*arguments, "--vectors", path)
    assert result.code == 2
    assert "vectors is float32 of shape (5, 16), but 6 texts" in result.err
    lines.write_bytes(b"".join(sorted(LINES.splitlines(keepends=True))))
    result = clearhead(*arguments, "--vectors", path)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "is not this model's vector of text" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([" "], "QUERY is blank; give the text to look for"),
        (["one", "--in", "nowhere.txt"], "nowhere.txt"),
        (["one", "--n", "0"], "--n"),
        ([], "QUERY"),
    ],
)
def test_what_cannot_be_is_one_line(
    clearhead: Run, masked_model_folder: Path, arguments: list[str], message: str
) -> None:
    result = clearhead("search", masked_model_folder, *arguments, stdin=b"one\n")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert message in result.err


def test_what_is_too_long_is_said(clearhead: Run, masked_model_folder: Path) -> None:
    result = clearhead("search", masked_model_folder, "one " * 60, stdin=b"one\n" + b"two " * 60 + b"\n")
    assert result.err.splitlines() == [
        "clearhead: the query is longer than the model's 40 tokens; its rest is left out",
        "clearhead: line 2 is longer than the model's 40 tokens; its rest is left out",
    ]


def test_lines_are_not_overwritten_and_other_models_name_their_command(
    clearhead: Run, masked_model_folder: Path, lines: Path
) -> None:
    assert clearhead("search", masked_model_folder, "one", "--in", lines, "--out", lines).code == 2
    assert lines.read_bytes() == LINES
    result = clearhead("search", "street", "one", "--in", lines)
    assert result.err.startswith("clearhead: this model translates (translation), and `clearhead search` is for ")
    assert result.err.endswith("; use `clearhead translate`\n")
