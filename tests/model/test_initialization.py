"""The spread of the first weights, from the formulas that they follow."""

import pytest
import torch

from clearhead.model import (
    DecoderOnly,
    DecoderOnlyConfig,
    EncoderDecoder,
    EncoderOnly,
    EncoderOnlyConfig,
    TransformerConfig,
)


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


@pytest.mark.parametrize("kind", ["gpt2", "bert"])
def test_gpt2_and_bert_draw_everything_with_deviation_0_02(kind: str) -> None:
    """Radford et al. 2018, section 4.1: N(0, 0.02); `initializer_range` 0.02 in BERT's published config."""
    drawn = model(initialization=kind, positions="learned", bias=True)
    layer = drawn.encoder.layers[0]
    for parameter in (layer.feed_forward.inner.weight, drawn.output.matrix.weight, layer.self_attention.query.weight):
        assert parameter.std().item() == pytest.approx(0.02, rel=0.05)
    assert drawn.source_embedding.positions.table.std().item() == pytest.approx(0.02, rel=0.05)
    assert (layer.feed_forward.inner.bias == 0).all()


def test_with_zero_outputs_each_layer_begins_as_the_identity() -> None:
    """So that the vectors which reach the last normalisation are those of the embedding."""
    sizes = {"vocabulary": 9, "layers": 2, "width": 64, "heads": 4, "norm_placement": "pre", "dropout": 0.0}
    drawn = DecoderOnly(DecoderOnlyConfig(**sizes, initialization="zero-outputs"))
    ids = torch.tensor([[1, 5, 2, 8]])
    embedded = drawn.embedding(ids)
    assert torch.equal(drawn.hidden_states(ids), drawn.decoder.normalization(embedded))
    layer = drawn.decoder.layers[1]
    for parameter in (layer.feed_forward.inner.weight, layer.self_attention.value.weight):
        assert parameter.std().item() == pytest.approx(0.02, rel=0.05)


def test_gpt2_s_residual_sums_are_no_larger_for_more_layers() -> None:
    """Radford et al. 2019, section 2.3: by 1/√N, where N is the number of residual layers, two for each block."""
    drawn = DecoderOnly(DecoderOnlyConfig(vocabulary=9, layers=8, width=64, heads=4, initialization="gpt2"))
    for layer in drawn.decoder.layers:
        for part in (layer.self_attention.output, layer.feed_forward.outer):
            assert part.weight.std().item() == pytest.approx(0.02 / 4, rel=0.05)
        assert layer.feed_forward.inner.weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_t5_s_table_of_distances_is_drawn_like_its_embeddings() -> None:
    table = model(positions="relative", relative_buckets=512, relative_distance=1024).encoder.position_bias.table
    assert (table.std() * 64**0.5).item() == pytest.approx(1.0, rel=0.05)


def test_a_seed_is_all_that_counts() -> None:
    torch.manual_seed(1)
    first = model(seed=7).output.matrix.weight
    torch.manual_seed(2)
    assert torch.equal(first, model(seed=7).output.matrix.weight)


def test_no_number_of_an_encoder_only_is_left_out() -> None:
    model = EncoderOnly(
        EncoderOnlyConfig(
            vocabulary=40, width=8, heads=2, inner_width=8, layers=1, segments=2, pooler=True, classes=3,
            share_embeddings=False, embedding_norm=True,
        )
    )  # fmt: skip
    assert all(parameter.isfinite().all() for parameter in model.parameters())
    assert (model.output.bias == 0).all()
