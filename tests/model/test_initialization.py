"""The spread of the first weights, from the formulas that they follow."""

import pytest
import torch

from clearhead.model import EncoderDecoder, TransformerConfig


def model(seed: int = 1, **changes: object) -> EncoderDecoder:
    sizes = {"width": 64, "heads": 4, "inner_width": 256, "encoder_layers": 1, "decoder_layers": 1, "max_length": 50}
    return EncoderDecoder(TransformerConfig(source_vocabulary=400, target_vocabulary=400, **{**sizes, **changes}), seed)


def test_linear_layers_are_xavier_uniform() -> None:
    """Glorot and Bengio 2010, equation 16: uniform between ±√(6/(inputs + outputs))."""
    weight = model().encoder.layers[0].feed_forward.inner.weight
    bound = (6 / (64 + 256)) ** 0.5
    assert weight.abs().max().item() == pytest.approx(bound, rel=1e-3)
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)


def test_embeddings_have_deviation_one_after_their_scaling() -> None:
    weight = model().source_embedding.matrix.weight
    assert (weight.std() * 64**0.5).item() == pytest.approx(1.0, rel=0.02)


def test_biases_are_zero_and_normalizations_the_identity() -> None:
    for name, parameter in model().named_parameters():
        if name.endswith("bias"):
            assert (parameter == 0).all(), name
        elif "normalization" in name:
            assert (parameter == 1).all(), name


def test_learned_positions_are_drawn_like_embeddings() -> None:
    table = model(positions="learned").source_embedding.positions.table
    assert (table.std() * 64**0.5).item() == pytest.approx(1.0, rel=0.05)


def test_a_seed_is_all_that_counts() -> None:
    torch.manual_seed(1)
    first = model(seed=7).output.matrix.weight
    torch.manual_seed(2)
    assert torch.equal(first, model(seed=7).output.matrix.weight)
