"""The decoder's steps of hypotheses that did not win, from forced passes over them.

A node of the tree was chosen in the step that read its parent's hypothesis; all children of one parent share that step,
so steps are named by the parent's number.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from clearhead.tracing import Trace

Tree = Sequence[Mapping[str, Any]]
# The trace of a forced pass over some tokens, begin not among them.
Branch = Callable[[Sequence[int]], Trace]


def tokens_of(tree: Tree, number: int) -> tuple[int, ...]:
    """The tokens of a node's hypothesis, begin not among them."""
    tokens: list[int] = []
    while number > 0:
        tokens.append(tree[number]["token"])
        number = tree[number]["parent"]
    return tuple(tokens[::-1])


def moment(trace: Trace, time: int) -> Tensor:
    """Where the decoder looked at one time step: (layers, heads, time + 1 + source tokens).

    First the weights of what it had written, then those of the source.
    """
    layers = range(trace.config["decoder_layers"])
    if not layers:
        return torch.zeros(0, trace.config["heads"], time + 1 + len(trace.source.ids))
    return torch.stack(
        [
            torch.cat(
                [
                    trace[f"decoder.layers.{layer}.self_attention.weights"][:, time, : time + 1],
                    trace[f"decoder.layers.{layer}.cross_attention.weights"][:, time],
                ],
                dim=-1,
            )
            for layer in layers
        ]
    )


def moments(trace: Trace, branch: Branch | None) -> dict[int, Tensor]:
    """The step of every parent; without a `branch` of those on the winner's way, which the trace itself holds.

    One pass over a long hypothesis gives the steps of all that it began as.
    """
    won = {node["parent"]: node["length"] - 1 for node in trace.tree[1:] if trace.tree[node["parent"]]["fate"] == "won"}
    found = {parent: moment(trace, time) for parent, time in won.items()}
    for node in reversed(trace.tree if branch else ()):
        parent = node["parent"]
        if parent < 0 or parent in found or branch is None:
            continue
        forced = branch(tokens_of(trace.tree, node["number"]))
        while trace.tree[parent]["fate"] != "won" and parent not in found:
            found[parent] = moment(forced, trace.tree[parent]["length"])
            parent = trace.tree[parent]["parent"]
    return found
