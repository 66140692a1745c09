"""Shares of files: every example stands in one part, and nothing at all is refused."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from clearhead.data.parts import PartOfFile, all_of, part_of
from clearhead.errors import DataError


@dataclass(frozen=True)
class File:
    examples: tuple[int, ...]
    start: float = 0.0
    stop: float = 1.0

    def __str__(self) -> str:
        return "a.txt"


def _read(file: File) -> Iterator[int]:
    return part_of(file, lambda: iter(file.examples))


@pytest.mark.parametrize("count", [0, 1, 2, 7, 100])
@pytest.mark.parametrize("share", [0.1, 1 / 3, 0.9])
def test_two_parts_are_the_whole(count: int, share: float) -> None:
    examples = tuple(range(count))
    first, rest = File(examples, stop=share), File(examples, start=share)
    assert isinstance(first, PartOfFile)
    assert [*_read(first), *_read(rest)] == [*_read(File(examples))] == [*examples]
    assert len([*_read(first)]) == int(count * share)


def test_no_example_at_all() -> None:
    assert list(all_of([File((1,)), File((2, 3))], _read, "there is nothing", "rows", "table")) == [1, 2, 3]
    with pytest.raises(DataError, match=r"a\.txt, a\.txt: there is nothing; check the file"):
        list(all_of([File(()), File(())], _read, "there is nothing", "rows", "table"))
    with pytest.raises(DataError, match=r"a\.txt: too short to keep a share of it back .* no rows; give more rows, or"):
        list(all_of([File((1,), stop=0.5)], _read, "there is nothing", "rows", "table"))
