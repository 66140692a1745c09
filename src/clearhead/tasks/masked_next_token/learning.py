"""What training computes of a model that reads both ways: its vectors, under the mask of the batch."""

from torch import Tensor

from clearhead.data import TwoWayBatch
from clearhead.model import DecoderOnly
from clearhead.model.masks import causal_mask, padding_mask


def hidden_states(model: DecoderOnly, batch: TwoWayBatch) -> Tensor:
    """What goes into the last linear layer, (rows, places, width).

    Source: Charpentier and Samuel 2024, "GPT or BERT: why not both?", section 2.
    """
    return model.hidden_states(batch.ids, _mask(batch), batch.segments)


def _mask(batch: TwoWayBatch) -> Tensor | None:
    if batch.segments is None:
        return padding_mask(batch.ids, batch.padding) if batch.is_masked else None
    # Batches of one shape take each other's place in a step that was recorded once: a tensor says which kind it is.
    # In rows that documents share, `segments` keeps them from each other, and from padding.
    return causal_mask(batch.ids.shape[1], batch.ids.device) | batch.sees_all
