"""Whatever goes from Python into C is checked here: C believes every pointer and every size that it is given.

Shapes and kinds of numbers are checked before a call; C itself looks at the ids, rows and positions inside and refuses
what it has not, by a number that `require_done` turns into an error.
"""

import operator
from typing import Any, SupportsIndex, cast

import torch
from torch import Tensor

from clearhead.errors import DecodingError

# `enum refusal` of exports.h.
_NO_MEMORY = -1
_REFUSED = {
    -2: "an id is outside of the vocabulary; use the tokenizer that the model was trained with",
    -3: "that is more positions than the model or the search has; ask for fewer",
    -4: "there is no such row; name rows that were there after the step before",
    -5: "a size or a number of threads, rows or choices is not from 1 to what there are; give another",
}
_LARGEST = 2**31 - 1
_CPU = torch.device("cpu")  # Made once: reading the word takes longer than making a small tensor.


def buffer(*shape: int, dtype: torch.dtype) -> Tensor:
    """Room for C to write to, whatever kind of number and device are the default of the process."""
    return torch.empty(*shape, dtype=dtype, device=_CPU)


def numbers(values: object, dtype: torch.dtype) -> Tensor:
    """Numbers of Python's as C reads them. Raises DecodingError where they are none of this kind."""
    try:
        return torch.tensor(values, dtype=dtype, device="cpu")
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        reason = str(error).partition("\n")[0]
        raise DecodingError(f"ids or lengths cannot be read as {_name(dtype)} ({reason}); give whole numbers") from None


def ordered(what: str, tensor: object, dimensions: int) -> Tensor:
    """The tensor with its numbers one after the other. Raises DecodingError for what is none of so many dimensions."""
    if isinstance(tensor, Tensor) and tensor.dim() == dimensions:
        return tensor.contiguous()
    raise DecodingError(f"{what}: expected a tensor of {dimensions} dimensions, not {_described(tensor)}")


def pointer(what: str, tensor: object, dtype: torch.dtype, *shape: int) -> int:
    """Where a tensor's numbers stand, once it is known to be what C takes it for.

    Raises DecodingError for another kind of number, shape or device, or where the numbers do not follow each other.
    """
    if (
        isinstance(tensor, Tensor)
        and tensor.dtype is dtype
        and tensor.shape == shape
        and tensor.is_cpu
        and tensor.layout is torch.strided
        and tensor.is_contiguous()
        and not tensor.is_neg()
    ):
        return tensor.data_ptr()
    expected = f"expected {_name(dtype)} of shape {shape}, contiguous and on the CPU"
    raise DecodingError(f"{what}: the compiled functions cannot take {_described(tensor)}; {expected}")


def count(what: str, number: object, least: int = 1) -> int:
    """A whole number that C may take for a size. Raises DecodingError for anything else."""
    try:
        whole = operator.index(cast(SupportsIndex, number))
    except TypeError:
        whole = least - 1
    if not least <= whole <= _LARGEST:
        raise DecodingError(f"{what}={number!r} is not a whole number from {least} to {_LARGEST}; give one")
    return whole


def require_done(code: int, what: str, **given: Any) -> None:
    """Raise what a function of C says by the number that it returns: 0 for nothing.

    MemoryError where memory is short, DecodingError where it refuses what was given.
    """
    if code == 0:
        return
    if code == _NO_MEMORY:
        raise MemoryError
    values = ", ".join(f"{name} {_described(value)}" for name, value in given.items())
    raise DecodingError(f"{what} was refused ({values}): {_REFUSED[code]}")


def _described(value: object) -> str:
    if not isinstance(value, Tensor):
        return " ".join(repr(value)[:80].split())
    text = f"{_name(value.dtype)} of shape {tuple(value.shape)} on {value.device}"
    if value.device.type != "cpu" or value.is_complex() or value.layout is not torch.strided or not value.numel():
        return text
    return text + f" from {value.min().item()} to {value.max().item()}"


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
