"""The shapes of parameters from a config alone: those of the model that is built from it."""

import itertools
from typing import Any, get_args

import pytest

from clearhead.model import (
    DecoderOnly,
    DecoderOnlyConfig,
    EncoderDecoder,
    EncoderOnly,
    EncoderOnlyConfig,
    TransformerConfig,
)
from clearhead.model.config import Activation, PositionKind, Sharing
from clearhead.model.shapes import parameter_shapes, table_numbers

CHOICES = itertools.product(
    get_args(PositionKind), ("post", "pre"), ("layer", "rms"), get_args(Activation), get_args(Sharing),
)  # fmt: skip


@pytest.mark.parametrize("choices", list(CHOICES)[::5], ids=lambda choices: "-".join(choices))
def test_they_are_the_models(choices: tuple[Any, ...]) -> None:
    positions, placement, norm, activation, sharing = choices
    config = TransformerConfig(
        source_vocabulary=7, target_vocabulary=9 if sharing in ("target", "none") else 7, width=8, heads=2,
        inner_width=12, encoder_layers=2, decoder_layers=1, max_length=5, positions=positions,
        norm_placement=placement, norm=norm, activation=activation, share_embeddings=sharing,
    )  # fmt: skip
    model = EncoderDecoder(config)
    for every in (False, True):
        built = {name: tuple(one.shape) for name, one in model.named_parameters(remove_duplicate=not every)}
        assert parameter_shapes(config, shared=every) == built
    assert table_numbers(config) == sum(table.numel() for table in model.buffers())


@pytest.mark.parametrize("norm", ["layer", "rms"])
@pytest.mark.parametrize("bias", [True, False])
def test_they_are_the_models_whatever_its_blocks_are(norm: Any, bias: bool) -> None:
    config = TransformerConfig(
        source_vocabulary=7, target_vocabulary=7, width=8, heads=4, kv_heads=2, head_width=6, inner_width=12,
        encoder_layers=1, decoder_layers=2, max_length=5, positions="rotary", norm=norm, bias=bias, activation="geglu",
        query_key_norm=True, embedding_norm=True, output_bias=bias,
    )  # fmt: skip
    model = EncoderDecoder(config)
    assert parameter_shapes(config) == {name: tuple(one.shape) for name, one in model.named_parameters()}
    assert table_numbers(config) == sum(table.numel() for table in model.buffers())


@pytest.mark.parametrize("positions", get_args(PositionKind))
@pytest.mark.parametrize("placement", ["post", "pre"])
@pytest.mark.parametrize("share", [True, False])
def test_they_are_a_decoder_onlys(positions: Any, placement: Any, share: bool) -> None:
    config = DecoderOnlyConfig(
        vocabulary=7, layers=2, width=8, heads=4, kv_heads=2, inner_width=12, max_length=5, positions=positions,
        norm_placement=placement, share_embeddings=share, query_key_norm=share, embedding_norm=share,
    )  # fmt: skip
    model = DecoderOnly(config)
    for every in (False, True):
        built = {name: tuple(one.shape) for name, one in model.named_parameters(remove_duplicate=not every)}
        assert parameter_shapes(config, shared=every) == built
    assert table_numbers(config) == sum(table.numel() for table in model.buffers())


@pytest.mark.parametrize("head", ["transform", "plain", "none"])
@pytest.mark.parametrize("norm", ["layer", "rms"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "rest",
    [
        {}, {"segments": 2, "pooler": True, "embedding_norm": True}, {"classes": 3}, {"query_key_value_bias": True},
        {"attention_output_bias": True},
        {"embedding_width": 6, "segments": 2, "positions": "learned", "scale_embeddings": False, "pooler": True},
    ],
)  # fmt: skip
def test_they_are_an_encoder_onlys(head: Any, norm: Any, bias: bool, rest: dict[str, Any]) -> None:
    if "embedding_width" in rest and head == "plain":
        head = "transform"
    config = EncoderOnlyConfig(
        vocabulary=7, layers=2, width=8, heads=4, inner_width=12, max_length=5, masked_head=head, norm=norm, bias=bias,
        share_embeddings=head != "plain", **rest,
    )  # fmt: skip
    model = EncoderOnly(config)
    for every in (False, True):
        built = {name: tuple(one.shape) for name, one in model.named_parameters(remove_duplicate=not every)}
        assert parameter_shapes(config, shared=every) == built
    assert table_numbers(config) == sum(table.numel() for table in model.buffers())


def test_the_papers_base_model_has_65_million() -> None:
    """Table 3, first row: d_ff 2048, d_model 512, N 6, 65 · 10⁶ parameters; about 37,000 shared pieces (5.1)."""
    sizes = parameter_shapes(TransformerConfig(source_vocabulary=37_000, target_vocabulary=37_000))
    total = 0
    for shape in sizes.values():
        numbers = 1
        for one in shape:
            numbers *= one
        total += numbers
    assert 60e6 < total < 65.5e6
