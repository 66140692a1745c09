"""Where a translation's tokens looked in their source: the attention of one pass over what a search found."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from clearhead.decoding.batches import batches
from clearhead.errors import DecodingError
from clearhead.model import Masks, causal_mask
from clearhead.model.observed import unseen
from clearhead.runtimes.eager import EagerRuntime, padded
from clearhead.tasks.translation.coverage import Attention
from clearhead.tracing.recorder import twin_of

# A batch's sentences × longest side.
_BATCH_TOKENS: Final = 2048


def attentions(
    model: Any, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], begin: int
) -> list[Attention]:
    """How much each target token attended to each source token as it was predicted: the mean over a layer's heads.

    The layer is the last but one of the decoder, or the only one. Rows add up to 1. All positions are computed at once,
    by PyTorch, whatever runtime found the targets: so each runtime's alignments come about in one way.
    Source: Garg et al. 2019, "Jointly Learning to Align and Translate with Transformer Models", section 3.

    model: an encoder-decoder, or several (`Averaged`), whose mean it is then.
    targets: tokens without begin, an end among them where they have one.
    Raises DecodingError for a model that shows no such weights.
    """
    members = getattr(model, "members", None)
    if members is not None:
        of_each = [attentions(one, sources, targets, begin) for one in members]
        return [np.mean(own, axis=0) for own in zip(*of_each, strict=True)]
    twin, seen = twin_of(model), list[Tensor]()
    attending = _cross_attention(twin)
    before = attending.observer or unseen

    def observe(name: str, tensor: Tensor) -> Tensor:
        tensor = before(name, tensor)
        if name == "weights":
            seen.append(tensor.mean(1, dtype=torch.float32).cpu())
        return tensor

    attending.observer = observe
    device, found = next(model.parameters()).device, dict[int, Attention]()
    widths = [max(map(len, pair)) for pair in zip(sources, targets, strict=True)]
    with EagerRuntime(twin).session():
        for batch in batches(widths, _BATCH_TOKENS):
            source, mask = padded([sources[one] for one in batch], device)
            inputs, _ = padded([[begin, *targets[one][:-1]] for one in batch], device)
            twin(source, inputs, Masks(mask, causal_mask(inputs.shape[1], device), mask))
            if not seen:
                raise DecodingError("the model shows no weights of its attention; leave alignments out")
            weights = seen.pop().numpy()
            for row, one in zip(weights, batch, strict=True):
                found[one] = row[: len(targets[one]), : len(sources[one])]
    return [found[number] for number in range(len(widths))]


def _cross_attention(model: Any) -> Any:
    try:
        layers = model.decoder.layers
        return layers[max(0, len(layers) - 2)].cross_attention
    except AttributeError:
        raise DecodingError("the model has no attention to its source that could be looked at") from None
