"""Whether a model's weights are numbers at all: asked before it translates, whoever computes."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clearhead.errors import DecodingError

if TYPE_CHECKING:
    from torch import nn


def require_numbers(model: "nn.Module") -> None:
    """Raise DecodingError for a model that has shapes and no numbers: tensors on torch's meta device."""
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if tensor.is_meta:
            raise DecodingError(f"{name} is on the meta device, where there are no numbers; load the bundle again")


def require_finite(model: "nn.Module") -> None:
    """Raise DecodingError for a model that holds NaN or an infinite number, and name the tensor.

    Which of them would reach the words depends on the sentence, on the precision and on who computes: a ReLU makes
    nothing of minus infinity, and a row of the embedding counts only where its piece stands.
    """
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if not tensor.is_floating_point() or not tensor.numel() or tensor.is_meta:
            continue
        # In one pass and without a copy; both are NaN where a number is.
        least, greatest = tensor.detach().aminmax()
        _require_between(name, float(least), float(greatest))


def require_finite_array(name: str, array: NDArray[Any]) -> None:
    """The same of one array."""
    if array.size:
        _require_between(name, float(np.min(array)), float(np.max(array)))


def _require_between(name: str, least: float, greatest: float) -> None:
    if not (math.isfinite(least) and math.isfinite(greatest)):
        kind = "NaN" if math.isnan(least) else "an infinite number"
        raise DecodingError(f"{name} holds {kind}: the model's weights are damaged; load another bundle")
