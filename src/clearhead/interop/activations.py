"""What transformers calls activation functions. Exact and approximated GELU differ by 5e-4, and are kept apart."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from clearhead.model.config import Activation

ACTIVATIONS: Final[Mapping[str, Activation]] = MappingProxyType(
    {
        "gelu": "gelu", "gelu_new": "gelu-tanh", "gelu_pytorch_tanh": "gelu-tanh", "gelu_fast": "gelu-tanh",
        "relu": "relu", "relu2": "relu2", "silu": "silu", "swish": "silu",
    }
)  # fmt: skip


def first_names(table: Mapping[str, Any]) -> dict[Any, str]:
    """What stands in such a table, with the first of the names that it stands under."""
    return {ours: theirs for theirs, ours in reversed(list(table.items()))}
