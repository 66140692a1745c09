"""A share that is kept back: whole groups, about so many pairs, the same in any order."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from clearhead.data import Column, ParallelFiles, PartOfPairs, SideOfPart, TableFile, prepare, read_side
from clearhead.data.filters import Filters, folded
from clearhead.data.sides import Side, side_identity
from clearhead.errors import DataError
from clearhead.text import BytePairTokenizer

Pairs = Sequence[tuple[str, str]]


def sides(path: Path, pairs: Pairs, columns: tuple[int, int] = (1, 2)) -> tuple[Side, Side]:
    path.write_text("".join(f"{one}\t{other}\n" for one, other in pairs), encoding="utf-8")
    table = TableFile(path, columns)
    return Column(table, 0), Column(table, 1)


def parts(corpora: Sequence[tuple[Side, Side]], share: float, place: int = 0) -> list[list[tuple[str, str]]]:
    """What is learned from, and what is kept back."""
    return [list(PartOfPairs(*corpora[place], share, held, tuple(corpora)).pairs()) for held in (False, True)]


def many(count: int = 400) -> list[tuple[str, str]]:
    """Sources stand up to four times, in other cases and with other targets."""
    drawn = random.Random(1)
    forms = (str, str.upper, lambda text: f" {text} ")
    return [
        (drawn.choice(forms)(f"source {drawn.randrange(count // 2)}"), f"target {drawn.randrange(50)}")
        for _ in range(count)
    ]


def test_no_group_is_in_both_parts_and_no_pair_is_lost(tmp_path: Path) -> None:
    pairs = many()
    trained, held = parts([sides(tmp_path / "a.tsv", pairs)], 0.1)
    assert sorted(trained + held) == sorted(pairs)
    assert {folded(one) for one, _ in trained}.isdisjoint(folded(one) for one, _ in held)
    # A tenth, and what the last group has more, of which none has a dozen.
    assert 40 <= len(held) < 52


def test_it_is_the_same_in_any_order(tmp_path: Path) -> None:
    pairs = many()
    trained, held = parts([sides(tmp_path / "a.tsv", pairs)], 0.2)
    assert parts([sides(tmp_path / "b.tsv", pairs[::-1])], 0.2) == [trained[::-1], held[::-1]]


def test_no_source_that_is_kept_back_is_learned_in_another_direction(tmp_path: Path) -> None:
    pairs = many()
    both = [sides(tmp_path / "a.tsv", pairs), sides(tmp_path / "a.tsv", pairs, (2, 1))]
    for place in (0, 1):
        _, held = parts(both, 0.1, place)
        kept_back = {folded(one) for one, _ in held}
        for other in (0, 1):
            trained, _ = parts(both, 0.1, other)
            assert trained
            assert kept_back.isdisjoint(folded(side) for pair in trained for side in pair)


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_each_part_has_a_group_at_least(tmp_path: Path, share: float) -> None:
    trained, held = parts([sides(tmp_path / "a.tsv", [("one", "un"), ("two", "deux"), ("", "x")])], share)
    assert (len(trained), len(held)) == (1, 1)


def test_too_few_sources_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"too short to keep a share of it back .*, as it has 1 source; give more"
    ) as caught:
        parts([sides(tmp_path / "a.tsv", [("one", "un"), ("One", "une")])], 0.5)
    assert "\n" not in str(caught.value)


def test_a_part_s_sides_are_read_as_others_are(tmp_path: Path) -> None:
    corpora = (sides(tmp_path / "a.tsv", many()),)
    part, rest = (PartOfPairs(*corpora[0], 0.1, held, corpora) for held in (True, False))
    pair = ParallelFiles(SideOfPart(part, 0), SideOfPart(part, 1), "en", "fr")
    assert list(pair.pairs()) == list(part.pairs())
    assert [list(read_side(one)) for one in (pair.source, pair.target)] == [
        list(one) for one in zip(*part.pairs(), strict=True)
    ]
    assert str(pair) == str(tmp_path / "a.tsv")
    identities = {side_identity(SideOfPart(one, number)) for one in (part, rest) for number in (0, 1)}
    assert len({str(one) for one in identities}) == 4
    tokenizer = BytePairTokenizer.learn(["-"], 259)
    corpus = prepare([pair], tokenizer, tokenizer, Filters(), False, tmp_path / "cache")
    assert [tokenizer.decode(ids.tolist()) for ids in corpus.target] == [other for _, other in part.pairs()]
