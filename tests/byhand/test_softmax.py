"""The softmax, and the weights that a pencil gets."""

from collections.abc import Callable

import torch
from torch import Tensor

from clearhead.byhand import make_sheet
from clearhead.byhand.arithmetic import given
from clearhead.byhand.sheet import Section
from clearhead.byhand.softmax import softmax_line, weights_agree
from clearhead.byhand.topic import fractions
from clearhead.model.kernels import safe_softmax

SEEDS = range(50)


def test_it_is_the_models_softmax(
    as_drawn: None, numbers: Callable[..., Tensor], precise: Callable[..., Tensor]
) -> None:
    for seed in SEEDS:
        sheet = make_sheet("softmax", seed)
        expected, found = safe_softmax(numbers(sheet.matrix("x"))), sheet.matrix("weights")
        torch.testing.assert_close(precise(found), expected, rtol=0, atol=1e-14)
        for row, exact in zip(found.values, expected.tolist(), strict=True):
            assert all(abs(float(one) - two) <= 0.006 for one, two in zip(row, exact, strict=True))


def test_a_pencils_weights_are_the_exact_ones_rounded() -> None:
    for seed in range(5):
        found = make_sheet("softmax", seed).matrix("weights")
        for row, exact in zip(found.values, found.precise, strict=True):
            assert sum(row) == 1
            assert all(abs(float(one) - two) <= 0.005 for one, two in zip(row, exact, strict=True))


def test_the_last_row_is_the_one_before_it_moved() -> None:
    sheet = make_sheet("softmax", 7)
    *_, before, last = sheet.matrix("x").values
    assert len({two - one for one, two in zip(before, last, strict=True)}) == 1
    *_, first, second = sheet.matrix("weights").values
    assert first == second


def agrees(*scores: tuple[int, ...]) -> bool:
    line, _ = softmax_line("weights", "A", given("S", "S", fractions(scores)))
    return weights_agree([Section("", "", (line,))])


def test_weights_that_do_not_add_up_are_drawn_anew() -> None:
    """Three equal scores make three times 0.33; 20 and 0 make 1.00 and 0.00."""
    assert agrees((0, 0))
    assert not agrees((0, 0, 0))
    assert not agrees((20, 0))
