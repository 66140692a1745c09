"""Watch one run of a model: a copy that shares its weights shows every tensor to a recorder."""

import copy
from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from clearhead.errors import TraceError
from clearhead.model import Observed
from clearhead.model.observed import Listen, Made, See, unseen
from clearhead.tracing.outline import as_traced, outline, tensor_shapes
from clearhead.tracing.recompute import recompute

Watched = TypeVar("Watched", bound=nn.Module)


def record(model: Any, *sequences: Sequence[int], **given: Sequence[int] | Tensor) -> dict[str, Tensor]:
    """Every tensor of one forward pass, in float32, under its module's path: what was given, then in reading order.

    sequences: ids, for an encoder-decoder those that the encoder reads, end included, and those that the decoder reads,
    begin first; all positions at once under the mask, so that row t of a tensor is the decoder's time step t.
    given: other arguments of the model, such as the `kinds` of an encoder-only model's tokens; a mask is a tensor.

    What the model computes inside one operation, such as the mean of a normalisation, or not at all, is computed by the
    operation's description. The model itself is not touched: others may translate with it meanwhile.
    Raises TraceError for a model that lacks a part, or has another in its place that shows less, and for a mask of
    another shape than the family's traces have: a row for each place, of an encoder-only model one for all.
    """
    seen: dict[str, Tensor] = {}
    twin = watched(model, seen)
    device = next(model.parameters()).device
    with torch.inference_mode():
        told = {name: one if isinstance(one, Tensor) else torch.tensor([list(one)]) for name, one in given.items()}
        ids = (torch.tensor([list(one)], device=device) for one in sequences)
        twin(*ids, **{name: one.to(device) for name, one in told.items()})
    known, parameters = outline(model.config), dict(model.named_parameters(remove_duplicate=False))
    shown = [*known.given, *(one.name for one in known.operations if one.is_shown)]
    if missing := next((name for name in shown if name not in seen), None):
        raise TraceError(
            f"the model does not show {missing}, which a model of its config computes; show it with `see` in what was "
            "put into its place, or trace a model whose parts are those of its config"
        )
    expected = tensor_shapes(model.config, *map(len, sequences))
    if unfit := next((name for name in known.given if tuple(seen[name].shape) != expected[name]), None):
        raise TraceError(
            f"{unfit} has shape {tuple(seen[unfit].shape)} in this run, but {expected[unfit]} in such a model's "
            "traces; give it so, or leave it out"
        )
    tensors = {name: seen[name] for name in known.given}
    for one in known.operations:
        tensors[one.name] = seen[one.name] if one.is_shown else recompute(one, tensors, parameters).value.float()
    return tensors


def watched(model: Watched, seen: dict[str, Tensor]) -> Watched:
    """A copy of the model, its parameters and buffers the same in memory, that records what it computes into `seen`.

    What an observer of the model's own returns goes on, as when it translates, and is what is recorded.
    """
    twin = twin_of(model)
    for path, module in twin.named_modules():
        if isinstance(module, Observed):
            module.observer, module.listener = _keep_under(path, seen, module.observer or unseen)
    return twin


def twin_of(model: Watched) -> Watched:
    """A copy of the model that does not train, its parameters, buffers and observers the same: to be watched."""
    observers = [module.observer for module in model.modules() if isinstance(module, Observed) and module.observer]
    shared = [*model.parameters(), *model.buffers(), *observers]
    return copy.deepcopy(model, {id(one): one for one in shared}).eval()


def _keep_under(path: str, seen: dict[str, Tensor], before: See) -> tuple[See, Listen]:
    """What keeps what a module shows, after its own observer, and what keeps what it was given."""

    def keep(name: str, tensor: Tensor) -> None:
        # Positions are shown under the name of their operation.
        whole = as_traced(tensor.detach(), name)
        # float32 in this machine's memory, whatever the process makes its tensors of, and where.
        seen[f"{path}.{name}" if path else name] = whole.float().cpu().clone(memory_format=torch.contiguous_format)

    def observe(name: str, tensor: Tensor) -> Tensor:
        tensor = before(name, tensor)
        keep(name, tensor)
        return tensor

    def listen(made: Made) -> Tensor | None:
        if made.name and not made.operation and made.tensor is not None:
            keep(made.name, made.tensor)
        return made.tensor

    return observe, listen
