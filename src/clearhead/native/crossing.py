"""Whatever goes from Python into C is checked here: C believes every pointer and every size that it is given.

Shapes and kinds of numbers are checked before a call; C itself looks at the ids, rows and positions inside and refuses
what it has not, by a number that `require_done` turns into an error.
"""

import operator
from ctypes import addressof, c_char
from typing import Any, SupportsIndex, cast

import numpy as np
from numpy.typing import NDArray

from clearhead.errors import DecodingError

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
INT32, INT64, UINT8 = np.dtype(np.int32), np.dtype(np.int64), np.dtype(np.uint8)
Array = NDArray[Any]

# `enum refusal` of exports.h.
_NO_MEMORY = -1
_REFUSED = {
    -2: "an id is outside of the vocabulary; use the tokenizer that the model was trained with",
    -3: "that is more positions than the model or the search has; ask for fewer",
    -4: "there is no such row; name rows that were there after the step before",
    -5: "a size or a number of threads, rows or choices is not from 1 to what there are; give another",
}
_LARGEST = 2**31 - 1


def numbers(values: object, dtype: np.dtype[Any]) -> Array:
    """Numbers of Python's as C reads them. Raises DecodingError where they are none of this kind."""
    try:
        found = np.array(values)
        if found.size and found.dtype.kind not in "iu":
            raise TypeError(f"they are {found.dtype}")
        made = found.astype(dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise _unreadable(dtype, str(error).partition("\n")[0]) from None
    if found.size and not (made == found).all():
        raise _unreadable(dtype, "one is too large")
    return made


def _unreadable(dtype: np.dtype[Any], reason: str) -> DecodingError:
    return DecodingError(f"ids or lengths cannot be read as {dtype} ({reason}); give whole numbers")


def ordered(what: str, array: object, dimensions: int) -> Array:
    """The array with its numbers one after the other. Raises DecodingError for what is none of so many dimensions."""
    if isinstance(array, np.ndarray) and array.ndim == dimensions:
        return array if array.flags.c_contiguous else array.copy()
    raise DecodingError(f"{what}: expected an array of {dimensions} dimensions, not {_described(array)}")


def pointer(what: str, array: object, dtype: np.dtype[Any], *shape: int) -> int:
    """Where an array's numbers stand, once it is known to be what C takes it for.

    Raises DecodingError for another kind of number or shape, or where the numbers do not follow each other.
    """
    if isinstance(array, np.ndarray) and array.dtype == dtype and array.shape == shape:
        flags = array.flags
        if flags.carray or (flags.c_contiguous and flags.aligned):
            return address(array)
    expected = f"expected {dtype} of shape {shape}, contiguous"
    raise DecodingError(f"{what}: the compiled functions cannot take {_described(array)}; {expected}")


def address(array: Array) -> int:
    """Where its numbers stand. Of what may be written to, in a quarter of the time that `array.ctypes` takes."""
    if array.flags.carray and array.size:
        return addressof(c_char.from_buffer(array))  # type: ignore[arg-type]
    return int(array.ctypes.data)


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
    if not isinstance(value, np.ndarray):
        return " ".join(repr(value)[:80].split())
    text = f"{value.dtype} of shape {value.shape}"
    if not value.size or value.dtype.kind not in "biuf":
        return text
    return text + f" from {value.min()} to {value.max()}"
