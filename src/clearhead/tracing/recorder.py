"""Watch one run of a model: a copy that shares its weights shows every tensor to a recorder."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from clearhead.errors import TraceError
from clearhead.model import Observed
from clearhead.model.observed import See, unseen
from clearhead.tracing.operations import Operation
from clearhead.tracing.recompute import recompute
from clearhead.tracing.steps import SOURCE_IDS, SOURCE_MASK, TARGET_IDS, TARGET_MASK, steps_of

Watched = TypeVar("Watched", bound=nn.Module)
# What a trace's tensors are, whatever the process makes its tensors of, and where.
_PLAIN: Mapping[str, Any] = {"dtype": torch.float32, "device": "cpu"}


def record(model: Any, source: Sequence[int], target: Sequence[int]) -> dict[str, Tensor]:
    """Every tensor of one forward pass, in float32, under its module's path; in the order of `steps_of`.

    source: ids as the encoder reads them, end included. target: ids as the decoder reads them, begin first; all its
    positions at once under the mask, so that row t of a tensor is the decoder's time step t.

    The model itself is not touched: others may translate with it meanwhile.
    Raises TraceError for a model that lacks a part, or has another in its place that shows less.
    """
    seen: dict[str, Tensor] = {}
    twin = watched(model, seen)
    device = next(model.parameters()).device
    with torch.inference_mode():
        twin(torch.tensor([list(source)], device=device), torch.tensor([list(target)], device=device))
    # One sentence has no padding: every source position may be attended to.
    tensors = {
        SOURCE_IDS: torch.tensor(source, **_PLAIN),
        TARGET_IDS: torch.tensor(target, **_PLAIN),
        SOURCE_MASK: torch.ones(1, len(source), **_PLAIN),
        TARGET_MASK: torch.ones(len(target), len(target), **_PLAIN).tril(),
    }
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for one in steps_of(model.config):
        try:
            tensors[one.name] = seen[one.name] if one.is_shown else _unseen(one, tensors, parameters)
        except KeyError:
            raise TraceError(
                f"the model does not show {one.name}, which a model of its config computes; show it with `see` in what "
                "was put into its place, or trace a model whose parts are those of its config"
            ) from None
    return tensors


def watched(model: Watched, seen: dict[str, Tensor]) -> Watched:
    """A copy of the model, its parameters and buffers the same in memory, that records what it computes into `seen`.

    What an observer of the model's own returns goes on, as when it translates, and is what is recorded.
    """
    observers = [module.observer for module in model.modules() if isinstance(module, Observed) and module.observer]
    shared = [*model.parameters(), *model.buffers(), *observers]
    twin = copy.deepcopy(model, {id(one): one for one in shared}).eval()
    for path, module in twin.named_modules():
        if isinstance(module, Observed):
            module.observer = _keep_under(path, seen, module.observer or unseen)
    return twin


def _keep_under(path: str, seen: dict[str, Tensor], before: See) -> See:
    def keep(name: str, tensor: Tensor) -> Tensor:
        tensor = before(name, tensor)
        # Positions are the same for every sentence; all else has one, here of one sentence.
        whole = tensor if name == "positions" else tensor[0]
        seen[f"{path}.{name}"] = whole.detach().float().cpu().clone(memory_format=torch.contiguous_format)
        return tensor

    return keep


def _unseen(operation: Operation, tensors: Mapping[str, Tensor], parameters: Mapping[str, Tensor]) -> Tensor:
    """What the model computes inside one operation, such as the mean of a normalisation, or not at all."""
    return recompute(operation, tensors, parameters).value.float()
