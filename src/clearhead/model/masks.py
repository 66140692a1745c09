"""The only place where a mask is made. True means "may attend", everywhere."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int, Shaped
from torch import Tensor


class Masks(NamedTuple):
    """What may attend to what in an encoder-decoder.

    source: which source positions each source position may attend to.
    target: which target positions each target position may attend to: itself and those before it.
    memory: which source positions each target position may attend to, in encoder-decoder attention.
    """

    source: Bool[Tensor, "sentences 1 #source source"]
    target: Bool[Tensor, "#sentences 1 target target"]
    memory: Bool[Tensor, "sentences 1 #target source"]


class Segments(NamedTuple):
    """Which of the pairs that share a row each of its places belongs to: 1, 2, … in their order, 0 where padding is."""

    source: Int[Tensor, "rows source"]
    target: Int[Tensor, "rows target"]


def masks_for(source: Int[Tensor, "sentences source"], target: Int[Tensor, "sentences target"], padding: int) -> Masks:
    """The masks of a batch in which each sentence's padding, the tokenizer's id of that name, stands at its end.

    The target needs no padding mask: padding comes after every real position, which the causal mask already hides.
    """
    mask = padding_mask(source, padding)
    return Masks(mask, causal_mask(target.shape[1], target.device), mask)


def unpadded_masks(source: Int[Tensor, "sentences source"], target: Int[Tensor, "sentences target"]) -> Masks:
    """The masks of sentences that fill their rows, as one alone does: whatever its ids are, none is padding."""
    every = full_mask(source)
    return Masks(every, causal_mask(target.shape[1], target.device), every)


def full_mask(rows: Shaped[Tensor, "rows length *width"]) -> Bool[Tensor, "rows 1 1 length"]:
    """Every place may be attended to: rows that their tokens fill, given by these or by their vectors."""
    return torch.ones(rows.shape[:2], dtype=torch.bool, device=rows.device)[:, None, None, :]


def packed_masks(segments: Segments) -> Masks:
    """The masks of rows that hold several pairs each: nothing attends beyond its own pair.

    Padding attends to padding, and from the target to every source place, so that no place may attend to nothing: that
    would be 0/0. No real place attends to padding, and no loss comes from it, so it has no part in any gradient.
    """
    source, target = segments
    causal = causal_mask(target.shape[1], target.device)
    memory = _same(target, source) | (target == 0)[:, None, :, None]
    return Masks(_same(source, source), segments_mask(target, causal), memory)


def segments_mask(
    segments: Int[Tensor, "rows length"], mask: Bool[Tensor, "#rows 1 #length length"]
) -> Bool[Tensor, "rows 1 length length"]:
    """`mask` within each document of a row, and nothing beyond it; padding, segment 0, attends to padding."""
    return _same(segments, segments) & mask


def _same(one: Int[Tensor, "rows queries"], other: Int[Tensor, "rows keys"]) -> Bool[Tensor, "rows 1 queries keys"]:
    return (one[:, :, None] == other[:, None, :])[:, None]


def padding_mask(ids: Int[Tensor, "sentences length"], padding: int) -> Bool[Tensor, "sentences 1 1 length"]:
    """Every token may be attended to, padding may not."""
    return (ids != padding)[:, None, None, :]


def causal_mask(length: int, device: torch.device | None = None) -> Bool[Tensor, "1 1 length length"]:
    """Each position may attend to itself and to those before it (section 3.2.3: no leftward information flow)."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()[None, None]
