"""What training computes of a classifier: vectors and a matrix, of which it makes the logits itself."""

import torch
from jaxtyping import Float
from torch import Tensor

from clearhead.data import LabelledBatch
from clearhead.model import EncoderOnly
from clearhead.model.masks import padding_mask


def pooled_vectors(model: EncoderOnly, batch: LabelledBatch) -> Float[Tensor, "texts 1 width"]:
    """What goes into the classifier, dropped out, one vector for each text.

    Where the classifier has a bias, a 1 stands at the end of each, by which `weight_and_bias` multiplies it.
    """
    assert model.classifier is not None, "the task makes no model without"
    assert model.pooler is not None, "a classifier has one"
    mask = padding_mask(batch.ids, batch.text_padding)
    vectors: Tensor = model.classifier.dropout(model.pooler(model.hidden_states(batch.ids, mask), mask))
    if model.classifier.output.bias is None:
        return vectors
    return torch.cat([vectors, vectors.new_ones(*vectors.shape[:-1], 1)], dim=-1)


def weight_and_bias(model: EncoderOnly) -> Float[Tensor, "classes width"]:
    """The classifier's matrix, with its bias as one column more where it has one."""
    assert model.classifier is not None, "the task makes no model without"
    output = model.classifier.output
    return output.weight if output.bias is None else torch.cat([output.weight, output.bias[:, None]], dim=1)
