"""Each head's numbers by hand, and what is shown of them."""

import math
from typing import Any

import pytest
import torch

from clearhead.model import EncoderOnlyConfig
from clearhead.model.heads import Classifier, Pooler, Transform


def config(**changes: Any) -> EncoderOnlyConfig:
    return EncoderOnlyConfig(vocabulary=9, width=2, heads=1, inner_width=4, dropout=0.0, **changes)


def fill(module: torch.nn.Module, weight: list[Any], bias: list[float]) -> None:
    with torch.no_grad():
        module.weight.copy_(torch.tensor(weight))
        module.bias.copy_(torch.tensor(bias))


STATES = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [50.0, 60.0]]])
MASK = torch.tensor([True, True, False])[None, None, None]


def test_the_first_token() -> None:
    assert Pooler(config())(STATES, MASK).tolist() == [[[1.0, 2.0]]]


def test_the_mean_is_over_real_tokens() -> None:
    """(1 + 3) / 2 and (2 + 4) / 2."""
    assert Pooler(config(pooling="mean"))(STATES, MASK).tolist() == [[[2.0, 3.0]]]


def test_the_mean_of_nothing_is_zero() -> None:
    assert Pooler(config(pooling="mean"))(STATES, MASK & False).tolist() == [[[0.0, 0.0]]]


def test_one_mask_for_all_texts() -> None:
    found = Pooler(config(pooling="mean"))(torch.cat((STATES, 2 * STATES)), MASK)
    assert found.tolist() == [[[2.0, 3.0]], [[4.0, 6.0]]]


@pytest.mark.parametrize(("pooling", "vector"), [("first", (1, 2)), ("mean", (2, 3))])
def test_the_pooler(pooling: str, vector: tuple[int, int]) -> None:
    """tanh(x·W + b), one number at a time."""
    pooler = Pooler(config(pooling=pooling, pooler=True))
    fill(pooler.dense, [[0.1, 0.2], [-0.3, 0.4]], [0.5, -0.6])
    one, two = vector
    expected = [math.tanh(0.1 * one + 0.2 * two + 0.5), math.tanh(-0.3 * one + 0.4 * two - 0.6)]
    torch.testing.assert_close(pooler(STATES, MASK), torch.tensor([[expected]]))


def test_the_transform() -> None:
    """x·W + b = (3, -1); max(0, ·) = (3, 0); mean 1.5 and deviation 1.5: (1, -1), times (2, 3), plus (10, 20)."""
    transform = Transform(config(activation="relu", eps=1e-12).block)
    fill(transform.dense, [[1.0, 1.0], [0.0, -1.0]], [0.0, 1.0])
    fill(transform.normalization, [2.0, 3.0], [10.0, 20.0])
    torch.testing.assert_close(transform(STATES[0, :1]), torch.tensor([[12.0, 17.0]]))


def test_a_gated_activation_is_its_function_there() -> None:
    transform = Transform(config(activation="swiglu", norm="rms").block)
    assert transform.activation == "silu"


def test_the_classifier() -> None:
    """1·1 + 2·2 + 0.5 and 1·3 - 2·1 - 0.5."""
    classifier = Classifier(config(classes=2))
    fill(classifier.output, [[1.0, 2.0], [3.0, -1.0]], [0.5, -0.5])
    assert classifier(STATES[:, :1]).tolist() == [[[5.5, 0.5]]]


def test_the_pooled_vector_is_dropped_out() -> None:
    """Devlin et al. 2019, section A.3: with rate 0.5 about half of 1,000 numbers are 0, the others double."""
    classifier = Classifier(
        EncoderOnlyConfig(vocabulary=9, width=1000, heads=1, inner_width=4, dropout=0.5, classes=2)
    ).train()
    seen: list[torch.Tensor] = []
    classifier.output.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        classifier(torch.ones(1, 1, 1000))
    assert set(seen[0].unique().tolist()) == {0.0, 2.0}
    assert 400 < int((seen[0] == 0).sum()) < 600


def test_what_is_shown_in_reading_order() -> None:
    """A trace reads: dense, activated, normalised; pooled; logits."""
    seen: list[str] = []
    for module in (
        Transform(config().block), Pooler(config(pooler=True)), Classifier(config(classes=2)),
    ):  # fmt: skip
        module.observer = lambda name, tensor: seen.append(name) or tensor
        inputs = STATES[:, :1] if isinstance(module, Classifier) else STATES
        module(inputs, MASK) if isinstance(module, Pooler) else module(inputs)
    assert seen == ["dense", "activated", "normalized", "first", "dense", "pooled", "logits"]
