"""`clearhead fill`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead import Bundle

Run = Callable[..., Any]


def test_the_filled_text_and_what_else_may_stand_there(
    clearhead: Run, masked_model: Bundle, masked_model_folder: Path
) -> None:
    found = masked_model.fill("one [MASK] two[MASK]", n=2)
    result = clearhead("fill", masked_model_folder, "one [MASK] two[MASK]", "--n", 2)
    assert (result.code, result.err) == (0, "")
    rows = [
        f"{number}\t{one.probability:.4f}\t{one.text}"
        for number, of_mask in enumerate(found.fillings, start=1)
        for one in of_mask
    ]
    assert result.out.decode() == "\n".join([found.text, *rows]) + "\n"
    told = clearhead("fill", masked_model_folder, "one [MASK] two[MASK]", "--n", 2, "--json")
    [line] = told.out.decode().splitlines()
    assert json.loads(line) == {
        "text": "one [MASK] two[MASK]",
        "filled": found.text,
        "masks": [[{"text": one.text, "probability": pytest.approx(one.probability)} for one in of_mask]
                  for of_mask in found.fillings],
    }  # fmt: skip


def test_a_line_for_each_line(clearhead: Run, masked_model: Bundle, masked_model_folder: Path, tmp_path: Path) -> None:
    texts = ["one [MASK]", "[MASK] 한국어"]
    expected = "".join(f"{one.text}\n" for one in masked_model.fill(texts)).encode()
    stdin = "".join(f"{text}\n" for text in texts).encode()
    assert clearhead("fill", masked_model_folder, stdin=stdin).out == expected
    (tmp_path / "in.txt").write_bytes(stdin)
    assert clearhead("fill", masked_model_folder, "--in", tmp_path / "in.txt").out == expected
    clearhead("fill", masked_model_folder, "--in", tmp_path / "in.txt", "--out", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_bytes() == expected


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["one two"], b"", "text 1 has no [MASK]; write [MASK] where"),
        ([], b"[MASK]\none\n", "text 2 has no [MASK]"),
        (["[MASK]" * 50], b"", "text 1 has 50 masks but the model reads 40 tokens at most; shorten it"),
        (["[MASK]", "--n", "0"], b"", "--n"),
        (["[MASK]", "--in", "there.txt"], b"", "--in there.txt and a TEXT both say what to read"),
        (["--in", "nowhere.txt"], b"", "nowhere.txt"),
    ],
)
def test_what_cannot_be_is_one_line(
    clearhead: Run, masked_model_folder: Path, arguments: list[str], stdin: bytes, message: str
) -> None:
    result = clearhead("fill", masked_model_folder, *arguments, stdin=stdin)
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1
