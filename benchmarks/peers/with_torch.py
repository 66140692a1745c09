"""torch.nn.Transformer in a plain loop: the line that a toolkit has to stay ahead of."""

import math

import torch
import torch.nn.functional as F
from plain_loop import train
from task import arguments
from torch import Tensor, nn

task, seconds = arguments()
settings = task.settings


class Model(nn.Module):
    """Pre-norm, one matrix for both embeddings and the output, sinusoidal positions."""

    def __init__(self) -> None:
        super().__init__()
        width = settings["width"]
        self.embedding = nn.Embedding(settings["vocabulary"], width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.transformer = nn.Transformer(
            width, settings["heads"], settings["layers"], settings["layers"], settings["inner_width"],
            settings["dropout"], batch_first=True, norm_first=True,
        )  # fmt: skip
        angles = torch.arange(256)[:, None] / 10_000 ** (torch.arange(0, width, 2) / width)
        self.register_buffer("positions", torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1))

    def embed(self, ids: Tensor) -> Tensor:
        vectors = self.embedding(ids) * math.sqrt(settings["width"]) + self.positions[: ids.shape[1]]
        return F.dropout(vectors, settings["dropout"], self.training)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        shut = source == settings["padding"]
        causal = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        states = self.transformer(
            self.embed(source), self.embed(target), tgt_mask=causal, tgt_is_causal=True,
            src_key_padding_mask=shut, memory_key_padding_mask=shut,
        )  # fmt: skip
        return F.linear(states, self.embedding.weight)


model = Model()
train(model, model, task, seconds)
