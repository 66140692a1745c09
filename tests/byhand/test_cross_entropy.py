"""The loss: the one that training minimises."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from torch import Tensor

from clearhead.byhand import make_sheet
from clearhead.errors import UsageError
from clearhead.training.loss import cross_entropy


def test_it_is_the_training_loss(given: Callable[..., dict[str, Tensor]]) -> None:
    for seed in range(50):
        sheet = make_sheet("cross-entropy", seed)
        rows = given(sheet)
        target = rows["t"].argmax(-1)
        for key, smoothing in (("one_hot", 0.0), ("soft", 0.1)):
            expected = float(cross_entropy(rows["z"], target, smoothing, padding=-1))
            assert sheet.matrix(key).precise[0][0] == pytest.approx(expected, abs=1e-12)
            assert abs(float(sheet.matrix(key).values[0][0]) - expected) <= 0.005


def test_the_smoothed_target() -> None:
    """1 - 0.1 + 0.1/6 = 11/12 and 0.1/6 = 1/60."""
    (row,) = make_sheet("cross-entropy").matrix("smoothed").values
    assert sorted(row) == [Fraction(1, 60)] * 5 + [Fraction(11, 12)]
    assert sum(row) == 1


def test_a_target_marks_one_word() -> None:
    rows = {"t": [[Fraction(0)] * 6]}
    with pytest.raises(
        UsageError, match="t is 0, 0, 0, 0, 0, 0, but it marks the right word; write a single 1 and 5 zeros"
    ):
        make_sheet("cross-entropy", matrices=rows)
