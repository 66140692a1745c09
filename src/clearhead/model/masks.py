"""The only place where a mask is made. True means "may attend", everywhere."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor


class Masks(NamedTuple):
    """What may attend to what in an encoder-decoder.

    source: which source positions may be attended to, by the encoder and by the decoder's encoder-decoder attention.
    target: which target positions each target position may attend to: itself and those before it.
    """

    source: Bool[Tensor, "sentences 1 1 source"]
    target: Bool[Tensor, "1 1 target target"]


def masks_for(
    source: Int[Tensor, "sentences source"], target: Int[Tensor, "sentences target"], padding: int = 0
) -> Masks:
    """The masks of a batch in which each sentence's padding stands at its end.

    The target needs no padding mask: padding comes after every real position, which the causal mask already hides.
    """
    return Masks(padding_mask(source, padding), causal_mask(target.shape[1], target.device))


def padding_mask(ids: Int[Tensor, "sentences length"], padding: int = 0) -> Bool[Tensor, "sentences 1 1 length"]:
    """Every token may be attended to, padding may not."""
    return (ids != padding)[:, None, None, :]


def causal_mask(length: int, device: torch.device | None = None) -> Bool[Tensor, "1 1 length length"]:
    """Each position may attend to itself and to those before it (section 3.2.3: no leftward information flow)."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()[None, None]
