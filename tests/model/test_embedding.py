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


def test_a_bias_is_added_to_the_logits() -> None:
    output = Output(nn.Embedding(9, 4), bias=True)
    with torch.no_grad():
        output.bias.copy_(torch.arange(9.0))
    vector = torch.randn(1, 1, 4)
    torch.testing.assert_close(output(vector)[0, 0, 5], vector[0, 0] @ output.matrix.weight[5] + 5)


@pytest.mark.parametrize("positions", ["sinusoidal", "rotary"])
def test_a_segment_has_a_vector_that_is_added(positions: str) -> None:
    """Devlin et al. 2019, figure 2: token, segment and position."""
    matrix = nn.Embedding(9, 4)
    plain, embedding = Embedding(config(positions=positions), matrix), Embedding(config(positions=positions), matrix, 2)
    with torch.no_grad():
        embedding.segments.weight.copy_(torch.tensor([[1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0]]))
    ids = torch.tensor([[3, 3, 7]])
    added = embedding.segments.weight[[0, 1, 1]]
    torch.testing.assert_close(embedding(ids, kinds=torch.tensor([[0, 1, 1]])), plain(ids) + added)


def test_the_sum_is_normalised_where_asked() -> None:
    """By its mean and deviation, over the width."""
    matrix = nn.Embedding(9, 4)
    embedding = Embedding(config(embedding_norm=True, scale_embeddings=False, positions="rotary", eps=1e-12), matrix)
    row = matrix.weight[7]
    expected = (row - row.mean()) / row.var(correction=0).sqrt()
    torch.testing.assert_close(embedding(torch.tensor([[7]]))[0, 0], expected)
