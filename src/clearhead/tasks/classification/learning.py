"""What training computes of a classifier: vectors and a matrix, of which it makes the logits itself."""

from jaxtyping import Float
from torch import Tensor

from clearhead.data import LabelledBatch
from clearhead.model import EncoderOnly
from clearhead.model.masks import padding_mask
from clearhead.tasks import output_bias
from clearhead.tasks.output_bias import with_one


def pooled_vectors(model: EncoderOnly, batch: LabelledBatch) -> Float[Tensor, "texts 1 width"]:
    """What goes into the classifier, dropped out, one vector for each text.

    Where the classifier has a bias, a 1 stands at the end of each, by which `weight_and_bias` multiplies it.
    """
    assert model.classifier is not None, "the task makes no model without"
    assert model.pooler is not None, "a classifier has one"
    mask = padding_mask(batch.ids, batch.text_padding)
    vectors: Tensor = model.classifier.dropout(model.pooler(model.hidden_states(batch.ids, mask), mask))
    return with_one(vectors, model.classifier.output.bias)


def weight_and_bias(model: EncoderOnly) -> Float[Tensor, "classes width"]:
    """The classifier's matrix, with its bias as one column more where it has one."""
    assert model.classifier is not None, "the task makes no model without"
    output = model.classifier.output
    return output_bias.weight_and_bias(output.weight, output.bias)
