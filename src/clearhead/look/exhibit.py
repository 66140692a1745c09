"""One trace as the page reads it, with what else is known of its model."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from clearhead.errors import TraceError
from clearhead.look.branches import Branch, moment, moments, tokens_of
from clearhead.look.run_log import RunLog
from clearhead.tracing import Trace

# How many of the likeliest next tokens of each position the page tells from an untrained model.
MOST_LIKELY = 10
# What the names of the other trace's tensors begin with.
OTHER = "other/"


@dataclasses.dataclass(frozen=True)
class Exhibit:
    """A trace to be shown.

    untrained: the same sentence through the model as it was before its first training step. other: the same text under
    another mask, where the model is used under two. run: what the run that trained the model wrote of itself.
    languages: those that the model may be asked for. branch: traces the same source with other tokens, so that
    hypotheses of the search that did not win can be opened. shipped: whether the model is the one that comes with
    clearhead, whose numbers docs/questions.md tells; None where that is not known. readable: the scripts, such as
    LATIN, that the model learned to read, where the source is in others; else none. opening: the address of the view
    that is shown first, where it is not the beginning.
    """

    trace: Trace
    untrained: dataclasses.InitVar[Trace | None] = None
    run: RunLog = dataclasses.field(default_factory=RunLog)
    languages: Sequence[str] = ()
    branch: Branch | None = None
    shipped: bool | None = None
    readable: Sequence[str] = ()
    other: Trace | None = None
    opening: str = ""
    # All that is shown of the untrained model: the rest of its trace, as large as the other, is let go.
    before: list[list[list[Any]]] | None = dataclasses.field(init=False)
    likeliest: list[list[list[Any]]] = dataclasses.field(init=False)

    def __post_init__(self, untrained: Trace | None) -> None:
        object.__setattr__(self, "likeliest", _likeliest(self.trace))
        object.__setattr__(self, "before", None if untrained is None else _likeliest(untrained))

    def document(self) -> dict[str, Any]:
        """All but the tensors, as JSON without NaN or infinities (null in their place)."""
        return _finite(
            {
                "trace": self.trace.document(),
                "languages": list(self.languages),
                "branches": self.branch is not None,
                "shipped": self.shipped,
                "readable": [one.capitalize() for one in self.readable],
                "run": self.run.document(),
                "likeliest": self.likeliest,
                "opening": self.opening,
                "other": None if self.other is None else _likeliest(self.other),
                "untrained": self.before,
            }
        )

    @property
    def nbytes(self) -> int:
        """How many bytes its tensors take."""
        return self.trace.nbytes + (0 if self.other is None else self.other.nbytes)

    def names(self) -> list[str]:
        """Of all tensors."""
        return [*self.trace, *(f"{OTHER}{name}" for name in self.other or ())]

    def tensor(self, name: str) -> Tensor:
        """A tensor of the trace, or after `other/` of the other one. Raises TraceError where there is none."""
        trace, own = self._named(name)
        return trace[own]

    def part(self, name: str, start: int, count: int) -> tuple[Tensor, tuple[int, ...]]:
        """Some numbers of a tensor, and its shape (`Trace.part`)."""
        trace, own = self._named(name)
        return trace.part(own, start, count)

    def _named(self, name: str) -> tuple[Trace, str]:
        if self.other is not None and name.startswith(OTHER):
            return self.other, name.removeprefix(OTHER)
        return self.trace, name

    def moment(self, parent: int) -> Tensor:
        """Where the decoder looked in the step that chose a node's children (`branches.moment`).

        Raises TraceError for a node that has none, or where no other tokens can be traced.
        """
        child = next((node for node in self.trace.tree if node["parent"] == parent), None)
        if child is None:
            raise TraceError(f"node {parent} of the tree was not continued; choose one that was")
        won = self.trace.tree[parent]["fate"] == "won"
        return moment(self.trace if won else self.follow(child["number"]).trace, child["length"] - 1)

    def moments(self) -> dict[int, Tensor]:
        """All such steps; of hypotheses that did not win none where no other tokens can be traced."""
        return moments(self.trace, self.branch)

    def follow(self, number: int) -> "Exhibit":
        """The trace of a node's whole hypothesis. Raises TraceError as `moment` does."""
        if not 0 < number < len(self.trace.tree):
            raise TraceError(f"node {number} is none of the tree's {len(self.trace.tree)}, or its root")
        if self.branch is None:
            raise TraceError(
                "the model is not at hand, so no other hypothesis can be traced; open it by clearhead look"
            )
        return dataclasses.replace(
            self, trace=self.branch(tokens_of(self.trace.tree, number)), untrained=None, branch=None
        )

    def parameter(self, name: str, row: int | None = None, count: int = 1) -> Tensor:
        """A weight of the model in float32, or some rows of it. Raises TraceError where there is none."""
        if name not in self.trace.parameters:
            raise TraceError(f"no weight {name[:200]!r} is at hand; the trace's operations name those that there are")
        whole = self.trace.parameters[name].detach()
        if row is None:
            return whole.float().cpu()
        if not (0 <= row < len(whole) and 0 < count <= len(whole) - row):
            raise TraceError(f"row={row}, count={count} are not rows of {name}, which has {len(whole)}; count from 0")
        return whole[row : row + count].float().cpu()


def _likeliest(trace: Trace) -> list[list[list[Any]]]:
    """For each position: the likeliest tokens as [id, piece, probability], and the one that was to stand there.

    That is the predicted one or, where nothing comes next, the one that was read. None for a model without an output.
    """
    if "output.probabilities" not in trace:
        return []
    probabilities, predicted = trace["output.probabilities"], list(trace.sequences.values())[-1]
    # What was read or written may have been held so improbable that it is none of the likeliest, which the trace tells.
    pieces = {**dict(zip(map(str, predicted.ids), predicted.pieces, strict=True)), **trace.settings.get("pieces", {})}
    count = min(MOST_LIKELY, probabilities.shape[-1])
    rows = []
    for row, own in zip(probabilities, predicted.ids, strict=True):
        ids = torch.topk(row, count).indices.tolist()
        ids += [] if own in ids else [own]
        rows.append([[one, pieces.get(str(one), f"#{one}"), float(row[one])] for one in ids])
    return rows


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
