"""What the rooms above know of a family: they train it, store it and load it, whatever it is for."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor, nn

    import clearhead.data
    import clearhead.tasks.models


@runtime_checkable
class Task(Protocol):
    """A family of models and what it is trained for. It imports torch where a model is at hand, and not before.

    family: its name in recipes and bundles. config_class: what its models are made from.
    """

    @property
    def family(self) -> str: ...
    @property
    def config_class(self) -> type[Any]: ...

    def config(self, sizes: Mapping[str, Any]) -> Any:
        """A config from plain values. Raises TypeError or ConfigError for what are none of this family's."""
        ...

    def new_model(self, config: Any, seed: int = 1) -> "clearhead.tasks.models.Model":
        """A model before its first step."""
        ...

    def hidden_states(self, model: Any, batch: "clearhead.data.Batch") -> "Tensor":
        """What goes into the last linear layer for each place of the batch's targets, (rows, places, width)."""
        ...

    def output_weight(self, model: Any) -> "Tensor":
        """The matrix of the last linear layer, (vocabulary, width)."""
        ...

    def layers(self, model: Any) -> "Sequence[nn.Module]":
        """The blocks of all stacks: what a compiler takes one at a time."""
        ...
