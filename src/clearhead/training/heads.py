"""Which weights are a model's heads: what comes after its stacks, for a task of its own."""

from typing import Final

_OF_CLASSES: Final = ("classifier.", "pooler.")
HEADS: Final = (*_OF_CLASSES, "transform.", "output.")


def is_of_head(name: str) -> bool:
    """Whether a weight of this name in model.safetensors is a head's."""
    return name.startswith(HEADS)


def is_of_classes(name: str) -> bool:
    """Whether it is of the head that tells classes, which no other task trains."""
    return name.startswith(_OF_CLASSES)
