"""`clearhead embed`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearhead import Bundle

Run = Callable[..., Any]
TEXTS = ["one two", "", "un deux trois un"]
LINES = "".join(f"{text}\n" for text in TEXTS).encode()


@pytest.mark.parametrize("name", ["vectors.npy", "vectors"])
def test_a_file_that_numpy_reads(
    clearhead: Run, masked_model: Bundle, masked_model_folder: Path, tmp_path: Path, name: str
) -> None:
    result = clearhead("embed", masked_model_folder, "--out", tmp_path / name, stdin=LINES)
    assert (result.code, result.out, result.err) == (0, b"", "")
    found = np.load(tmp_path / name, allow_pickle=False)
    assert found.dtype == np.float32
    assert np.array_equal(found, masked_model.embed(TEXTS))


def test_no_line_gives_no_vector(clearhead: Run, classifier_folder: Path, tmp_path: Path) -> None:
    assert clearhead("embed", classifier_folder, "--out", tmp_path / "none.npy").code == 0
    assert np.load(tmp_path / "none.npy").shape == (0, 16)


def test_as_json_each_is_a_line(clearhead: Run, masked_model: Bundle, masked_model_folder: Path) -> None:
    result = clearhead("embed", masked_model_folder, *TEXTS, "--json")
    objects = [json.loads(line) for line in result.out.decode().splitlines()]
    assert [one["text"] for one in objects] == TEXTS
    np.testing.assert_allclose([one["vector"] for one in objects], masked_model.embed(TEXTS), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "vectors go to a file, or are printed: add --out FILE.npy, or --json"),
        (["--json", "--out", "x.npy"], "--out x.npy and --json both say where vectors go"),
        (["--out", "nowhere/x.npy"], "nowhere"),
        (["--json", "--in", "nowhere.txt"], "nowhere.txt"),
    ],
)
def test_what_cannot_be_is_one_line(
    clearhead: Run, masked_model_folder: Path, arguments: list[str], message: str
) -> None:
    result = clearhead("embed", masked_model_folder, *arguments, stdin=b"one\n")
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1


def test_the_lines_are_not_overwritten(clearhead: Run, masked_model_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(LINES)
    result = clearhead("embed", masked_model_folder, "--in", path, "--out", path)
    assert (result.code, path.read_bytes()) == (2, LINES)
