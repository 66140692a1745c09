"""One matrix out of others, with its sums."""

from fractions import Fraction

from clearhead.byhand.arithmetic import add, cut, divide, given, project, root_of, score, weigh
from clearhead.byhand.sheet import Matrix
from clearhead.byhand.topic import fractions


def of(*rows: tuple[int, ...]) -> Matrix:
    return given("m", "M", fractions(rows))


def workings(matrix: Matrix) -> list[list[str]]:
    return [[cell.working for cell in row] for row in matrix.cells]


def test_a_sum_leaves_out_what_has_no_weight() -> None:
    ones = of((1, 0), (1, 1), (0, 1))
    assert workings(project("Z", "Z", of((5, 6, 0)), ones)) == [["11 = 5·1 + 6·1", "6 = 6·1 + 0·1"]]
    assert workings(weigh("Z", "Z", of((2, 0, -1)), of((3,), (9,), (4,)))) == [["2 = 2·3 + (−1)·4"]]


def test_a_sum_of_nothing_but_zeros_says_so() -> None:
    assert workings(score("S", "S", of((0, 0)), of((7, 8)))) == [["0 = 0·7 + 0·8"]]
    assert workings(project("H", "H", of((3, 4)), of((0,), (0,)), of((-2,)))) == [["−2 = (−2)"]]


def test_a_query_meets_each_key() -> None:
    """(1, 2) · (3, 4) = 11 and (1, 2) · (5, −6) = −7."""
    assert score("S", "S", of((1, 2)), of((3, 4), (5, -6))).values == [[11, -7]]


def test_a_bias_is_for_a_column_or_for_each_cell() -> None:
    square = of((1, 0), (0, 1))
    assert project("H", "H", square, square, of((1, -2))).values == [[2, -2], [1, -1]]
    assert project("H", "H", square, square, of((1, -2), (5, 7))).values == [[2, -2], [5, 8]]


def test_where_columns_are_positions_factors_change_places() -> None:
    """W · x + b: (1, −1) · (2, 3) + 4 = 3; the values (5, 6), taken by a column of weights (1, 0), are 5."""
    out = project("H", "H", of((2,), (3,)), of((1, -1)), of((4,)), is_turned=True)
    assert workings(out) == [["3 = 1·2 + (−1)·3 + 4"]]
    assert workings(weigh("Z", "Z", of((1,), (0,)), of((5, 6)), is_turned=True)) == [["5 = 5·1"]]


def test_labels_are_those_of_rows_and_columns() -> None:
    keys = given("K", "K", fractions(((1,), (2,))), ("the", "cat"))
    queries = given("Q", "Q", fractions(((3,), (4,), (5,))), ("a", "b", "c"))
    scores = score("S", "S", queries, keys)
    assert (scores.rows, scores.columns) == (("a", "b", "c"), ("the", "cat"))
    assert score("S", "S", queries, queries).columns == ("a", "b", "c")
    weights = given("A", "A", fractions(((0, 1), (1, 0))), ("x", "y"), ("z", "w"))
    values = given("X", "X", fractions(((1, 2),)), ("p",), ("x", "y"))
    context = weigh("Z", "Z", weights, values, is_turned=True)
    assert (context.rows, context.columns) == (("p",), ("z", "w"))


def test_a_root_that_is_not_whole_is_rounded_and_goes_on_so() -> None:
    """√32 ≈ 5.66, and 17.4 ÷ 5.66 = 3.074…; the exact quotient would be 3.076."""
    root = root_of(32)
    assert root.text == "5.66"
    scores = given("S", "S", [[Fraction("17.4")]])
    ((cell,),) = divide("d", "d", scores, root).cells
    assert cell.working == "3.07 ≈ 17.4 ÷ 5.66"
    assert abs(cell.precise - 17.4 / 32**0.5) < 1e-12
    assert root_of(8).text == "2.83"
    assert workings(divide("d", "d", of((112, 96)), root_of(64))) == [["14 = 112 ÷ 8", "12 = 96 ÷ 8"]]


def test_adding_and_cutting() -> None:
    assert workings(add("s", "s", of((1, -2, 3)), of((-3, 4, 0)))) == [["−2 = 1 + (−3)", "2 = −2 + 4", "3 = 3 + 0"]]
    assert workings(cut("r", "r", of((-3, 4)))) == [["0 = max(0, −3)", "4 = max(0, 4)"]]


def test_a_models_numbers_are_rounded() -> None:
    out = project("Y", "Y", given("x", "x", [[Fraction("0.5")]]), given("w", "w", [[Fraction("0.25")]]), places=2)
    assert workings(out) == [["0.13 ≈ 0.5·0.25"]]
