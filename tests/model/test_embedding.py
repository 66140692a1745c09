"""Embeddings are scaled by √width and carry their position; the output is a product with a matrix."""

import math

import pytest
import torch
from torch import nn

from clearhead.errors import ConfigError
from clearhead.model.config import BlockConfig
from clearhead.model.embedding import Embedding, Output
from clearhead.model.positions import sinusoidal


def config(**changes: object) -> BlockConfig:
    values = {"width": 4, "heads": 2, "max_length": 6, "dropout": 0.0, **changes}
    return BlockConfig(**values)


def test_the_scale_and_the_positions_of_sections_3_4_and_3_5() -> None:
    matrix = nn.Embedding(9, 4)
    ids = torch.tensor([[3, 3, 7]])
    expected = matrix.weight[ids] * math.sqrt(4) + sinusoidal(3, 4)
    torch.testing.assert_close(Embedding(config(), matrix)(ids), expected)
    torch.testing.assert_close(Embedding(config(), matrix)(ids[:, 1:], start=1), expected[:, 1:])


def test_rotary_positions_add_nothing_to_embeddings() -> None:
    matrix = nn.Embedding(9, 4)
    ids = torch.tensor([[3, 7]])
    torch.testing.assert_close(Embedding(config(positions="rotary"), matrix)(ids), matrix.weight[ids] * 2)


@pytest.mark.parametrize("positions", ["rotary-halves", "relative", "alibi"])
def test_positions_that_act_in_attention_add_nothing_either(positions: str) -> None:
    matrix = nn.Embedding(9, 4)
    ids = torch.tensor([[3, 7]])
    embedding = Embedding(config(positions=positions, scale_embeddings=False), matrix)
    torch.testing.assert_close(embedding(ids), matrix.weight[ids])


def test_the_sum_is_normalised_as_in_bert() -> None:
    """BERT: LayerNorm(token + position), with no factor of √width."""
    matrix = nn.Embedding(9, 4)
    ids = torch.tensor([[3, 7]])
    expected = nn.functional.layer_norm(matrix.weight[ids] + sinusoidal(2, 4), (4,))
    torch.testing.assert_close(Embedding(config(embedding_norm=True, scale_embeddings=False), matrix)(ids), expected)


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "rotary"])
def test_no_position_after_the_last(positions: str) -> None:
    with pytest.raises(ConfigError, match="7 tokens is longer than the model's max_length=6"):
        Embedding(config(positions=positions), nn.Embedding(9, 4))(torch.zeros(1, 7, dtype=torch.long))


def test_a_logit_is_the_product_with_a_token_s_row() -> None:
    matrix = nn.Embedding(9, 4)
    vector = torch.randn(1, 1, 4)
    torch.testing.assert_close(Output(matrix)(vector)[0, 0, 5], vector[0, 0] @ matrix.weight[5])
