"""Which weights are a model's heads: what comes after its stacks, for a task of its own."""

from typing import Final

HEADS: Final = ("classifier.", "pooler.", "transform.", "output.")


def is_of_head(name: str) -> bool:
    """Whether a weight of this name in model.safetensors is a head's."""
    return name.startswith(HEADS)
