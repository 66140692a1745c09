"""What a model tells of its operations, in reading order."""

import itertools

import pytest
import torch
from torch import Tensor

from clearhead.errors import ConfigError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.tracing import record
from clearhead.tracing.operations import description_of
from clearhead.tracing.outline import operations_of, tensor_shapes

CHOICES = list(
    itertools.product(
        ("sinusoidal", "learned", "rotary"), ("post", "pre"), ("layer", "rms"), ("relu", "swiglu"), ((2, 1), (0, 0))
    )
)


@pytest.mark.parametrize(("positions", "placement", "norm", "activation", "layers"), CHOICES)
def test_an_operation_is_made_of_what_came_before(
    positions: str, placement: str, norm: str, activation: str, layers: tuple[int, int]
) -> None:
    config = TransformerConfig(
        source_vocabulary=9, target_vocabulary=9, width=8, heads=2, inner_width=8, encoder_layers=layers[0],
        decoder_layers=layers[1], positions=positions, norm_placement=placement, norm=norm, activation=activation,
    )  # type: ignore[arg-type]  # fmt: skip
    before = {"source_embedding.ids", "target_embedding.ids", "masks.source", "masks.target"}
    assert before == set(list(tensor_shapes(config, 2, 3))[:4])
    for one in operations_of(config):
        assert set(one.inputs) <= before, one
        assert description_of(one), one
        assert one.name not in before, one
        before.add(one.name)


def test_the_order_of_the_paper() -> None:
    """Figure 1 and figure 2: the encoder before the decoder, scores before weights, attention before feed-forward."""
    config = TransformerConfig(source_vocabulary=9, target_vocabulary=9, width=8, heads=2, inner_width=8)
    names = [one.name for one in operations_of(config)]
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


def test_an_operation_as_json() -> None:
    config = TransformerConfig(source_vocabulary=9, target_vocabulary=9, width=16, heads=4, inner_width=8)
    scaled = next(one for one in operations_of(config) if one.operation == "divide")
    name = "encoder.layers.0.self_attention"
    expected = {"name": f"{name}.scaled", "operation": "divide", "inputs": [f"{name}.scores"], "parameters": []}
    assert scaled.as_json() == {**expected, "settings": {"by": 2.0}}


def test_one_of_its_parts_replaced_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A family lists its operations itself: here layers of which nobody else knows."""
    from clearhead.model.feed_forward import FeedForward

    plain = FeedForward.forward

    def twice(self: FeedForward, inputs: Tensor) -> Tensor:
        result = plain(self, inputs)
        return self.see("doubled", result + result, "add", result, result)

    monkeypatch.setattr(FeedForward, "forward", twice)
    # Of a config that no other test has, as what is found is kept.
    config = TransformerConfig(
        source_vocabulary=7, target_vocabulary=7, width=8, heads=2, inner_width=11, encoder_layers=1, decoder_layers=1
    )
    found = {one.name: one for one in operations_of(config)}
    assert found["encoder.layers.0.feed_forward.doubled"].inputs == ("encoder.layers.0.feed_forward.output",) * 2
    assert found["encoder.layers.0.feed_forward_residual.sum"].inputs[1] == "encoder.layers.0.feed_forward.doubled"
    model = EncoderDecoder(config).eval()
    tensors = record(model, (3, 2), (1, 4))
    assert torch.equal(
        tensors["encoder.layers.0.feed_forward.doubled"], 2 * tensors["encoder.layers.0.feed_forward.output"]
    )
    assert {name: tuple(one.shape) for name, one in tensors.items()} == tensor_shapes(config, 2, 2)


def test_too_wide_a_model_is_refused_before_it_is_built() -> None:
    config = TransformerConfig(source_vocabulary=9, target_vocabulary=9, width=2**16, heads=2**4)
    with pytest.raises(ConfigError, match="width=65536 with heads=16 of 4096 is too wide to trace"):
        operations_of(config)
