"""Watching a run: the recorder, the trace that it makes, and the tree of a search."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.tracing.operations import Operation
    from clearhead.tracing.outline import operations_of
    from clearhead.tracing.recorder import record
    from clearhead.tracing.trace import CheckResult, Side, Trace
    from clearhead.tracing.tree import Node, Tree

__all__ = ["CheckResult", "Node", "Operation", "Side", "Trace", "Tree", "operations_of", "record"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "operations": ("Operation",),
        "outline": ("operations_of",),
        "recorder": ("record",),
        "trace": ("CheckResult", "Side", "Trace"),
        "tree": ("Node", "Tree"),
    },
)
