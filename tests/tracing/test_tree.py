"""The tree of a search, on a search of two steps worked out by hand: words a (3), b (4), end (2), begin (1)."""

import pytest

from clearhead.tracing.tree import Tree

A, B, END = 3, 4, 2


def grown() -> Tree:
    """A beam of 2 in which "b" ends at once and wins against "a a"."""
    tree = Tree(1, END, lambda total, length: total / length)
    tree.grow([[(A, -0.5), (B, -1.0), (END, -3.0)]], [(0, A, -0.5), (0, B, -1.0), (0, END, -3.0)], [(0, A), (0, B)])
    first, second = [(A, -1.0), (END, -2.0)], [(END, -0.1), (A, -2.0)]
    tree.grow([first, second], [(1, END, -1.1), (0, A, -1.5), (0, END, -2.5), (1, A, -3.0)], [(0, A), (1, A)])
    tree.mark_winner([B, END])
    return tree


def path(tree: Tree, number: int) -> tuple[int, ...]:
    """The tokens from the root to a node."""
    node = tree.nodes[number]
    return () if number == 0 else (*path(tree, node.parent), node.token)


def test_fates_and_scores() -> None:
    nodes = {path(tree, node.number): node for tree in [grown()] for node in tree.nodes}
    assert {path: node.fate for path, node in nodes.items()} == {
        (): "won", (A,): "live", (B,): "won", (END,): "finished", (B, END): "won", (A, A): "stopped",
        (A, END): "finished", (B, A): "stopped",
    }  # fmt: skip
    assert nodes[B, END].score == pytest.approx(-0.55)
    assert nodes[B, END].log_probability == pytest.approx(-0.1)
    assert nodes[A, A].total == -1.5
    assert nodes[(B,)].candidates == [(END, -0.1), (A, -2.0)]
    assert nodes[A, A].candidates == []


def test_what_did_not_fit_in_the_beam() -> None:
    tree = Tree(1, END, lambda total, length: total)
    tree.grow([[(A, -0.5), (B, -1.0)]], [(0, A, -0.5), (0, B, -1.0)], [(0, A)])
    assert [node.fate for node in tree.nodes] == ["live", "stopped", "dropped"]


def test_as_json() -> None:
    node = grown().as_json()[2]
    assert (node["parent"], node["token"], node["length"], node["fate"]) == (0, B, 1, "won")


def test_a_hypothesis_that_was_never_seen() -> None:
    with pytest.raises(ValueError, match=r"no hypothesis \[4, 4\]"):
        grown().mark_winner([B, B])
