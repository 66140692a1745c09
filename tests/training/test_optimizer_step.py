"""The update: against torch's AdamW and hand arithmetic in float64."""

import math

import pytest
import torch
from torch import Tensor, nn

from clearhead.recipe import OptimizerSettings
from clearhead.training.flat_parameters import FlatParameters
from clearhead.training.optimizer_step import OptimizerStep

RATE = 0.01
TOKENS = 7.0


class Small(nn.Module):
    """A matrix, which decays, and a vector, which does not."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.matrix = nn.Parameter(torch.randn(3, 4, generator=generator))
        self.vector = nn.Parameter(torch.randn(4, generator=generator))


def gradients(step: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(100 + step)
    return [torch.randn(3, 4, generator=generator) * 50, torch.randn(4, generator=generator) * 50]


def give(model: Small, values: list[Tensor]) -> None:
    for parameter, value in zip(model.parameters(), values, strict=True):
        assert parameter.grad is not None
        parameter.grad.copy_(value)


@pytest.mark.parametrize("clip", [None, 1.0, 100.0])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_it_is_adamw_after_scaling_and_clipping(clip: float | None, weight_decay: float) -> None:
    """Gradients summed over 7 tokens, divided by 7, clipped to a norm, then torch.optim.AdamW in float64."""
    settings = OptimizerSettings(clip=clip, weight_decay=weight_decay)
    ours = Small()
    optimizer_step = OptimizerStep(FlatParameters(ours), settings, lambda step: RATE / step)
    theirs = Small().double()
    reference = torch.optim.AdamW(
        [
            {"params": [theirs.matrix], "weight_decay": weight_decay},
            {"params": [theirs.vector], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
        eps=1e-9,
        lr=1.0,
    )
    for step in (1, 2, 3):
        give(ours, gradients(step))
        optimizer_step.prepare(step)
        optimizer_step.update(torch.tensor(TOKENS))
        for parameter, value in zip(theirs.parameters(), gradients(step), strict=True):
            parameter.grad = value.double() / TOKENS
        if clip is not None:
            nn.utils.clip_grad_norm_(theirs.parameters(), clip)
        for group in reference.param_groups:
            group["lr"] = RATE / step
        reference.step()
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(one.double(), other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("learns", ["matrix", "vector"])
def test_of_few_parameters_it_is_adamw_of_the_same_few(learns: str) -> None:
    """Clipped to the norm of what learns; what is frozen is the same to the last bit, and has no moments."""
    ours, theirs = Small(), Small().double()
    for model in (ours, theirs):
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name == learns)
    frozen = "vector" if learns == "matrix" else "matrix"
    before = getattr(ours, frozen).detach().clone()
    optimizer_step = OptimizerStep(
        FlatParameters(ours), OptimizerSettings(clip=1.0, weight_decay=0.1), lambda step: RATE / step
    )
    decay = 0.1 if learns == "matrix" else 0.0
    one, other = getattr(ours, learns), getattr(theirs, learns)
    reference = torch.optim.AdamW([other], betas=(0.9, 0.98), eps=1e-9, lr=1.0, weight_decay=decay)
    for step in (1, 2, 3):
        gradient = gradients(step)[0 if learns == "matrix" else 1]
        one.grad.copy_(gradient)
        optimizer_step.prepare(step)
        optimizer_step.update(torch.tensor(TOKENS))
        other.grad = gradient.double() / TOKENS
        nn.utils.clip_grad_norm_([other], 1.0)
        reference.param_groups[0]["lr"] = RATE / step
        reference.step()
        torch.testing.assert_close(one.double(), other, rtol=1e-5, atol=1e-6)
    assert torch.equal(getattr(ours, frozen), before)
    assert {name.partition("/")[0] for name in optimizer_step.state() if "/" in name} == {learns}
    again = OptimizerStep(FlatParameters(ours), OptimizerSettings(), lambda step: RATE)
    again.restore(optimizer_step.state())
    assert all(torch.equal(again.state()[name], value) for name, value in optimizer_step.state().items())


def test_the_first_step_by_hand() -> None:
    """Kingma and Ba: after one step the bias-corrected moments are g and g², so each weight moves by rate·g/(|g| + ε);
    Loshchilov and Hutter: the matrix first shrinks by rate·decay."""
    model = Small()
    before = [parameter.detach().double().clone() for parameter in model.parameters()]
    optimizer_step = OptimizerStep(
        FlatParameters(model), OptimizerSettings(clip=1.0, weight_decay=0.1), lambda step: RATE
    )
    given = [value.double() / TOKENS for value in gradients(1)]
    norm = math.sqrt(sum(float((value**2).sum()) for value in given))
    clipped = [value / norm for value in given]
    give(model, gradients(1))
    optimizer_step.prepare(1)
    optimizer_step.update(torch.tensor(TOKENS))
    for parameter, old, gradient, shrink in zip(model.parameters(), before, clipped, (0.1, 0.0), strict=True):
        expected = old * (1 - RATE * shrink) - RATE * gradient / (gradient.abs() + 1e-9)
        torch.testing.assert_close(parameter.detach().double(), expected, rtol=1e-5, atol=1e-6)


def test_the_gradients_are_cleared() -> None:
    model = Small()
    optimizer_step = OptimizerStep(FlatParameters(model), OptimizerSettings(), lambda step: RATE)
    give(model, gradients(1))
    optimizer_step.prepare(1)
    optimizer_step.update(torch.tensor(TOKENS))
    assert all(parameter.grad is not None and not parameter.grad.any() for parameter in model.parameters())


class TestSkipping:
    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
    def test_what_is_not_finite_changes_nothing(self, bad: float) -> None:
        model = Small()
        optimizer_step = OptimizerStep(FlatParameters(model), OptimizerSettings(), lambda step: RATE)
        give(model, gradients(1))
        optimizer_step.prepare(1)
        optimizer_step.update(torch.tensor(TOKENS))
        before = [parameter.detach().clone() for parameter in model.parameters()]
        state = {name: value.clone() for name, value in optimizer_step.state().items() if "/" in name}
        values = gradients(2)
        values[0][1, 2] = bad
        give(model, values)
        optimizer_step.prepare(2)
        optimizer_step.update(torch.tensor(TOKENS))
        assert all(torch.equal(*pair) for pair in zip(model.parameters(), before, strict=True))
        assert all(torch.equal(optimizer_step.state()[name], value) for name, value in state.items())
        assert optimizer_step.read_skips() == (1, 1)

    def test_it_is_counted_in_all_and_in_a_row(self) -> None:
        model = Small()
        optimizer_step = OptimizerStep(FlatParameters(model), OptimizerSettings(), lambda step: RATE)
        for step, is_good in enumerate([False, False, True, False, False, False, True], start=1):
            give(model, gradients(step) if is_good else [value * math.nan for value in gradients(step)])
            optimizer_step.prepare(step)
            optimizer_step.update(torch.tensor(TOKENS))
        assert optimizer_step.read_skips() == (5, 3)

    def test_a_row_goes_on_after_it_was_read(self) -> None:
        model = Small()
        optimizer_step = OptimizerStep(FlatParameters(model), OptimizerSettings(), lambda step: RATE)
        for step in (1, 2, 3, 4):
            give(model, [value * math.nan for value in gradients(step)])
            optimizer_step.prepare(step)
            optimizer_step.update(torch.tensor(TOKENS))
            if step == 2:
                assert optimizer_step.read_skips() == (2, 2)
        assert optimizer_step.read_skips() == (4, 4)
        give(model, gradients(5))
        optimizer_step.prepare(5)
        optimizer_step.update(torch.tensor(TOKENS))
        assert optimizer_step.read_skips() == (4, 4)  # The row that ended after the last reading.
        assert optimizer_step.read_skips() == (4, 0)


class Layered(nn.Module):
    """Names as a model's, in an order in which the matrices inside layers stand between others."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.embedding = nn.Linear(4, 7, bias=False)
        self.stack = nn.Module()
        self.stack.layers = nn.ModuleList(nn.Linear(4, 3) for _ in range(2))
        self.output = nn.Linear(4, 5)
        for parameter in self.parameters():
            nn.init.normal_(parameter, generator=generator)


INSIDE = {"stack.layers.0.weight", "stack.layers.1.weight"}


class TestMuon:
    SETTINGS = OptimizerSettings(name="muon", weight_decay=0.1, clip=1.0)

    def stepped(self, model: Layered, settings: OptimizerSettings, steps: int, bad: int = 0) -> OptimizerStep:
        optimizer_step = OptimizerStep(FlatParameters(model), settings, lambda step: RATE, lambda step: 0.5)
        self.go(model, optimizer_step, range(1, steps + 1), bad)
        return optimizer_step

    def go(self, model: Layered, optimizer_step: OptimizerStep, steps: range, bad: int = 0) -> None:
        for step in steps:
            generator = torch.Generator().manual_seed(step)
            for parameter in model.parameters():
                assert parameter.grad is not None
                parameter.grad.copy_(
                    torch.randn(parameter.shape, generator=generator) * (math.nan if step == bad else 9)
                )
            optimizer_step.prepare(step)
            optimizer_step.update(torch.tensor(TOKENS))

    def test_what_is_outside_layers_is_adamws(self) -> None:
        """Clipped to the norm of all gradients together, as without Muon."""
        ours, theirs = Layered(), Layered()
        self.stepped(ours, self.SETTINGS, steps=3)
        self.stepped(theirs, self.SETTINGS.model_copy(update={"name": "adamw"}), steps=3)
        others = dict(theirs.named_parameters())
        for name, parameter in ours.named_parameters():
            assert torch.equal(parameter, others[name]) == (name not in INSIDE)

    def test_what_is_inside_is_torchs_muon(self) -> None:
        """Of the clipped mean gradient; torch multiplies in bfloat16."""
        ours, theirs = Layered(), Layered()
        self.stepped(ours, self.SETTINGS, steps=1)
        inside = [parameter for name, parameter in theirs.named_parameters() if name in INSIDE]
        generator = torch.Generator().manual_seed(1)
        for parameter in theirs.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=generator) * 9 / TOKENS
        nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        torch.optim.Muon(inside, lr=0.5, weight_decay=0.1).step()
        for one, other in zip(ours.stack.layers, theirs.stack.layers, strict=True):
            torch.testing.assert_close(one.weight, other.weight, rtol=0, atol=0.02)

    def test_stored_and_taken_over_it_goes_on_the_same(self) -> None:
        straight, stopped = Layered(), Layered()
        self.stepped(straight, self.SETTINGS, steps=4)
        state = {name: one.clone() for name, one in self.stepped(stopped, self.SETTINGS, steps=2).state().items()}
        assert {name.partition("/")[2] for name in state if name.partition("/")[0] in INSIDE} == {"momentum"}
        again = OptimizerStep(FlatParameters(stopped), self.SETTINGS, lambda step: RATE, lambda step: 0.5)
        again.restore(state)
        self.go(stopped, again, range(3, 5))
        assert all(torch.equal(*pair) for pair in zip(straight.parameters(), stopped.parameters(), strict=True))

    def test_what_is_not_finite_changes_nothing(self) -> None:
        model, before = Layered(), Layered()
        self.stepped(before, self.SETTINGS, steps=1)
        found = self.stepped(model, self.SETTINGS, steps=2, bad=2)
        assert all(torch.equal(*pair) for pair in zip(model.parameters(), before.parameters(), strict=True))
        assert found.read_skips() == (1, 1)

    def test_a_model_without_layers_is_adamws(self) -> None:
        ours, theirs = Small(), Small()
        for model, settings in ((ours, self.SETTINGS), (theirs, self.SETTINGS.model_copy(update={"name": "adamw"}))):
            optimizer_step = OptimizerStep(FlatParameters(model), settings, lambda step: RATE)
            give(model, gradients(1))
            optimizer_step.prepare(1)
            optimizer_step.update(torch.tensor(TOKENS))
        assert all(torch.equal(*pair) for pair in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_the_norm_of_millions_is_exact() -> None:
    """4 million gradients of 1e-3: √(4e6)·1e-3 = 2, so clipping to 1 halves them; here the update shows it."""
    model = nn.Module()
    model.matrix = nn.Parameter(torch.zeros(2_000, 2_000))
    flat = FlatParameters(model)
    optimizer_step = OptimizerStep(flat, OptimizerSettings(clip=1.0, weight_decay=0.0), lambda step: RATE)
    flat.gradients.fill_(1e-3)
    optimizer_step.prepare(1)
    optimizer_step.update(torch.tensor(1.0))
    moment = optimizer_step.state()["matrix/exp_avg"]
    # The first moment after a step is (1 - 0.9) times the clipped gradient.
    torch.testing.assert_close(moment, torch.full_like(moment, 0.1 * 0.5e-3), rtol=1e-4, atol=0.0)


def test_moments_of_another_layout_are_refused() -> None:
    optimizer_step = OptimizerStep(FlatParameters(Small()), OptimizerSettings(), lambda step: RATE)
    state = optimizer_step.state() | {"matrix/step": torch.tensor(3.0)}
    with pytest.raises(KeyError):
        optimizer_step.restore(state)


def test_state_is_all_there_is() -> None:
    """Two steps, stored, restored into a new one and a third: the same as three in one."""
    one, other = Small(), Small()
    straight = OptimizerStep(FlatParameters(one), OptimizerSettings(), lambda step: RATE)
    first = OptimizerStep(FlatParameters(other), OptimizerSettings(), lambda step: RATE)
    for step in (1, 2):
        for model, optimizer_step in ((one, straight), (other, first)):
            give(model, gradients(step))
            optimizer_step.prepare(step)
            optimizer_step.update(torch.tensor(TOKENS))
    second = OptimizerStep(FlatParameters(other), OptimizerSettings(), lambda step: RATE)
    second.restore({name: value.clone() for name, value in first.state().items()})
    for model, optimizer_step in ((one, straight), (other, second)):
        give(model, gradients(3))
        optimizer_step.prepare(3)
        optimizer_step.update(torch.tensor(TOKENS))
    assert all(torch.equal(*pair) for pair in zip(one.parameters(), other.parameters(), strict=True))


class Headed(nn.Module):
    """A matrix and a vector of a body, and the same of a head."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(2)
        self.body, self.classifier = nn.Linear(4, 3), nn.Linear(3, 2)
        for parameter in self.parameters():
            nn.init.normal_(parameter, generator=generator)


def test_heads_have_a_rate_of_their_own() -> None:
    """Against torch's AdamW, with a group for each."""
    ours, theirs = Headed(), Headed().double()
    settings = OptimizerSettings(clip=None, weight_decay=0.1)
    optimizer_step = OptimizerStep(
        FlatParameters(ours), settings, lambda step: RATE / step, head_rate=lambda step: 25 * RATE / step
    )
    groups = [
        {"params": [getattr(part, kind)], "weight_decay": decay, "lr": rate}
        for part, rate in ((theirs.body, RATE), (theirs.classifier, 25 * RATE))
        for kind, decay in (("weight", 0.1), ("bias", 0.0))
    ]
    reference = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-9)
    for step in (1, 2, 3):
        generator = torch.Generator().manual_seed(step)
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            gradient = torch.randn(one.shape, generator=generator)
            assert one.grad is not None
            one.grad.copy_(gradient)
            other.grad = gradient.double() / TOKENS
        for group, (_, rate) in zip(reference.param_groups, [(None, RATE)] * 2 + [(None, 25 * RATE)] * 2, strict=True):
            group["lr"] = rate / step
        optimizer_step.prepare(step)
        optimizer_step.update(torch.tensor(TOKENS))
        reference.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one.double(), other, rtol=1e-4, atol=1e-6)


def test_heads_are_stored_and_restored() -> None:
    settings = OptimizerSettings()

    def made(model: Headed) -> OptimizerStep:
        return OptimizerStep(FlatParameters(model), settings, lambda step: RATE, head_rate=lambda step: 2 * RATE)

    straight, model = Headed(), Headed()
    first, second = made(straight), made(model)

    def step(model: Headed, optimizer_step: OptimizerStep, number: int) -> None:
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.grad.copy_(torch.full(parameter.shape, float(number)))
        optimizer_step.prepare(number)
        optimizer_step.update(torch.tensor(TOKENS))

    step(straight, first, 1)
    step(model, second, 1)
    again = Headed()
    third = made(again)
    with torch.no_grad():
        for parameter, value in zip(again.parameters(), model.parameters(), strict=True):
            parameter.copy_(value)
    third.restore(second.state())
    step(straight, first, 2)
    step(again, third, 2)
    for parameter, value in zip(again.parameters(), straight.parameters(), strict=True):
        assert torch.equal(parameter, value)
