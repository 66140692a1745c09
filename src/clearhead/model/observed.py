"""The seam through which a run is seen: modules show their tensors to an observer, if there is one."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from torch import Tensor, nn

See = Callable[[str, Tensor], Tensor]


class Made(NamedTuple):
    """How a tensor comes about, as the module says that shows it.

    name: the tensor's, within the module; "" for another form of its only input, which keeps its name.
    tensor: None where the model does not compute it by itself, such as the mean inside a normalisation.
    operation: a kind that `tracing.operations` describes; "" where the tensor was given to the model.
    inputs: the tensors that it is made of, as they were shown or given.
    weights: the name of the module whose parameters it is made of. settings: the operation's constants.
    """

    name: str
    tensor: Tensor | None
    operation: str
    inputs: tuple[Tensor | None, ...]
    weights: str
    settings: Mapping[str, Any]


# Returns the tensor that later ones may name among their inputs.
Listen = Callable[[Made], Tensor | None]


def unseen(name: str, tensor: Tensor, *made_of: Any, **how: Any) -> Tensor:
    """What `see` is while nobody watches: the tensor goes on."""
    return tensor


class Observed(nn.Module):
    """A module that can be watched.

    The observer is called with a tensor's name and the tensor, and returns the tensor that goes on: a recorder returns
    it unchanged, an experiment may return another. The listener is told how each tensor comes about, so that a family
    lists its own operations, in reading order, by being run. Both are class attributes: off by default, they cost
    nothing and are in no state dict; a watcher sets them on the modules of one model.
    """

    observer: See | None = None
    listener: Listen | None = None

    def see(
        self, name: str, tensor: Tensor, operation: str = "", *inputs: Tensor | None, weights: str = "", **settings: Any
    ) -> Tensor:
        """Show a tensor, and say how it came about (`Made`)."""
        if self.observer is None:
            return tensor
        tensor = self.observer(name, tensor)
        if self.listener is not None:
            self.listener(Made(name, tensor, operation, inputs, weights, settings))
        return tensor

    def tell(self, name: str, tensor: Tensor | None, operation: str = "", *inputs: Tensor | None) -> Tensor | None:
        """Tell the listener of a tensor that the model was given, or (None) does not compute by itself."""
        return None if self.listener is None else self.listener(Made(name, tensor, operation, inputs, "", {}))
