"""The decoder's steps of all hypotheses."""

import torch

from clearhead.look import Exhibit
from clearhead.look.branches import moment, moments, tokens_of


def test_the_tokens_of_a_node() -> None:
    tree = [{"parent": -1, "token": 1}, {"parent": 0, "token": 7}, {"parent": 0, "token": 8}, {"parent": 2, "token": 9}]
    assert [tokens_of(tree, number) for number in range(4)] == [(), (7,), (8,), (8, 9)]


def test_a_moment_is_a_row_of_every_layer(exhibit: Exhibit) -> None:
    """One layer and two heads here: what was written up to this step, then the source."""
    found = moment(exhibit.trace, 1)
    source = len(exhibit.trace.source.ids)
    assert found.shape == (1, 2, 2 + source)
    written, read = found[0].split([2, source], dim=-1)
    assert torch.equal(written, exhibit.trace["decoder.layers.0.self_attention.weights"][:, 1, :2])
    assert torch.equal(read, exhibit.trace["decoder.layers.0.cross_attention.weights"][:, 1])
    # Shares of each attention add up to 1.
    torch.testing.assert_close(written.sum(-1), torch.ones(2))
    torch.testing.assert_close(read.sum(-1), torch.ones(2))


def test_the_steps_of_all_hypotheses(exhibit: Exhibit) -> None:
    assert exhibit.branch is not None
    passes: list[tuple[int, ...]] = []

    def branch(tokens):  # type: ignore[no-untyped-def]
        passes.append(tuple(tokens))
        return exhibit.branch(tokens)

    found = moments(exhibit.trace, branch)
    for parent, one in found.items():
        node = exhibit.trace.tree[parent]
        assert one.shape[-1] == node["length"] + 1 + len(exhibit.trace.source.ids)
        torch.testing.assert_close(one, exhibit.moment(parent))
    # No pass over what another one began with.
    assert not any(
        one != other and other[: len(one) - 1] == one[:-1] for one in passes for other in passes if one < other
    )
