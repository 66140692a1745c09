"""Tables of positions against torch's float64 and the paper's formula."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from clearhead.model import tables
from clearhead.model.config import BlockConfig
from clearhead.model.position_bias import RelativeBias


@pytest.mark.parametrize(("positions", "width"), [(7, 2), (64, 128), (300, 16)])
def test_the_papers_formula_entry_by_entry(positions: int, width: int) -> None:
    """Section 3.5: PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos of the same."""
    table = tables.sinusoidal(positions, width)
    assert table.dtype == np.float32
    for position in (0, 1, positions - 1):
        for number in range(0, width, 2):
            angle = position / 10_000 ** (number / width)
            assert table[position, number] == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, number + 1] == pytest.approx(math.cos(angle), abs=1e-6)


@pytest.mark.parametrize(("positions", "width"), [(1024, 512), (256, 128), (100, 6)])
def test_torchs_float64_rounds_to_the_same(positions: int, width: int) -> None:
    place = torch.arange(positions, dtype=torch.float64)[:, None]
    angle = place * 10_000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    expected = torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1).float()
    assert np.array_equal(tables.sinusoidal(positions, width), expected.numpy())
    in_halves = torch.cat((angle.sin(), angle.cos()), dim=-1).float()
    assert np.array_equal(tables.sinusoidal_halves(positions, width), in_halves.numpy())
    cosine, sine = tables.rotary(BlockConfig(width=width, heads=1, max_length=positions, positions="rotary"))
    assert np.array_equal(cosine, angle.cos().float().numpy())
    assert np.array_equal(sine, angle.sin().float().numpy())
    terms = width // 2
    angle = place * 10_000.0 ** -(torch.arange(terms, dtype=torch.float64) / max(terms - 1, 1))
    expected = torch.cat((angle.sin(), angle.cos()), dim=-1).float()
    assert np.array_equal(tables.sinusoidal_concatenated(positions, width), expected.numpy())


@pytest.mark.parametrize(
    ("kind", "theirs", "ours"),
    [
        ("default", {}, {}),
        ("linear", {"factor": 8.0}, {"rotary_scaling": "linear", "rotary_factor": 8.0}),
        (
            "llama3",
            {
                "factor": 8.0, "low_freq_factor": 1.5, "high_freq_factor": 5.0,
                "original_max_position_embeddings": 64,
            },
            {
                "rotary_scaling": "llama3", "rotary_factor": 8.0, "rotary_low_turns": 1.5, "rotary_high_turns": 5.0,
                "rotary_trained_length": 64,
            },
        ),
    ],
)  # fmt: skip
def test_scaled_frequencies_are_those_of_transformers(kind: str, theirs: Any, ours: Any) -> None:
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

    rope = {"rope_type": kind, "rope_theta": 500.0, **theirs}
    its = LlamaConfig(hidden_size=32, num_attention_heads=1, max_position_embeddings=512, rope_parameters=rope)
    config = BlockConfig(width=32, heads=1, positions="rotary", rotary_base=500.0, **ours)
    np.testing.assert_allclose(tables.rotary_frequencies(config), LlamaRotaryEmbedding(its).inv_freq, rtol=1e-6)


@pytest.mark.parametrize(("count", "furthest"), [(32, 128), (8, 20), (32, 64), (64, 1024), (4, 3), (16, 100)])
@pytest.mark.parametrize("looks_both_ways", [True, False])
def test_buckets_are_those_that_the_model_looks_up(count: int, furthest: int, looks_both_ways: bool) -> None:
    """At their edges too, where a logarithm decides."""
    config = BlockConfig(relative_buckets=count, relative_distance=furthest, max_length=1500)
    expected = RelativeBias(config, looks_both_ways).buckets_of(torch.from_numpy(tables.distances(1500))[None, None])
    assert np.array_equal(tables.buckets(config, looks_both_ways), expected[0, 0].numpy())


def test_slopes_of_alibi() -> None:
    """Press et al. 2022, section 3: of 8 heads, and of 12 as their program has it."""
    assert tables.slopes(8) == [2.0**-exponent for exponent in range(1, 9)]
    assert tables.slopes(12)[8:] == pytest.approx([2.0**-exponent for exponent in (0.5, 1.5, 2.5, 3.5)])
