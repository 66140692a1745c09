"""The walk through the model, in reading order."""

import itertools

import pytest

from clearhead.model import TransformerConfig
from clearhead.tracing.operations import description_of
from clearhead.tracing.steps import GIVEN, steps_of

CHOICES = list(
    itertools.product(
        ("sinusoidal", "learned", "rotary"), ("post", "pre"), ("layer", "rms"), ("relu", "swiglu"), ((2, 1), (0, 0))
    )
)


@pytest.mark.parametrize(("positions", "placement", "norm", "activation", "layers"), CHOICES)
def test_a_step_is_made_of_what_came_before(
    positions: str, placement: str, norm: str, activation: str, layers: tuple[int, int]
) -> None:
    config = TransformerConfig(
        source_vocabulary=9, target_vocabulary=9, width=8, heads=2, inner_width=8, encoder_layers=layers[0],
        decoder_layers=layers[1], positions=positions, norm_placement=placement, norm=norm, activation=activation,
    )  # type: ignore[arg-type]  # fmt: skip
    before = set(GIVEN)
    for step in steps_of(config):
        assert set(step.inputs) <= before, step
        assert description_of(step), step
        assert step.name not in before, step
        before.add(step.name)


def test_the_order_of_the_paper() -> None:
    """Figure 1 and figure 2: the encoder before the decoder, scores before weights, attention before feed-forward."""
    config = TransformerConfig(source_vocabulary=9, target_vocabulary=9, width=8, heads=2, inner_width=8)
    names = [step.name for step in steps_of(config)]
    first = "encoder.layers.0"
    read = [
        "source_embedding.tokens", "source_embedding.positions", "source_embedding.sum",
        f"{first}.self_attention.query", f"{first}.self_attention.key", f"{first}.self_attention.value",
        f"{first}.self_attention.scores", f"{first}.self_attention.scaled", f"{first}.self_attention.masked",
        f"{first}.self_attention.weights", f"{first}.self_attention.context", f"{first}.self_attention.concatenated",
        f"{first}.self_attention.output", f"{first}.self_attention_residual.sum",
        f"{first}.self_attention_residual.mean", f"{first}.self_attention_residual.variance",
        f"{first}.self_attention_residual.normalized", f"{first}.feed_forward.inner",
        f"{first}.feed_forward.activated", f"{first}.feed_forward.output", f"{first}.feed_forward_residual.sum",
    ]  # fmt: skip
    assert names[: len(read)] == read
    assert names[-2:] == ["output.logits", "output.probabilities"]
    assert names.index("encoder.memory") < names.index("target_embedding.tokens")
    assert len(names) == 3 + 6 * 21 + 1 + 3 + 6 * 35 + 1 + 2


def test_a_step_as_json() -> None:
    config = TransformerConfig(source_vocabulary=9, target_vocabulary=9, width=16, heads=4, inner_width=8)
    scaled = next(step for step in steps_of(config) if step.operation == "divide")
    name = "encoder.layers.0.self_attention"
    expected = {"name": f"{name}.scaled", "operation": "divide", "inputs": [f"{name}.scores"], "parameters": []}
    assert scaled.as_json() == {**expected, "settings": {"by": 2.0}}
