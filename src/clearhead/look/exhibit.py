"""One trace as the page reads it, with what else is known of its model."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from clearhead.errors import TraceError
from clearhead.tracing import Trace

# How many of the likeliest next tokens of each position the page tells from an untrained model.
MOST_LIKELY = 10


@dataclasses.dataclass(frozen=True)
class Exhibit:
    """A trace to be shown.

    untrained: the same sentence through the model as it was before its first training step. history: the lines of the
    run's history.jsonl. languages: those that the model may be asked for.
    """

    trace: Trace
    untrained: Trace | None = None
    history: Sequence[Mapping[str, Any]] = ()
    languages: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """All but the tensors, as JSON without NaN or infinities (null in their place)."""
        return _finite(
            {
                "trace": self.trace.document(),
                "languages": list(self.languages),
                "history": [dict(line) for line in self.history],
                "untrained": None if self.untrained is None else _likeliest(self.untrained),
            }
        )

    def tensor(self, name: str) -> Tensor:
        """Raises TraceError where the trace has none of this name."""
        return self.trace[name]

    def parameter(self, name: str, row: int | None = None) -> Tensor:
        """A weight of the model in float32, or one row of it. Raises TraceError where there is none."""
        if name not in self.trace.parameters:
            raise TraceError(f"no weight {name!r} is at hand; the trace's steps name those that there are")
        whole = self.trace.parameters[name].detach()
        if row is None:
            return whole.float().cpu()
        if not 0 <= row < len(whole):
            raise TraceError(f"row={row} is not a row of {name}, which has {len(whole)}; count from 0")
        return whole[row].float().cpu()


def _likeliest(trace: Trace) -> list[list[list[Any]]]:
    """For each position: the likeliest tokens as [id, piece, probability], the predicted one always among them."""
    probabilities = trace["output.probabilities"]
    pieces = trace.settings.get("pieces", {})
    count = min(MOST_LIKELY, probabilities.shape[-1])
    rows = []
    for row, predicted in zip(probabilities, trace.predicted.ids, strict=True):
        ids = torch.topk(row, count).indices.tolist()
        ids += [] if predicted in ids else [predicted]
        rows.append([[one, pieces.get(str(one), f"#{one}"), float(row[one])] for one in ids])
    return rows


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
