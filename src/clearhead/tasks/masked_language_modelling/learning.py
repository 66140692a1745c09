"""What training computes of a masked language model: vectors and a matrix, of which it makes the logits itself."""

import torch
from torch import Tensor

from clearhead.data import MaskedBatch
from clearhead.model import EncoderOnly
from clearhead.model.masks import padding_mask


def predicting_vectors(model: EncoderOnly, batch: MaskedBatch) -> Tensor:
    """What goes into the last linear layer, (places, width): at the places that are predicted alone.

    Where that layer has a bias, a 1 stands at the end of each, by which `weight_and_bias` multiplies it.
    """
    mask = padding_mask(batch.ids, batch.padding) if batch.segments is None else None
    states = model.hidden_states(batch.ids, mask, segments=batch.segments)
    vectors = model.masked_vectors(states, batch.places)
    if model.output is None or model.output.bias is None:
        return vectors
    return torch.cat([vectors, vectors.new_ones(len(vectors), 1)], dim=1)


def weight_and_bias(model: EncoderOnly) -> Tensor:
    """The matrix of the last linear layer, (vocabulary, width), with its bias as one column more where it has one."""
    assert model.output is not None, "the task has refused a model without"
    weight, bias = model.output.matrix.weight, model.output.bias
    return weight if bias is None else torch.cat([weight, bias[:, None]], dim=1)
