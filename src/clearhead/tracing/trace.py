"""A trace: every tensor of one run, the operations that made them, and the search that chose the tokens."""

import contextlib
import dataclasses
import difflib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from clearhead.errors import MissingTensorError, TraceError
from clearhead.files import publish_file
from clearhead.tensor_file import os_errors
from clearhead.text import visible
from clearhead.tracing.families import FAMILIES
from clearhead.tracing.operations import Operation, description_of, key_of
from clearhead.tracing.reading import FORMAT, PARAMETERS, read_stored
from clearhead.tracing.recompute import recompute

TOLERANCE = 1e-5
# What a model may compute in that rounds more than that: the unit roundoff, and the least number with all its digits.
COARSE = {"bfloat16": (2.0**-8, 2.0**-126), "float16": (2.0**-11, 2.0**-14)}
# How much of a sentence stands in a trace's repr, in characters.
_SHOWN = 40


@dataclasses.dataclass(frozen=True)
class Side:
    """A sentence as the model reads it. pieces: for people, one for each id."""

    text: str
    ids: tuple[int, ...]
    pieces: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """What `Trace.check` found of one operation.

    error: the greatest, in shares of the sum of magnitudes. place: where it is, in the tensor of `of`.
    of: the operation that the error is of; usually `operation` itself. The model shows no mean and no variance of its
    normalisations: the trace holds what the check's own formula gave. These are judged by the normalisation too, which
    the model computed by itself and the check computes from these tensors.
    independent: False where no tensor of the model's own was compared: the probabilities, which are no part of it.
    tolerance: 1e-5 for a model in float32. One in bfloat16 or float16 adds (1 + u)^n - 1, for u its unit roundoff and n
    how often it rounds in this operation (`Description.roundings`).
    """

    operation: Operation
    error: float
    place: tuple[int, ...]
    of: Operation
    independent: bool = True
    tolerance: float = TOLERANCE

    @property
    def agrees(self) -> bool:
        return self.error <= self.tolerance


class Trace(Mapping[str, Tensor]):
    """What a model computed for one sentence and one target, or for one text, exactly, in float32; nothing changes.

    sequences: by name. Of an encoder-decoder these are `source`, what the encoder read; `target`, what the decoder
    read, begin first; and `predicted`, what was to follow each of the target's positions, the last one after all of
    them. Of a decoder-only model, `text` and what was to follow it, `predicted`; of an encoder-only one, `text`.
    family: which of these models it is. config: the model's sizes. tree: the nodes of the search (`tree.Node`), none
    where the target was given. parameters: the model's weights by name, where they are at hand.

    A mapping from names to tensors: trace["encoder.layers.0.self_attention.weights"], without a dimension for
    sentences. Two traces are equal only if they are the same object.
    """

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        operations: Sequence[Operation],
        *,
        config: Mapping[str, Any],
        family: str = "encoder-decoder",
        tree: Sequence[Mapping[str, Any]] = (),
        settings: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Tensor] | None = None,
        **sequences: Side,
    ) -> None:
        if family not in FAMILIES or set(sequences) != set(FAMILIES[family].sequences):
            has = "; ".join(f"{name} has {', '.join(one.sequences)}" for name, one in FAMILIES.items())
            raise TraceError(f"no trace of family={str(family)[:40]!r} has sequences {list(sequences)}; {has}")
        self._tensors = dict(tensors)
        self._operations = {one.name: one for one in operations}
        self.family, self.sequences = family, MappingProxyType(sequences)
        self.parameters = MappingProxyType(dict(parameters or {}))
        self.config, known = MappingProxyType(dict(config)), dict(settings or {})
        # The tensors are float32 whatever the model computed in. Its weights tell, and in a file are float32 too.
        kinds = {str(one.dtype).removeprefix("torch.") for one in self.parameters.values()}
        if coarse := [one for one in COARSE if one in kinds]:
            known.setdefault("dtype", coarse[0])
        self.settings = MappingProxyType(known)
        self.tree = tuple(tree)
        # The bundle that made it, for those who show more of the model than this run; no file holds it.
        self.bundle: Any = None

    @property
    def source(self) -> Side:
        """What an encoder-decoder's encoder read. Raises TraceError where the family has none; so do the next three."""
        return self._sequence("source")

    @property
    def target(self) -> Side:
        """What an encoder-decoder's decoder read, begin first."""
        return self._sequence("target")

    @property
    def text(self) -> Side:
        """What a decoder-only or an encoder-only model read."""
        return self._sequence("text")

    @property
    def predicted(self) -> Side:
        """What was to follow each position of the target, or of a decoder-only model's text."""
        return self._sequence("predicted")

    def _sequence(self, name: str) -> Side:
        if name not in self.sequences:
            raise TraceError(
                f"a trace of the family {self.family} has no {name}; it has {' and '.join(self.sequences)}"
            )
        return self.sequences[name]

    def __getitem__(self, name: str) -> Tensor:
        """A copy of the tensor. Raises MissingTensorError, a TraceError and KeyError, where there is none."""
        return self._named(name, self._tensors).clone()

    def part(self, name: str, start: int, count: int) -> tuple[Tensor, tuple[int, ...]]:
        """A copy of `count` of a tensor's numbers, row by row, from number `start` on, and the shape of all of it.

        Of a large tensor that copies no more than is looked at. Raises MissingTensorError where there is none.
        """
        whole: Tensor = self._named(name, self._tensors)
        return whole.flatten()[start : start + count].clone(), tuple(whole.shape)

    def __contains__(self, name: object) -> bool:
        return name in self._tensors

    def __iter__(self) -> Iterator[str]:
        """The tensors' names in reading order."""
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def __repr__(self) -> str:
        model = self.settings.get("model") or f"width={self.config.get('width')}"
        texts = [visible(self.sequences[name].text) for name in FAMILIES[self.family].shown]
        shown = " → ".join(repr(f"{one[:_SHOWN]}…" if len(one) > _SHOWN else one) for one in texts)
        # An encoder-decoder is told by its two texts.
        kind = "" if len(texts) > 1 else f" ({self.family})"
        size = f"{len(self)} tensors, {self.nbytes / 1e6:.1f} MB"
        return f"<Trace of {visible(str(model))}{kind}: {shown}, {size}>"

    @property
    def nbytes(self) -> int:
        """How many bytes its tensors take."""
        return sum(one.nbytes for one in self._tensors.values())

    def attention(
        self, stack: Literal["encoder", "decoder"], layer: int = 0, kind: Literal["self", "cross"] = "self"
    ) -> Tensor:
        """The weights of one attention, (heads, queries, keys); layers count from 0, as in the tensors' names.

        Raises MissingTensorError where the model has no such attention.
        """
        name = f"{stack}.layers.{layer}.{kind}_attention.weights"
        if name not in self:
            there = [one.removesuffix("_attention.weights") for one in self if one.endswith("_attention.weights")]
            raise MissingTensorError(
                f"the trace has no {kind} attention in {str(stack)[:40]!r}, layer={str(layer)[:40]}; it has "
                f"{', '.join(there[:8]) or 'none'}{', …' if there[8:] else ''} (layers count from 0)"
            )
        return self[name]

    def numpy(self) -> dict[str, NDArray[np.float32]]:
        """A copy of every tensor as an array, by name."""
        return {name: tensor.numpy() for name, tensor in self.items()}

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation in reading order: how each tensor came about. What was given (ids, masks) has none."""
        return tuple(self._operations.values())

    def operation(self, name: str) -> Operation:
        """The operation that made a tensor. Raises MissingTensorError where there is none."""
        found: Operation = self._named(name, self._operations)
        return found

    @property
    def size(self) -> int:
        """Deprecated: see `nbytes`."""
        _warn_of("size", "nbytes")
        return self.nbytes

    def steps(self) -> tuple[Operation, ...]:
        """Deprecated: see `operations`."""
        _warn_of("steps()", "operations")
        return self.operations

    def step(self, name: str) -> Operation:
        """Deprecated: see `operation`."""
        _warn_of("step(name)", "operation(name)")
        return self.operation(name)

    def check(self, parameters: nn.Module | Mapping[str, Tensor] | None = None) -> tuple[CheckResult, ...]:
        """Recompute every operation, in float64, from the tensors and weights before it.

        An operation agrees if each of its numbers is within 1e-5 of the sum of magnitudes that it was added up from; of
        a model in bfloat16 or float16 by as much more as it rounds (`CheckResult.tolerance`).
        parameters: the model, or its weights by name, where the trace came from a file without them.
        Raises TraceError without any, or for an operation that this does not know, such as a new activation.
        """
        weights = self.parameters if parameters is None else _weights_of(parameters)
        needed = {name for one in self.operations for name in one.parameters}
        if missing := needed - weights.keys():
            raise TraceError(
                f"the trace was read without its model's weights ({len(missing)} are missing, such as {min(missing)}); "
                "give its model: trace.check(bundle.model), or save it with weights=True"
            )
        found = {one.name: self._compare(one, weights) for one in self.operations}
        return tuple(one if one.operation.is_shown else self._through(one, found) for one in found.values())

    def _through(self, own: CheckResult, found: Mapping[str, CheckResult]) -> CheckResult:
        """What was found of an operation that is not shown: the worse of its own error and that of its reader."""
        readers = [
            one for one in found.values() if one.operation.is_shown and own.operation.name in one.operation.inputs
        ]
        worst = max([own, *readers], key=lambda one: one.error / one.tolerance)
        return dataclasses.replace(worst, operation=own.operation, of=worst.operation, independent=bool(readers))

    def _compare(self, operation: Operation, parameters: Mapping[str, Tensor]) -> CheckResult:
        try:
            expected, magnitude = recompute(operation, self._tensors, parameters)
        except (RuntimeError, IndexError, ValueError, TypeError, AttributeError) as refused:
            problem = " ".join(str(refused).split())[:200]
            raise TraceError(
                f"{operation.name} cannot be computed with these weights ({problem}); "
                "give those of the trace's own model"
            ) from refused
        found = self._tensors[operation.name].double()
        unit, least = COARSE.get(str(self.settings.get("dtype")), (0.0, 0.0))
        tolerance = TOLERANCE + ((1 + unit) ** description_of(operation).roundings - 1)
        if found.shape != expected.shape:
            return CheckResult(operation, float("inf"), (), operation)
        # Equal infinities, which masking makes, differ by nothing; and nothing is compared with a magnitude of 0.
        error = torch.where(found == expected, 0.0, (found - expected).abs() / magnitude.clamp(min=max(least, 1e-30)))
        error = error.nan_to_num(nan=float("inf"), posinf=float("inf"))
        place = torch.unravel_index(error.argmax(), error.shape)
        return CheckResult(operation, float(error.max()), tuple(map(int, place)), operation, tolerance=tolerance)

    def save(self, path: str | Path, weights: bool = False) -> None:
        """Write one .safetensors file, whole or not at all; `weights`: with the parameters that its operations need."""
        tensors = {name: tensor.contiguous() for name, tensor in self._tensors.items()}
        if weights:
            needed = {name for one in self.operations for name in one.parameters}
            if missing := needed - self.parameters.keys():
                raise TraceError(f"the trace is without its model's weights, such as {min(missing)}; leave weights out")
            tensors |= {
                f"{PARAMETERS}{name}": self.parameters[name].detach().float().clone() for name in sorted(needed)
            }
        document = json.dumps(self.document(), ensure_ascii=False)
        with publish_file(Path(path)) as draft, os_errors(draft):
            save_file(tensors, draft, {"clearhead": document})

    def document(self) -> dict[str, Any]:
        """All but the tensors, as JSON: what the page reads first."""
        return {
            "format": FORMAT,
            "family": self.family,
            "config": dict(self.config),
            "settings": dict(self.settings),
            **{name: dataclasses.asdict(one) for name, one in self.sequences.items()},
            "shapes": {name: list(tensor.shape) for name, tensor in self._tensors.items()},
            "operations": [{**one.as_json(), "description": key_of(one)} for one in self.operations],
            "descriptions": self._descriptions(),
            "tree": [dict(node) for node in self.tree],
        }

    def _descriptions(self) -> dict[str, dict[str, Any]]:
        """How each kind of operation is computed, for the page; those that nobody described are left out."""
        found = {}
        for one in {key_of(one): one for one in self.operations}.values():
            with contextlib.suppress(TraceError):
                found[key_of(one)] = description_of(one).as_json()
        return found

    @classmethod
    def load(cls, path: str | Path) -> "Trace":
        """Read what `save` wrote; nothing in the file is trusted.

        Raises TraceError for a file that is something else, damaged, or of a newer clearhead.
        """
        stored = read_stored(Path(path))
        return cls(
            stored.tensors,
            stored.operations,
            **{name: Side(*one) for name, one in stored.sequences.items()},
            config=stored.config,
            family=stored.family,
            tree=stored.tree,
            settings=stored.settings,
            parameters=stored.parameters,
        )

    def _named(self, name: str, among: Mapping[str, Any]) -> Any:
        try:
            return among[name]
        except (KeyError, TypeError):
            asked = str(name)[:200]
            near = difflib.get_close_matches(asked, among, n=3)
            hint = f"did you mean {', '.join(near[:-1])}{' or ' * (len(near) > 1)}{near[-1]}?" if near else ""
            raise MissingTensorError(f"the trace has no {asked!r}; {hint or 'list(trace) names them all'}") from None


def _weights_of(given: nn.Module | Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Each under every name that it has: an embedding may be the output layer's matrix as well."""
    if isinstance(given, nn.Module):
        return dict(given.named_parameters(remove_duplicate=False))
    if not isinstance(given, Mapping):
        raise TraceError(f"parameters={repr(given)[:60]} is neither a model nor its weights; give bundle.model")
    return given


def _warn_of(old: str, new: str) -> None:
    warnings.warn(f"trace.{old} is now trace.{new}; the old name goes with the next release", DeprecationWarning, 3)
