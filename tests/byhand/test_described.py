"""Descriptions of operations, worked out on sheets."""

import math
from fractions import Fraction

import pytest
import torch
from torch import Tensor, nn

from clearhead.byhand.described import Rounding, Work
from clearhead.byhand.sheet import Matrix, number, turned
from clearhead.byhand.terms import left_out, term
from clearhead.tracing.operations import ACTIVATIONS, DESCRIPTIONS, POSITIONS, Description, Operation
from clearhead.tracing.recompute import recompute

HUNDREDTHS = Rounding(2)


def matrix(tensor: Tensor) -> Matrix:
    return Matrix("m", "M", tuple(tuple(number(Fraction(one)) for one in row) for row in tensor.tolist()))


def drawn(rows: int, columns: int, seed: int = 0) -> Tensor:
    return torch.randint(-4, 5, (rows, columns), generator=torch.Generator().manual_seed(seed)).double()


def same(made: Matrix, expected: Tensor) -> None:
    torch.testing.assert_close(torch.tensor(made.precise, dtype=torch.float64), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("operation", "shapes"),
    [("add", [(3, 4), (3, 4)]), ("scores", [(3, 4), (5, 4)]), ("weigh", [(3, 4), (4, 5)]), ("mean", [(3, 4)]),
     ("variance", [(3, 4), (3, 1)]), ("same", [(2, 3)]), ("multiply", [(2, 3), (2, 3)]), ("softmax", [(3, 4)])],
)  # fmt: skip
def test_a_sheet_and_the_check_compute_the_same(operation: str, shapes: list[tuple[int, int]]) -> None:
    """Two readers of one description."""
    tensors = {str(n): drawn(*shape, seed=n) for n, shape in enumerate(shapes)}
    expected = recompute(Operation("made", operation, tuple(tensors)), tensors, {}).value
    made = Work(DESCRIPTIONS[operation], tuple(map(matrix, tensors.values()))).write("k", "K", rounding=HUNDREDTHS)
    same(made, expected)


def test_the_softmax_part_by_part() -> None:
    """Thinking Machines: 112 and 96 over √64 are 14 and 12; 1 / (1 + e^-2) = 0.880797."""
    work = Work(DESCRIPTIONS["softmax"], (matrix(torch.tensor([[14.0, 12.0]])),))
    small = work.write("s", "s", "shifted")
    powers = work.having(shifted=small).write("p", "p", "power", Rounding(3, "exact"))
    assert [cell.working for cell in powers.cells[0]] == ["1 = e^0", "0.135 ≈ e^(−2)"]
    work = work.having(shifted=small, power=powers)
    sums = work.write("t", "t", "sum")
    assert [[cell.working for cell in row] for row in sums.cells] == [["1.135 = 1 + 0.135"]]
    weights = work.having(sum=sums).write("w", "w", rounding=HUNDREDTHS)
    assert [cell.working for cell in weights.cells[0]] == ["0.88 ≈ 1 ÷ 1.135", "0.12 ≈ 0.135 ÷ 1.135"]
    assert weights.precise[0][0] == pytest.approx(0.8807970779778823, abs=1e-15)


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_linear_layer_is_that_of_pytorch(is_turned: bool) -> None:
    layer = nn.Linear(3, 4, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(drawn(4, 3, 1))
        layer.bias.copy_(drawn(1, 4, 2)[0])
    inputs, weight, bias = drawn(5, 3), layer.weight.detach(), layer.bias.detach()[None]
    operands = (inputs.T, weight, bias.T) if is_turned else (inputs, weight.T, bias)
    given, *parameters = map(matrix, operands)
    made = Work(DESCRIPTIONS["project"], (given,), tuple(parameters), is_turned=is_turned).write("k", "K")
    same(turned(made) if is_turned else made, layer(inputs).detach())


def test_layer_normalisation_is_that_of_pytorch() -> None:
    inputs = drawn(3, 4)
    norm = nn.LayerNorm(4, eps=0.25, dtype=torch.float64)
    given = matrix(inputs), matrix(inputs.mean(1, keepdim=True)), matrix(inputs.var(1, correction=0, keepdim=True))
    parameters = tuple(matrix(one.detach()[None]) for one in (norm.weight, norm.bias))
    work = Work(DESCRIPTIONS["normalize"], given, parameters, {"eps": left_out(0.25)})
    same(work.write("y", "y", rounding=HUNDREDTHS), norm(inputs).detach())
    root = work.write("r", "r", "root", HUNDREDTHS)
    assert root.shape == (3, 1)
    same(root, (inputs.var(1, correction=0, keepdim=True) + 0.25).sqrt())


def test_positions_are_those_of_the_paper() -> None:
    """Section 3.5: sin(pos / 10000^(2i/d)) and the cosine of the same."""
    waves = Work(POSITIONS["sinusoidal"], known={"width": term(Fraction(4))}).write(
        "P", "P", rounding=HUNDREDTHS, shape=(3, 4)
    )
    for place, row in enumerate(waves.precise):
        assert row == pytest.approx([math.sin(place), math.cos(place), math.sin(place / 100), math.cos(place / 100)])


def test_what_stands_on_the_sheet_stays() -> None:
    """A part that is written goes on as it is written, rounded; the precise number goes on by itself."""
    work = Work(ACTIVATIONS["relu"], (matrix(torch.tensor([[-1.0, 2.0]])),))
    written = work.write("r", "r")
    assert [cell.working for cell in written.cells[0]] == ["0 = max(0, −1)", "2 = max(0, 2)"]
    kept = Work(DESCRIPTIONS["same"], (written,)).write("s", "s")
    assert kept.cells == written.cells


@pytest.mark.parametrize(
    ("rounding", "texts"),
    [(None, ["1/3", "0.125"]), (Rounding(2), ["0.33", "0.13"]), (Rounding(2, "exact"), ["1/3", "0.125"]),
     (Rounding(2, "short"), ["0.33", "0.13"]), (Rounding(3, "short"), ["0.333", "0.125"])],
)  # fmt: skip
def test_rounding(rounding: Rounding | None, texts: list[str]) -> None:
    thirds = Matrix("m", "M", ((number(1), number(Fraction(3, 8))),))
    work = Work(DESCRIPTIONS["divide"], (thirds,), known={"by": term(Fraction(3))})
    assert [cell.text for cell in work.write("k", "K", rounding=rounding).cells[0]] == texts


def test_a_sheet_says_what_its_description_says() -> None:
    """The equation stands nowhere else: a description of another one makes other blanks."""
    described = DESCRIPTIONS["add"]
    other = Description(described.words, described.inputs, DESCRIPTIONS["multiply"].value)
    ((cell,),) = Work(other, (matrix(torch.tensor([[3.0]])), matrix(torch.tensor([[4.0]])))).write("k", "K").cells
    assert cell.working == "12 = 3 · 4"
