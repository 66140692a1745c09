"""torch.nn.Transformer in a plain loop, the line that a toolkit has to stay ahead of; or torch.nn.GRU with attention.

with_torch.py FOLDER SECONDS transformer|recurrent [bf16]
"""

import math
import sys

import torch
import torch.nn.functional as F
from plain_loop import train
from recurrent_model import Recurrent, RecurrentConfig, count, hidden_width_for
from task import arguments
from torch import Tensor, nn

task, seconds = arguments()
settings = task.settings


class Transformer(nn.Module):
    """One matrix for both embeddings and the output, sinusoidal positions."""

    def __init__(self) -> None:
        super().__init__()
        width = settings["width"]
        self.embedding = nn.Embedding(settings["vocabulary"], width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.transformer = nn.Transformer(
            width, settings["heads"], settings["layers"], settings["layers"], settings["inner_width"],
            settings["dropout"], batch_first=True, norm_first=settings["norm_placement"] == "pre",
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


def recurrent() -> Recurrent:
    """Two layers on each side, and states of the width with which it has as many parameters as clearhead's model."""
    vocabulary, width, wanted = settings["vocabulary"], settings["width"], settings["parameters"]
    hidden_width = hidden_width_for(wanted, vocabulary, width)
    model = Recurrent(RecurrentConfig(vocabulary, width, hidden_width, dropout=settings["dropout"]))
    print(f"{count(model):,} parameters, clearhead's model {wanted:,}; states of {hidden_width}", file=sys.stderr)
    return model


model = {"transformer": Transformer, "recurrent": recurrent}[sys.argv[3]]()
train(model, model, task, seconds)
