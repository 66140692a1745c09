"""The moving average, by hand."""

import pytest
import torch

from clearhead.model import EncoderDecoder, street
from clearhead.recipe import Average
from clearhead.training.average import MovingAverage
from clearhead.training.flat_parameters import FlatParameters


@pytest.fixture
def model() -> EncoderDecoder:
    return EncoderDecoder(street(8, 8))


def fill(model: EncoderDecoder, value: float) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)


def only_value(model: EncoderDecoder) -> float:
    values = torch.cat([parameter.detach().flatten() for parameter in model.parameters()]).unique()
    assert len(values) == 1
    return float(values)


def test_the_decay_rises_to_the_recipes(model: EncoderDecoder) -> None:
    """average ← d·average + (1 - d)·weights, with d = min(0.3, (1 + t)/(10 + t)): 2/11, 3/12, then 0.3."""
    fill(model, 0.0)
    average = MovingAverage(FlatParameters(model), Average(decay=0.3))
    fill(model, 1.0)
    expected = 0.0
    for step, decay in ((1, 2 / 11), (2, 3 / 12), (3, 0.3), (4, 0.3)):
        average.prepare(step)
        average.update()
        expected = decay * expected + (1 - decay)
        assert only_value(average.model) == pytest.approx(expected, abs=1e-6)


def test_none_follows_at_once(model: EncoderDecoder) -> None:
    average = MovingAverage(FlatParameters(model), Average(name="none"))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1)
    average.prepare(1000)
    average.update()
    for one, other in zip(average.model.parameters(), model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_it_is_a_model_apart(model: EncoderDecoder) -> None:
    average = MovingAverage(FlatParameters(model.train()), Average())
    assert not average.model.training
    assert not any(parameter.requires_grad for parameter in average.model.parameters())
    assert model.training
    before = only_value_of_first(average.model)
    fill(model, 7.0)
    assert only_value_of_first(average.model) == before


def only_value_of_first(model: EncoderDecoder) -> float:
    return float(next(iter(model.parameters())).flatten()[0])
