"""Whether a model is still what its class built, but for its weights: nothing listens to it, nothing was put in place.

What computes the same faster than these modules may serve only then.
"""

import importlib
import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from clearhead.model.observed import Observed

Structure = tuple[tuple[Any, ...], ...]

# What torch keeps in every module. Of these, what listens to a call is looked at by name.
_TORCHS = frozenset(vars(nn.Module()))
_LISTENERS = "_forward_hooks", "_forward_pre_hooks"
# What only says how a module trains, or what was built.
_TRAINING = frozenset({"rate", "dropout", "matmul_dtype", "as_built"})


def structure_of(model: nn.Module) -> Structure:
    """Every module's path, class, settings, and the names and shapes of its tensors, in the order of `named_modules`.

    A setting is whatever else lies in a module, such as a number or a function; an observer that is None is none.
    """
    return tuple((path, type(module), _settings(module), _shapes(module)) for path, module in model.named_modules())


def departure(model: nn.Module) -> str | None:
    """The first thing that makes a model more than its class and its weights, in a few words; None where none does.

    That is a hook, also one on every module of the program; an observer; another module, function, setting or size
    than its class built; and an edited function of this package, of torch's layers or of `torch.nn.functional`.
    """
    if is_heard_or_edited():
        return "a hook on every module, or an edited function"
    for path, module in model.named_modules():
        if any(getattr(module, name) for name in _LISTENERS):
            return f"a hook on {path or 'the model'}"
        if isinstance(module, Observed) and module.observer is not None:
            return f"an observer on {path or 'the model'}"
    built: Structure | None = getattr(model, "as_built", None)
    if built is None:
        return f"a {type(model).__name__}"
    found = structure_of(model)
    for one, other in zip(found, built, strict=False):
        if not _equal(one, other):
            return f"another {one[0] or 'model'}"
    return None if len(found) == len(built) else "more or fewer modules"


def is_heard_or_edited() -> bool:
    """Whether somebody listens to every module, or a function is another than when clearhead was imported."""
    everywhere = nn.modules.module._has_any_global_hook()  # type: ignore[no-untyped-call]
    return bool(everywhere) or _is_edited()


def _is_edited() -> bool:
    try:
        return any(look(owner) != found for look, owner, found in _CODE)
    except AttributeError:
        return True


class Glance:
    """A model's modules, hooks and settings at a moment, held against those of a later one in some microseconds.

    Which tensors it has is part of it, and what is in them is not.
    """

    def __init__(self, model: nn.Module) -> None:
        modules = list(model.modules())
        listeners = [vars(module)[name] for module in modules for name in _LISTENERS]
        self._others = [*map(vars, modules), *(module._modules for module in modules), *listeners]
        self._tensors = [one for module in modules for one in (module._parameters, module._buffers)]
        self._found, self._found_tensors = list(_values(self._others)), list(_values(self._tensors))

    def holds(self) -> bool:
        """Whether each of them is still there, and no other."""
        try:
            same = list(_values(self._others)) == self._found
        except RuntimeError:  # A tensor stands where a setting stood.
            return False
        now = list(_values(self._tensors))
        return same and len(now) == len(self._found_tensors) and all(map(operator.is_, now, self._found_tensors))

    @property
    def tensors(self) -> list[Tensor]:
        """Every parameter and buffer, shared ones once."""
        return list({id(one): one for one in self._found_tensors if one is not None}.values())


def _values(dictionaries: Iterable[Mapping[Any, Any]]) -> Iterator[Any]:
    return itertools.chain.from_iterable(map(operator.methodcaller("values"), dictionaries))


def _settings(module: nn.Module) -> tuple[tuple[str, Any], ...]:
    own = ((name, value) for name, value in vars(module).items() if name not in _TORCHS and name not in _TRAINING)
    kept = [(name, value) for name, value in own if name != "observer" or value is not None]
    # By name: what was taken away and put back, as an adapter is, stands last.
    return tuple(sorted(kept, key=operator.itemgetter(0)))


def _shapes(module: nn.Module) -> tuple[tuple[str, Any], ...]:
    tensors = (*module._parameters.items(), *module._buffers.items())
    return tuple((name, None if one is None else tuple(one.shape)) for name, one in tensors)


def _equal(one: object, other: object) -> bool:
    try:
        return bool(one == other)
    except (RuntimeError, ValueError):  # Of tensors and arrays, whose comparison is no yes or no.
        return False


def remember(owner: ModuleType | type) -> None:
    """Take the functions of a module or a class as they are now for those that were imported."""
    names = [name for name in dir(owner) if not name.startswith("__") and callable(getattr(owner, name))]
    if isinstance(owner, type):
        names = [name for name in names if name in vars(owner) or name in _CALLED]
        names += ["observer"] * issubclass(owner, Observed)
    if len(names) > 1:
        look = operator.attrgetter(*names)
        _CODE.append((look, owner, look(owner)))


# How any module is called.
_CALLED = "forward", "see", "_call_impl", "_wrapped_call_impl"
# What finds the functions of an owner, the owner, and what was found.
_CODE: list[tuple[Callable[[Any], Any], ModuleType | type, Any]] = []
# By their paths: of the names of this package, `attention` is a function.
_NAMES = (
    "attention", "blocks", "dropout", "embedding", "feed_forward", "heads", "kernels", "linear", "masks", "norms",
    "position_bias", "positions", "stacks",
)  # fmt: skip
_OURS = [importlib.import_module(f"clearhead.model.{name}") for name in _NAMES]
_TORCHS_OWN: tuple[ModuleType | type, ...] = (F, nn.Module, nn.LayerNorm, nn.RMSNorm, nn.Embedding, nn.Identity)
for _owner in (*_TORCHS_OWN, *_OURS):
    remember(_owner)
for _module in _OURS:
    for _owner in list(vars(_module).values()):
        if isinstance(_owner, type) and _owner.__module__ == _module.__name__:
            remember(_owner)
