"""Beam search: clearhead's own search over the same table."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from clearhead.byhand import make_sheet
from clearhead.byhand.beam_search import BEGIN, END, NEXT, greedily, search, winner
from clearhead.decoding import LengthPenalty, SearchOptions
from clearhead.decoding.search import search as find
from clearhead.errors import UsageError
from clearhead.runtimes.runtime import Bans, Choice, best_of


class TableState:
    """Looks up what follows each hypothesis' last word; token 4 is begin. A table of the last word keeps nothing."""

    def __init__(self, table: list[list[float]]) -> None:
        rows = np.array([*table[1:], table[0], table[0]])
        with np.errstate(divide="ignore"):
            self.table = np.log(np.concatenate((rows, np.zeros((5, 1))), axis=1))
        self.tokens = np.empty((0, 0), np.int64)

    def advance(self, tokens: NDArray[np.int64], parents: NDArray[np.int64] | None) -> None:
        self.tokens = tokens

    def log_probabilities(self) -> NDArray[np.float64]:
        return self.table[self.tokens]

    def logits(self) -> NDArray[np.float64]:
        return self.log_probabilities()

    def best(self, count: int, bans: Bans) -> Choice:
        return best_of(self.log_probabilities(), count, bans)


@pytest.mark.parametrize(("steps", "seeds"), [(3, 50), (4, 5)])
def test_it_finds_what_the_package_finds(steps: int, seeds: int) -> None:
    options = {"begin": 4, "end": 3, "suppressed": (4,), "length_penalty": LengthPenalty("none")}
    for seed in range(seeds):
        sheet = make_sheet("beam-search", seed, {"steps": steps})
        table = [[float(one) for one in row] for row in sheet.matrix("P").values]
        for key, size in (("winner", 2), ("greedy", 1)):
            [[best]] = find(TableState(table), [steps], SearchOptions(**options, beam_size=size))  # type: ignore[arg-type]
            words, chance = sheet.matrix(key).cells[0]
            assert words.word == " ".join(NEXT[token] for token in best.tokens)
            assert float(chance.precise) == pytest.approx(math.exp(best.log_probability), rel=1e-12)


def test_the_beam_finds_more_than_greedy_search() -> None:
    for seed in range(10):
        sheet = make_sheet("beam-search", seed)
        best, greedy_one = (sheet.matrix(key).cells[0][1].value or 0 for key in ("winner", "greedy"))
        assert best > greedy_one


@pytest.mark.parametrize(("language", "numeral"), [("en", r"(\d) beginnings?"), ("ko", r"앞부분 (\d)개")])
@pytest.mark.parametrize("steps", [2, 3, 4])
def test_as_many_beginnings_are_told_as_there_are(language: str, numeral: str, steps: int) -> None:
    """faults.md D7: "2 beginnings × 4 words" stood beside the only beginning; after the last word none is kept."""
    sheet = make_sheet("beam-search", 0, {"steps": steps}, language)
    words = [one for one in sheet.sections if any(matrix.key.startswith("candidates") for matrix in one.matrices)]
    told = [re.match(numeral, one.beside) for one in words]
    assert told[-1] is None
    assert [int(found[1]) for found in told[:-1] if found] == [len(one.matrices[0].rows) for one in words[:-1]]


def test_by_hand() -> None:
    """A (0.6) ends at 0.3 or goes on; B (0.4) ends at once with 0.9: 0.36, though greedy search never sees it."""
    table = [[Fraction(one, 10) for one in row] for row in ((6, 4, 0, 0), (0, 0, 5, 5), (0, 0, 1, 9), (0, 0, 0, 10))]
    walk = search(table, 2)
    assert [path.words for path in walk[0].kept] == [(0,), (1,)]
    best = winner(walk)
    assert best is not None
    assert (best.words, best.probability) == ((1, 3), Fraction(36, 100))
    assert greedily(table, 2).words == (0, 2)
    assert best.text.endswith(END)
    assert BEGIN not in best.text


def test_a_row_that_is_no_distribution() -> None:
    rows = [[Fraction(1, 2)] * 4] * 4
    with pytest.raises(UsageError) as error:
        make_sheet("beam-search", matrices={"P": rows})
    assert str(error.value) == "row 1 of P is 0.5, 0.5, 0.5, 0.5, but probabilities are 0 or more and add up to 1"
