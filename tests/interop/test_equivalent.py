"""A model that is written otherwise computes the same, in float64."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from clearhead.interop import equivalent
from clearhead.interop.equivalent import Weighted
from clearhead.model import DecoderOnly, EncoderDecoder, EncoderOnly
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, FamilyConfig, TransformerConfig
from clearhead.model.shapes import parameter_shapes

SIZES: dict[str, Any] = {"width": 16, "heads": 4, "inner_width": 24, "max_length": 20, "dropout": 0.0}
PAIR: dict[str, Any] = {**SIZES, "source_vocabulary": 30, "target_vocabulary": 30}
STACK: dict[str, Any] = {**SIZES, "vocabulary": 30, "layers": 2}
MODELS: dict[type, Any] = {
    TransformerConfig: EncoderDecoder, DecoderOnlyConfig: DecoderOnly, EncoderOnlyConfig: EncoderOnly,
}  # fmt: skip


def random_weights(config: FamilyConfig) -> Weighted:
    draw = np.random.default_rng(1)
    shapes = parameter_shapes(config).items()
    return Weighted(config, {name: draw.normal(0.3, 0.5, shape) for name, shape in shapes})


def logits(model: Weighted) -> torch.Tensor:
    made = MODELS[type(model.config)](model.config).double().eval()
    weights = {name: torch.from_numpy(np.array(one, np.float64)) for name, one in model.weights.items()}
    missing, unexpected = made.load_state_dict(weights, strict=False)
    assert not unexpected
    assert all("matrix" in name for name in missing)
    ids = torch.tensor([[5, 6, 7, 8, 9, 4, 11, 12, 2]])
    with torch.no_grad():
        return made(ids, ids[:, :5]) if isinstance(model.config, TransformerConfig) else made(ids)  # type: ignore[no-any-return]


@pytest.mark.parametrize("placement", ["post", "pre"])
@pytest.mark.parametrize("sharing", ["all", "target", "inputs", "none"])
def test_the_papers_sinusoids_are_marians_in_another_order(placement: Any, sharing: Any) -> None:
    config = TransformerConfig(**PAIR, norm_placement=placement, share_embeddings=sharing)
    model = random_weights(config)
    found = equivalent.with_sines_first(model)
    assert found.config.positions == "sinusoidal-halves"
    torch.testing.assert_close(logits(found), logits(model), atol=1e-12, rtol=0)


@pytest.mark.parametrize("kind", ["sinusoidal", "sinusoidal-concatenated", "sinusoidal-halves"])
@pytest.mark.parametrize("config", [DecoderOnlyConfig(**STACK), EncoderOnlyConfig(**STACK), TransformerConfig(**PAIR)])
def test_sinusoids_are_a_table(config: FamilyConfig, kind: Any) -> None:
    model = random_weights(dataclasses.replace(config, positions=kind))
    found = equivalent.with_position_table(model)
    torch.testing.assert_close(logits(found), logits(model), atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    "config",
    [
        DecoderOnlyConfig(**STACK, norm_placement="pre"),
        DecoderOnlyConfig(**STACK, norm_placement="post", share_embeddings=False),
        EncoderOnlyConfig(**STACK),
        TransformerConfig(**PAIR, norm_placement="pre", positions="relative"),
        TransformerConfig(**PAIR, share_embeddings="inputs"),
        TransformerConfig(**PAIR, share_embeddings="target"),
    ],
)
def test_the_factor_of_a_tokens_vector_is_a_part_of_its_matrix(config: FamilyConfig) -> None:
    model = random_weights(config)
    found = equivalent.with_scaled_tables(model)
    assert not found.config.scale_embeddings
    torch.testing.assert_close(logits(found), logits(model), atol=1e-11, rtol=0)


@pytest.mark.parametrize("scale", [None, 1.0])
@pytest.mark.parametrize("norm", [False, True])
def test_the_factor_of_scores_is_a_part_of_queries(scale: float | None, norm: bool) -> None:
    model = random_weights(DecoderOnlyConfig(**STACK, scale=0.3, query_key_norm=norm))
    found = equivalent.with_scale(model, scale)
    assert found.config.scale == scale
    torch.testing.assert_close(logits(found), logits(model), atol=1e-11, rtol=0)


@pytest.mark.parametrize("norm", [False, True])
def test_rotary_pairs_are_halves_in_another_order(norm: bool) -> None:
    model = random_weights(DecoderOnlyConfig(**STACK, positions="rotary", kv_heads=2, query_key_norm=norm))
    found = equivalent.with_halves_turned(model)
    torch.testing.assert_close(logits(found), logits(model), atol=1e-11, rtol=0)
    rows = np.arange(24).reshape(12, 2)
    assert equivalent.as_neighbours(equivalent.in_halves(rows, 2), 2).tolist() == rows.tolist()


def test_biases_that_are_0_add_nothing() -> None:
    model = random_weights(TransformerConfig(**PAIR, bias=False))
    found = equivalent.with_zeros(model, bias=True)
    torch.testing.assert_close(logits(found), logits(model), atol=1e-12, rtol=0)


@pytest.mark.parametrize("bias", [False, True])
def test_keys_that_heads_share_are_repeated(bias: bool) -> None:
    model = random_weights(DecoderOnlyConfig(**STACK, kv_heads=2, bias=bias))
    torch.testing.assert_close(logits(equivalent.with_own_keys(model)), logits(model), atol=1e-12, rtol=0)
