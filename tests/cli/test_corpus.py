"""`clearhead corpus street`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead import street

Run = Callable[..., Any]


@pytest.mark.slow
def test_it_writes_files(clearhead: Run, tmp_path: Path) -> None:
    """The real grammar: as many training pairs as were asked for, each with its translation."""
    result = clearhead("corpus", "street", "--out", tmp_path / "street", "--pairs", 300)
    assert (result.code, result.err) == (0, "")
    assert result.lines == [
        f"{tmp_path}/street: 300 training pairs over three directions, and a test set for each phenomenon and direction"
    ]
    total = 0
    for direction in street.DIRECTIONS:
        sides = [(tmp_path / "street" / f"train.{direction}.{side}").read_bytes() for side in direction.split("-")]
        assert sides[0].count(b"\n") == sides[1].count(b"\n")
        total += sides[0].count(b"\n")
    assert total == 300


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, int, int, float]]:
    calls: list[tuple[Path, int, int, float]] = []
    monkeypatch.setattr(street, "write", lambda *given: calls.append(given))
    return calls


def test_the_defaults(clearhead: Run, tmp_path: Path, asked: list[tuple[Path, int, int, float]]) -> None:
    clearhead("corpus", "street", "--out", tmp_path)
    [(folder, *given)] = asked
    assert (folder.parent, *given) == (tmp_path.parent, 200_000, 1, 0.0)  # A draft beside it, renamed when it is whole.


class TestAFolderThatIsThere:
    def test_a_corpus_is_replaced_and_that_is_said(
        self, clearhead: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = tmp_path / "street"
        monkeypatch.setattr(street, "write", lambda folder, *asked: (folder / "train.en-fr.en").write_text("new"))
        first, second = (clearhead("corpus", "street", "--out", out).out.decode() for _ in range(2))
        assert first.endswith("and a test set for each phenomenon and direction\n")
        assert second == first.replace("\n", " (in place of the corpus that was there)\n")

    def test_with_anything_else_it_stays_as_it_is(
        self, clearhead: Run, tmp_path: Path, asked: list[tuple[Path, int, int, float]]
    ) -> None:
        (tmp_path / "train.en-fr.en").write_text("old")
        (tmp_path / "my notes.txt").write_text("mine")
        result = clearhead("corpus", "street", "--out", tmp_path)
        assert result.code == 2
        assert result.err == (
            f"clearhead: --out {tmp_path} holds my notes.txt, which is no file of a street corpus; name a new folder\n"
        )
        assert asked == []
        assert (tmp_path / "train.en-fr.en").read_text() == "old"


def test_quiet(clearhead: Run, tmp_path: Path, asked: list[tuple[Path, int, int, float]]) -> None:
    assert clearhead("corpus", "street", "--out", tmp_path, "--quiet").out == b""
