"""Muon: against torch's own, and against singular values by NumPy in float64."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from clearhead.training.muon import COEFFICIENTS, Muon, orthogonalized

SHAPES = [(6, 6), (4, 9), (9, 4)]


def drawn(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def updated(muon: Muon, rate: float, factor: float, bad: float) -> None:
    muon.rate.fill_(rate)
    muon.update(torch.tensor(factor), torch.tensor(bad))


def by_singular_values(matrix: Tensor) -> Tensor:
    """The iteration acts on each singular value alone: five times ax + bx³ + cx⁵, from the value over the norm."""
    a, b, c = COEFFICIENTS
    left, values, right = np.linalg.svd(matrix.double().numpy(), full_matrices=False)
    values = values / math.sqrt((values**2).sum())
    for _ in range(5):
        values = a * values + b * values**3 + c * values**5
    return torch.from_numpy(left * values @ right)


@pytest.mark.parametrize("shape", SHAPES)
def test_singular_vectors_stay_and_values_come_near_one(shape: tuple[int, int]) -> None:
    matrices = drawn((3, *shape), seed=1) * 50
    for found, matrix in zip(orthogonalized(matrices), matrices, strict=True):
        torch.testing.assert_close(found.double(), by_singular_values(matrix), rtol=0, atol=1e-5)
        values = torch.linalg.svdvals(found)
        assert values.min() > 0.3
        assert values.max() < 1.3


@pytest.mark.parametrize("shape", SHAPES)
def test_in_bfloat16_it_is_the_same_but_for_its_eight_bits(shape: tuple[int, int]) -> None:
    matrices = drawn((3, *shape), seed=1) * 50
    found = orthogonalized(matrices, matmul_dtype=torch.bfloat16)
    assert found.dtype == torch.float32
    for one, matrix in zip(found, matrices, strict=True):
        cosine = torch.nn.functional.cosine_similarity(
            one.flatten(), by_singular_values(matrix).float().flatten(), dim=0
        )
        assert cosine > 0.99
        assert torch.linalg.svdvals(one).max() < 1.4
    assert not torch.equal(found, orthogonalized(matrices))


def test_a_gradient_of_nothing_moves_nothing() -> None:
    assert not orthogonalized(torch.zeros(2, 3, 3)).any()


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_it_is_what_torch_computes(decay: float) -> None:
    """Torch multiplies in bfloat16, so that directions, of length about 1, agree to two digits."""
    ours = {f"{number}": drawn(shape, number) for number, shape in enumerate([*SHAPES, *SHAPES])}
    theirs = [torch.nn.Parameter(value.clone()) for value in ours.values()]
    gradients = {name: torch.zeros_like(value) for name, value in ours.items()}
    muon, rates = Muon(ours, gradients, decay), (0.5, 0.25, 0.125)
    reference = torch.optim.Muon(theirs, lr=1.0, weight_decay=decay, momentum=0.95, nesterov=True)
    for step, rate in enumerate(rates):
        for number, (gradient, other) in enumerate(zip(gradients.values(), theirs, strict=True)):
            gradient.copy_(drawn(tuple(gradient.shape), 100 * step + number))
            other.grad = gradient.clone()
        reference.param_groups[0]["lr"] = rate
        reference.step()
        updated(muon, rate, 1.0, 0.0)
        for one, other in zip(ours.values(), theirs, strict=True):
            torch.testing.assert_close(one, other.detach(), rtol=0, atol=0.03)


def test_the_first_step_by_hand() -> None:
    """Momentum is (1 - 0.95)·g, and Nesterov's g + 0.95·(0.05g - g) has g's direction; the matrix first shrinks."""
    value, gradient = drawn((9, 4), 1), drawn((9, 4), 2)
    expected = value.double() * (1 - 0.5 * 0.1) - 0.5 * math.sqrt(9 / 4) * by_singular_values(gradient)
    muon = Muon({"one": value}, {"one": gradient}, weight_decay=0.1)
    updated(muon, 0.5, 1 / 7, 0.0)
    torch.testing.assert_close(value.double(), expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(muon.state()["one"], 0.05 * gradient / 7)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_changes_nothing(bad: float) -> None:
    value, gradient = drawn((3, 3), 1), drawn((3, 3), 2)
    muon = Muon({"one": value}, {"one": gradient}, weight_decay=0.1)
    updated(muon, 0.5, 1.0, 0.0)
    before = value.clone(), muon.state()["one"].clone()
    gradient[1, 2] = bad
    updated(muon, 0.5, 1.0, 1.0)
    assert torch.equal(value, before[0])
    assert torch.equal(muon.state()["one"], before[1])


def test_what_was_stored_goes_on() -> None:
    gradients = {"one": drawn((3, 3), 2), "two": drawn((3, 3), 3)}
    first = {name: drawn((3, 3), 9) for name in gradients}
    stored = Muon(first, gradients, 0.0)
    updated(stored, 0.5, 1.0, 0.0)
    again = Muon({name: value.clone() for name, value in first.items()}, gradients, 0.0)
    again.restore(stored.state())
    assert all(torch.equal(again.state()[name], value) for name, value in stored.state().items())
