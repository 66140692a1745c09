"""What a model holds at a moment, to tell later whether anything about it has changed, however it was changed."""

import ctypes
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from clearhead.model.as_built import Glance
from clearhead.native import library as native

Snapshot = tuple[list[tuple[torch.dtype, torch.Size, torch.device]], int | list[Tensor]]


class Contents:
    """A model's modules, hooks, settings, and every byte of its parameters and buffers.

    A write through `.data`, through a NumPy array or from C leaves no trace in torch's version counters, so that the
    numbers themselves are looked at: on a CPU by a digest in C, at the speed of the memory; else by a copy.
    """

    def __init__(self, model: nn.Module) -> None:
        self._glance = Glance(model)
        self._snapshot = _snapshot(self._glance.tensors, keep=True)

    def hold(self) -> bool:
        """Whether the model is the same still."""
        return self._glance.holds() and self._is_same()

    def _is_same(self) -> bool:
        before, after = self._snapshot, _snapshot(self._glance.tensors, keep=False)
        if before[0] != after[0]:
            return False
        if isinstance(before[1], int) or isinstance(after[1], int):
            return before[1] == after[1]
        # One answer is read of a device, and not one for each tensor.
        pairs = zip(before[1], after[1], strict=True)
        return not bool(torch.stack([(one != other).any() for one, other in pairs]).any())


def _snapshot(tensors: Sequence[Tensor], keep: bool) -> Snapshot:
    """What kinds of tensors these are, and the digest of their numbers, or where C is not to be had these, as bytes."""
    kinds = [(one.dtype, one.shape, one.device) for one in tensors]
    on_cpu = all(one.device.type == "cpu" for one in tensors)
    library = native.library() if on_cpu else None
    tensors = [one if one.is_contiguous() else one.contiguous() for one in tensors]
    if library is not None:
        pointers = (ctypes.c_void_p * len(tensors))(*(one.data_ptr() for one in tensors))
        sizes = (ctypes.c_int64 * len(tensors))(*(one.nbytes for one in tensors))
        return kinds, int(library.digest(pointers, sizes, len(tensors)))
    with torch.inference_mode():
        raw = [one.detach().reshape(-1).view(torch.uint8) for one in tensors]
        return kinds, [one.clone() for one in raw] if keep else raw
