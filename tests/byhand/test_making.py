"""From a topic's name to its sheet."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from clearhead.byhand import TOPICS, Cell, Sheet, make_sheet
from clearhead.errors import UsageError

NAMES = [
    "block", "attention-weighting", "feed-forward", "self-attention", "softmax", "multi-head", "masked",
    "cross-attention", "positions", "layer-norm", "cross-entropy", "beam-search", "by-hand-transformer",
]  # fmt: skip


def texts(sheet: Sheet) -> list[list[str]]:
    return [[c.text for row in one.cells for c in row] for part in sheet.sections for one in part.matrices]


def test_the_topics() -> None:
    assert list(TOPICS) == NAMES


@pytest.mark.parametrize("topic", NAMES)
def test_every_answer_is_what_its_sum_makes(as_drawn: None, topic: str, is_right: Callable[[Cell], bool]) -> None:
    """Each sum is read back from its text and done again."""
    for seed in range(5):
        for _, matrix, place, cell in make_sheet(topic, seed).blanks():
            if cell.value is not None and cell.sum and "∞" not in cell.sum:
                assert is_right(cell), (topic, seed, matrix.key, place, cell.working)


@pytest.mark.parametrize("topic", NAMES)
def test_every_blank_has_its_sum(as_drawn: None, topic: str) -> None:
    """All but what is chosen from other answers: the words of a beam, and their probabilities."""
    for _, matrix, place, cell in make_sheet(topic, 1).blanks():
        chosen = matrix.key.startswith(("kept", "winner", "greedy"))
        assert chosen or cell.sum, (matrix.key, place)


@pytest.mark.parametrize("topic", NAMES)
def test_both_languages_hold_the_same_numbers(as_drawn: None, topic: str) -> None:
    for seed in range(3):
        english, korean = (make_sheet(topic, seed, language=one) for one in ("en", "ko"))
        assert texts(english) == texts(korean)
        assert english.title != korean.title


@pytest.mark.parametrize("topic", NAMES)
def test_a_seed_gives_the_same_sheet_and_another_a_different_one(as_drawn: None, topic: str) -> None:
    assert make_sheet(topic, 4) == make_sheet(topic, 4)
    assert texts(make_sheet(topic, 4)) != texts(make_sheet(topic, 5))


@pytest.mark.parametrize(
    ("topic", "key", "rows"),
    [
        ("block", "X", [[5, 6, 0, 7, 0], [2, 0, 1, 1, 2], [1, 3, 2, 0, 0]]),
        ("feed-forward", "Z", [[11, 6, 7, 7, 5], [2, 1, 2, 3, 4], [4, 5, 2, 0, 1]]),
    ],
)
def test_seed_0_is_the_classic(topic: str, key: str, rows: list[list[int]]) -> None:
    assert make_sheet(topic).matrix(key).values == rows
    assert make_sheet(topic).source == "The classic exercise."
    assert make_sheet(topic, 1).source == "Numbers: seed 1."


@pytest.mark.parametrize("topic", NAMES)
def test_every_size_can_be_made(as_drawn: None, topic: str) -> None:
    kind = TOPICS[topic]
    for name, allowed in kind.sizes.items():
        for size in allowed:
            assert list(make_sheet(topic, 1, {name: size}).blanks())


def test_own_matrices_decide_the_sizes() -> None:
    own = {"X": [[Fraction(1), Fraction(2)], [Fraction(3), Fraction(4)]]}
    sheet = make_sheet("attention-weighting", 3, matrices=own)
    assert (sheet.matrix("A").shape, sheet.matrix("Z").shape) == ((2, 2), (2, 2))
    assert sheet.source == "Your own numbers: X (the rest: seed 3)."
    whole = make_sheet("attention-weighting", 3, matrices={**own, "A": own["X"]})
    assert whole.source == "Your own numbers: X, A."


def test_a_single_position_of_ones_own() -> None:
    assert make_sheet("block", matrices={"X": [[Fraction(1)], [Fraction(2)]]}).matrix("Z").shape == (2, 1)


@pytest.mark.parametrize(
    ("topic", "own", "message"),
    [
        ("block", {"X": (3, 5), "A": (4, 4)}, "A is 4×4, but X is 3×5; A must be 5×5"),
        ("self-attention", {"X": (3, 3), "WQ": (2, 4)}, "WQ is 2×4, but X is 3×3; WQ must be 3×4"),
        ("cross-attention", {"Q": (2, 4), "K": (3, 5)}, "K is 3×5, but Q is 2×4; K must be 3×4"),
        ("cross-entropy", {"z": (1, 5)}, "z is 1×5, but cross-entropy needs it to be 1×6"),
        ("block", {"X": (3, 9)}, "X is 3×9, but a sheet has room for 8×8; bring a smaller matrix"),
        ("block", {"x": (3, 3)}, "block has no matrix 'x'; did you mean X?"),
        ("block", {"Q": (3, 3)}, "block has no matrix 'Q'; it starts from X, A, W1, b1, W2, b2"),
    ],
)
def test_shapes_that_do_not_fit(topic: str, own: dict[str, tuple[int, int]], message: str) -> None:
    rows = {name: [[Fraction(1)] * shape[1]] * shape[0] for name, shape in own.items()}
    with pytest.raises(UsageError) as error:
        make_sheet(topic, matrices=rows)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("topic", "sizes", "message"),
    [
        ("blok", {}, "topic 'blok' is not known; did you mean block?"),
        ("zzz", {}, "topic 'zzz' is not known; choose one of block, attention-weighting"),
        ("block", {"heads": 2}, "--size heads=2: block has no size 'heads'; it has positions, features, inner"),
        (
            "self-attention",
            {"head_width": 5},
            "--size head_width=5 is not possible for self-attention; choose one of 1",
        ),
    ],
)
def test_what_does_not_exist(topic: str, sizes: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError) as error:
        make_sheet(topic, sizes=sizes)
    assert str(error.value).startswith(message)
