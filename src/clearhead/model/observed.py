"""The seam through which a run is seen: modules show their tensors to an observer, if there is one."""

from collections.abc import Callable

from torch import Tensor, nn

See = Callable[[str, Tensor], Tensor]


def unseen(name: str, tensor: Tensor) -> Tensor:
    """What `see` is while nobody watches: the tensor goes on."""
    return tensor


class Observed(nn.Module):
    """A module that can be watched.

    The observer is called with a tensor's name and the tensor, and returns the tensor that goes on: a recorder returns
    it unchanged, an experiment may return another. Being a class attribute, it is off by default, costs nothing, and is
    in no state dict; a watcher sets it on the modules of one model.
    """

    observer: See | None = None

    def see(self, name: str, tensor: Tensor) -> Tensor:
        return tensor if self.observer is None else self.observer(name, tensor)
