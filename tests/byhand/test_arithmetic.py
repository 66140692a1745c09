"""One matrix out of others, with its sums."""

import math
from fractions import Fraction

import pytest

from clearhead.byhand.arithmetic import (
    added,
    cut,
    divided,
    exponentials,
    given,
    masked,
    product,
    row_sums,
    shares,
    shifted,
    transposed,
    whole,
)  # fmt: skip
from clearhead.byhand.sheet import Matrix, saying
from clearhead.byhand.topic import fractions


def of(*rows: tuple[int, ...]) -> Matrix:
    return given("m", "M", fractions(rows))


def workings(matrix: Matrix) -> list[list[str]]:
    return [[cell.working for cell in row] for row in matrix.cells]


def test_a_sum_leaves_out_what_has_no_weight() -> None:
    ones = of((1, 0), (1, 1), (0, 1))
    assert workings(product("Z", "Z", of((5, 6, 0)), ones)) == [["11 = 5·1 + 6·1", "6 = 6·1 + 0·1"]]
    assert workings(product("Z", "Z", of((2, 0, -1)), of((3,), (9,), (4,)), weights="left")) == [["2 = 2·3 + (−1)·4"]]


def test_a_sum_of_nothing_but_zeros_says_so() -> None:
    assert workings(product("Z", "Z", of((0, 0)), of((7,), (8,)), weights="both")) == [["0 = 0·7 + 0·8"]]


def test_a_bias_is_added_to_its_row_or_its_column() -> None:
    across, down = of((1, -2)), of((1,), (-2,))
    square = of((1, 0), (0, 1))
    assert product("H", "H", square, square, across).values == [[2, -2], [1, -1]]
    assert product("H", "H", square, square, down).values == [[2, 1], [-2, -1]]


def test_the_operations_of_thinking_machines() -> None:
    """112 and 96 over √64: 14 and 12, 0.88 and 0.12; 1 / (1 + e^-2) = 0.880797."""
    scaled = divided("d", "d", of((112, 96)), Fraction(8), "8", None)
    assert workings(scaled) == [["14 = 112 ÷ 8", "12 = 96 ÷ 8"]]
    powers = exponentials("e", "e", shifted("s", "s", scaled))
    assert workings(powers) == [["1 = e^0", "0.135 ≈ e^(−2)"]]
    weights = shares("a", "a", powers, row_sums("t", "t", powers), scores=scaled)
    assert [cell.text for cell in weights.cells[0]] == ["0.88", "0.12"]
    assert weights.cells[0][0].working == "0.88 ≈ 1 ÷ 1.135 ≈ e^(14) ÷ (e^(14) + e^(12))"
    assert weights.precise[0][0] == pytest.approx(0.8807970779778823, abs=1e-15)


def test_the_mask_hides_what_comes_later() -> None:
    small = shifted("s", "s", masked("m", "m", of((3, 4), (5, 6)), "later"))
    assert [[cell.text for cell in row] for row in small.cells] == [["0", "−∞"], ["−1", "0"]]
    powers = exponentials("e", "e", small)
    assert powers.precise[0] == [1, 0]
    assert powers.cells[0][1].working == "0 = e^(−∞)"
    assert masked("m", "m", of((3, 4), (5, 6)), "later").cells[0][1].working == "−∞ (later)"


def test_a_root_that_is_not_whole_is_rounded() -> None:
    (row,) = divided("d", "d", of((10,)), math.sqrt(32), "5.66", 2).cells
    assert row[0].working == "1.77 ≈ 10 ÷ 5.66"


def test_adding_cutting_turning() -> None:
    assert workings(added("s", "s", of((1, -2)), of((-3, 4)))) == [["−2 = 1 + (−3)", "2 = −2 + 4"]]
    assert workings(cut("r", "r", of((-3, 4)))) == [["0 = max(0, −3)", "4 = max(0, 4)"]]
    assert transposed(of((1, 2), (3, 4)), "T", "T").values == [[1, 3], [2, 4]]


def test_a_word_is_no_number() -> None:
    with pytest.raises(TypeError, match="am is no number"):
        whole(saying("am"))
