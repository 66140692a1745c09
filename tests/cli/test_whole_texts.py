"""Texts that are arguments, or lines."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from clearhead.cli.whole_texts import answered, require_one_source
from clearhead.errors import UsageError


def test_each_text_with_its_answer_some_at_a_time(tmp_path: Path) -> None:
    asked: list[tuple[int, int]] = []

    def find(texts: Sequence[str], first: int) -> list[int]:
        asked.append((first, len(texts)))
        return [len(text) for text in texts]

    assert list(answered(["a", "bcd"], None, True, find)) == [("a", 1), ("bcd", 3)]
    path = tmp_path / "lines"
    path.write_text("".join(f"{'x' * (n % 7)}\n" for n in range(600)))
    found = list(answered(None, path, True, find))
    assert [answer for _, answer in found] == [n % 7 for n in range(600)]
    assert asked == [(0, 2), (0, 250), (250, 350)]


def test_texts_are_given_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="both say what to read"):
        require_one_source(["a"], tmp_path / "lines")
    require_one_source(["a"], None)
