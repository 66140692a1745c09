"""What training computes of a masked language model: vectors and a matrix, of which it makes the logits itself."""

from torch import Tensor

from clearhead.data import MaskedBatch
from clearhead.model import EncoderOnly
from clearhead.model.masks import padding_mask
from clearhead.tasks import output_bias
from clearhead.tasks.output_bias import with_one


def predicting_vectors(model: EncoderOnly, batch: MaskedBatch) -> Tensor:
    """What goes into the last linear layer, (places, width): at the places that are predicted alone.

    Where that layer has a bias, a 1 stands at the end of each, by which `weight_and_bias` multiplies it.
    """
    mask = padding_mask(batch.ids, batch.padding) if batch.segments is None else None
    states = model.hidden_states(batch.ids, mask, segments=batch.segments)
    vectors = model.masked_vectors(states, batch.places)
    return with_one(vectors, None if model.output is None else model.output.bias)


def weight_and_bias(model: EncoderOnly) -> Tensor:
    """The matrix of the last linear layer, (vocabulary, width), with its bias as one column more where it has one."""
    assert model.output is not None, "the task has refused a model without"
    return output_bias.weight_and_bias(model.output.matrix.weight, model.output.bias)
