"""clearhead's own model in a plain loop: nn.Linear, torch's attention and dropout, and a loss of all logits at once.

What stands in their place in clearhead is what its speed comes from. Runs in clearhead's environment.
"""

import sys
from collections.abc import Sequence
from unittest.mock import patch

import torch.nn.functional as F
from plain_loop import train
from task import arguments
from torch import Tensor, nn

from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.model.dropout import Dropout
from clearhead.model.linear import Linear


def one_by_one(inputs: Tensor, layers: Sequence[nn.Module]) -> tuple[Tensor, ...]:
    return tuple(layer(inputs) for layer in layers)


def torch_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: float = 0.0) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)


def make_plain(module: nn.Module) -> None:
    """Put torch's layers in the place of clearhead's, with the same parameters."""
    for name, child in module.named_children():
        if isinstance(child, Linear):
            outputs, inputs = child.weight.shape
            layer = nn.Linear(inputs, outputs)
            layer.weight, layer.bias = child.weight, child.bias
            setattr(module, name, layer)
        elif isinstance(child, Dropout):
            setattr(module, name, nn.Dropout(child.rate))
        else:
            make_plain(child)


task, seconds = arguments()
settings = task.settings
model = EncoderDecoder(
    TransformerConfig(
        source_vocabulary=settings["vocabulary"], target_vocabulary=settings["vocabulary"], width=settings["width"],
        heads=settings["heads"], inner_width=settings["inner_width"], encoder_layers=settings["layers"],
        decoder_layers=settings["layers"], dropout=settings["dropout"], norm_placement=settings["norm_placement"],
    )
).train()  # fmt: skip
make_plain(model)
# `patch` complains where there is nothing to be replaced.
attention = sys.modules["clearhead.model.attention"]
with patch.multiple(attention, fused_linear=one_by_one, fused_attention=torch_attention):
    train(model, model, task, seconds)
