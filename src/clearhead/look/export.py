"""A trace as one HTML file that needs nothing else: no server, no network."""

import base64
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from clearhead.errors import TraceError
from clearhead.look.assets import STYLES, asset, escaped, frame, one_script, policy
from clearhead.look.exhibit import Exhibit
from clearhead.look.pencil import first_lessons

# Above so many bytes of weights the file goes without them, and the page says so.
MOST_WEIGHTS = 64 << 20
# Written as letters these are a third more, and browsers take no text of 512 MB.
MOST_TENSORS = 350 << 20


def as_html(exhibit: Exhibit, language: str | None = None, most_weights: int = MOST_WEIGHTS) -> str:
    """The page with a trace in it. language: "en" or "ko" where it is not the browser's to choose.

    The weights that its operations used come along, so that every cell can be checked, unless they take more than
    `most_weights` bytes. A Content-Security-Policy in the file forbids every connection and all scripts but its own.
    Raises TraceError for a trace that no browser could open so.
    """
    if exhibit.nbytes > MOST_TENSORS:
        raise TraceError(
            f"the trace takes {exhibit.nbytes / 1e6:,.0f} MB, and one file holds {MOST_TENSORS / 1e6:,.0f} MB at most; "
            "open it by `clearhead look` without --html, or trace a shorter text"
        )
    style, script = "".join(map(asset, STYLES)), one_script()
    data = {"language": language, **contents(exhibit, most_weights)}
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy(script, style)}">\n<style>{style}</style>'
    body = (
        f'<script type="application/json" id="data">{escaped(data)}</script>\n<script type="module">{script}</script>'
    )
    return frame(head, body)


def contents(exhibit: Exhibit, most_weights: int = MOST_WEIGHTS) -> dict[str, Any]:
    """Document, tensors, weights and other hypotheses' steps; two names of one weight are stored once."""
    weights = needed(exhibit)
    distinct = {(one.data_ptr(), one.shape): one for one in weights.values()}
    fits = sum(one.numel() * 4 for one in distinct.values()) <= most_weights
    first: dict[tuple[int, Any], str] = {}
    parameters: dict[str, Any] = {}
    for name, one in weights.items() if fits else ():
        original = first.setdefault((one.data_ptr(), one.shape), name)
        parameters[name] = encoded(exhibit.parameter(name)) if original == name else {"same": original}
    return {
        "document": exhibit.document(),
        "tensors": {name: encoded(exhibit.tensor(name)) for name in exhibit.names()},
        "parameters": parameters,
        "byhand": first_lessons(),
        "moments": {str(parent): encoded(tensor) for parent, tensor in exhibit.moments().items()},
    }


def needed(exhibit: Exhibit) -> Mapping[str, Tensor]:
    """The weights at hand that the operations name."""
    names = dict.fromkeys(name for operation in exhibit.trace.operations for name in operation.parameters)
    return {name: exhibit.trace.parameters[name] for name in names if name in exhibit.trace.parameters}


def encoded(tensor: Tensor) -> dict[str, Any]:
    return {"shape": list(tensor.shape), "base64": base64.b64encode(raw(tensor)).decode("ascii")}


def raw(tensor: Tensor) -> bytes:
    """float32, little endian, row by row."""
    return tensor.contiguous().numpy().astype("<f4", copy=False).tobytes()
