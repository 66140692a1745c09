"""Every initial weight, in one place."""

import torch
from torch import nn

from clearhead.model.positions import Positions


def initialize(model: nn.Module, seed: int) -> None:
    """Draw every weight of `model` from `seed`: the same seed gives the same model, whatever was drawn before.

    Linear layers: Xavier uniform (Glorot and Bengio 2010), as in tensor2tensor, with biases of 0. Embeddings: normal
    with deviation 1/√d_model, so that they have deviation 1 after their scaling by √d_model, like the positions that
    are added to them. Normalisations begin as the identity. A model on torch's meta device has no numbers to draw.
    """
    if any(one.is_meta for one in model.parameters()):
        return
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight, generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=module.embedding_dim**-0.5, generator=generator)
            elif isinstance(module, Positions) and isinstance(module.table, nn.Parameter):
                nn.init.normal_(module.table, std=module.table.shape[1] ** -0.5, generator=generator)
            elif isinstance(module, nn.LayerNorm | nn.RMSNorm):
                module.reset_parameters()
