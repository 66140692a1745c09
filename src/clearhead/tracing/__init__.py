"""Watching a run: the recorder, the trace that it makes, and the tree of a search."""

from clearhead.tracing.recorder import record
from clearhead.tracing.steps import Step, steps_of
from clearhead.tracing.trace import Finding, Side, Trace
from clearhead.tracing.tree import Node, Tree

__all__ = ["Finding", "Node", "Side", "Step", "Trace", "Tree", "record", "steps_of"]
