"""The tree of a beam search: every hypothesis that was looked at, and what became of it."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Literal

# live: was continued. won: on the way to the translation. finished: ended, but another was better. dropped: others were
# more probable. stopped: still alive when the search ended, since it could not have won, or at the greatest length.
Fate = Literal["live", "won", "finished", "dropped", "stopped"]
Candidate = tuple[int, float]  # a token and its log-probability


@dataclasses.dataclass
class Node:
    """A hypothesis, by its last token.

    number: its place in `Tree.nodes`. parent: its parent's number; -1 for the root, which is the begin symbol.
    length: how many tokens it has, begin not counted. log_probability: of its last token; total: of all its tokens.
    score: the total under the length penalty. candidates: the likeliest tokens to follow it, where it was continued.
    """

    number: int
    parent: int
    token: int
    length: int
    log_probability: float
    total: float
    score: float
    fate: Fate
    candidates: list[Candidate] = dataclasses.field(default_factory=list)


class Tree:
    """Grows with a search, step by step.

    begin, end: the ids of the control symbols. score: (total, length) → score, the search's length penalty.
    """

    def __init__(self, begin: int, end: int, score: Callable[[float, int], float]) -> None:
        self.end, self.score = end, score
        self.nodes = [Node(0, -1, begin, 0, 0.0, 0.0, 0.0, "live")]
        self.alive = [0]

    def grow(
        self,
        choices: Sequence[Sequence[Candidate]],
        looked_at: Sequence[tuple[int, int, float]],
        kept: Sequence[tuple[int, int]],
    ) -> None:
        """One step of the search.

        choices: for each live hypothesis, its likeliest next tokens. looked_at: the continuations that competed, each
        with its parent's row, its token and its total. kept: parent's row and token of those that live on, in order.
        """
        before = self.alive
        length = self.nodes[before[0]].length + 1
        for row, candidates in enumerate(choices):
            self.nodes[before[row]].candidates = list(candidates)
        numbers: dict[tuple[int, int], int] = {}
        for row, token, total in looked_at:
            parent = self.nodes[before[row]]
            fate: Fate = "finished" if token == self.end else "stopped" if (row, token) in kept else "dropped"
            own, number = total - parent.total, len(self.nodes)
            node = Node(number, parent.number, token, length, own, total, self.score(total, length), fate)
            self.nodes.append(node)
            numbers[row, token] = number
        for number in before:
            self.nodes[number].fate = "live"
        self.alive = [numbers[one] for one in kept]

    def mark_winner(self, tokens: Sequence[int]) -> None:
        """Mark the way to the hypothesis that won. ValueError where the tree never saw it."""
        parent = 0
        self.nodes[0].fate = "won"
        for token in tokens:
            found = [node for node in self.nodes if node.parent == parent and node.token == token]
            if not found:
                raise ValueError(f"no hypothesis {list(tokens)} in the tree")
            found[0].fate = "won"
            parent = found[0].number

    def as_json(self) -> list[dict[str, Any]]:
        return [dataclasses.asdict(node) for node in self.nodes]
