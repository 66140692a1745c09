"""`clearhead byhand`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_it_prints_the_classic_block(clearhead: Run) -> None:
    result = clearhead("byhand", "block")
    assert result.code == 0
    assert result.lines[0] == "# A Transformer block by hand"
    assert "P1[  5  6  0  7  0 ]" in result.out.decode("utf-8")
    assert "- P1, Z1: 11 = 5·1 + 6·1" in result.lines


def test_blank_filled_or_both(clearhead: Run) -> None:
    both, blank, filled = (clearhead("byhand", "block", *one).lines for one in ((), ("--blank",), ("--answers",)))
    assert both[: len(blank)] == blank
    assert "11 = 5·1 + 6·1" not in "\n".join(blank)
    assert "P1[ 11  6  7  7  5 ]" in "\n".join(filled)
    assert "P1[ 11  6  7  7  5 ]" not in "\n".join(both)


def test_files_in_korean(clearhead: Run, tmp_path: Path) -> None:
    paths = tmp_path / "a.html", tmp_path / "a.md"
    result = clearhead("byhand", "block", "--lang", "ko", "--html", paths[0], "--md", paths[1])
    assert result.lines == [f"{path}: 손으로 계산하는 트랜스포머 블록" for path in paths]
    assert all("어텐션은 위치끼리 섞습니다" in path.read_text(encoding="utf-8") for path in paths)
    assert clearhead("byhand", "block", "--quiet", "--md", paths[1]).out == b""


def test_sizes_and_seeds(clearhead: Run) -> None:
    text = clearhead("byhand", "attention-weighting", "--seed", 3, "--size", "positions=2", "--size", "features=4").out
    assert b"X is a 4\xc3\x972 matrix" in text
    assert b"Numbers: seed 3." in text


def test_own_matrices(clearhead: Run, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("X\n1,2\n3,4\nA\n0,1\n1,1\n", encoding="utf-8")
    result = clearhead("byhand", "attention-weighting", "--matrix", tmp_path / "own.csv")
    assert "- P2, Z2: 7 = 3·1 + 4·1" in result.lines


def test_of_a_model(clearhead: Run, two_languages_folder: Path) -> None:
    """faults.md D6: heads and layers were counted from 0 in commands and from 1 on the page."""
    options = ("--from", two_languages_folder, "one", "--to", "fr", "--layer", 1, "--head", 2)
    result = clearhead("byhand", "self-attention", *options)
    assert result.code == 0
    assert "“one”" in result.lines[4]
    assert "encoder, layer 1 · self-attention, head 2" in result.out.decode("utf-8")
    assert "rounded to 1 decimal" in result.out.decode("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("blok",), "topic 'blok' is not known; did you mean block?"),
        (("block", "--answers", "--blank"), "--answers and --blank contradict each other"),
        (("block", "--size", "positions"), "--size positions cannot be read; write a name and a whole number"),
        (("block", "--lang", "de"), "--lang de is not known; choose one of en, ko"),
        (("block", "a text"), "TEXT is for a model's numbers; add --from"),
        (("block", "--layer", "1"), "--layer is for a model's numbers; add --from"),
        (("masked", "--from", "runs/x"), "--from needs a text to read"),
        (("masked", "text", "--from", "runs/x", "--size", "a=1"), "--size does not go with --from"),
        (("masked", "text", "--from", "runs/x", "--seed", "0"), "--seed does not go with --from"),
        (("block", "--matrix", "none.json"), "--matrix none.json cannot be read"),
    ],
)
def test_errors_are_one_line(clearhead: Run, arguments: tuple[str, ...], message: str) -> None:
    result = clearhead("byhand", *arguments)
    assert result.code == 2
    assert result.err.startswith(f"clearhead: {message}")
    assert result.err.count("\n") == 1


def test_a_topic_without_a_model_is_told_first(clearhead: Run, two_languages_folder: Path, tmp_path: Path) -> None:
    """It was told that --to is missing, or that the model is not there, and would have been of no use with them."""
    for model in (two_languages_folder, tmp_path / "none"):
        result = clearhead("byhand", "by-hand-transformer", "--from", model, "one")
        assert (result.code, result.out) == (2, b"")
        assert result.err.startswith(
            "clearhead: by-hand-transformer cannot be made from a model: no trained model is s"
        )


def test_shapes_that_do_not_fit_are_both_named(clearhead: Run, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text('{"X": [[1, 2, 3]], "A": [[1, 0], [0, 1]]}', encoding="utf-8")
    result = clearhead("byhand", "block", "--matrix", tmp_path / "own.json")
    assert result.err == "clearhead: A is 2×2, but X is 1×3; A must be 3×3\n"


def test_numbers_of_a_language_model(clearhead: Run, language_model_folder: Path) -> None:
    result = clearhead("byhand", "masked", "one", "--from", language_model_folder, "--layer", "2", "--lang", "ko")
    assert result.code == 0
    assert "“one”" in result.out.decode()
    refused = clearhead("byhand", "cross-attention", "one", "--from", language_model_folder)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "it reads one text, and looks at no other" in refused.err
