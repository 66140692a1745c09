"""What the page is told besides the tensors."""

import json

import pytest
import torch

from clearhead.errors import TraceError
from clearhead.look import Exhibit


def test_the_document_is_plain_json(exhibit: Exhibit) -> None:
    told = exhibit.document()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["history"][1]["loss"] is None


def test_the_likeliest_tokens_before_training(exhibit: Exhibit) -> None:
    rows = exhibit.document()["untrained"]
    probabilities = exhibit.trace["output.probabilities"]
    assert len(rows) == len(exhibit.trace.predicted.ids)
    for row, found, predicted in zip(probabilities, rows, exhibit.trace.predicted.ids, strict=True):
        ids = [one[0] for one in found]
        assert predicted in ids
        assert ids[0] == int(row.argmax())
        assert [one[2] for one in found] == row[ids].tolist()


def test_nothing_is_told_of_what_is_not_known(exhibit: Exhibit) -> None:
    told = Exhibit(exhibit.trace).document()
    assert (told["untrained"], told["history"], told["languages"], told["branches"]) == (None, [], [], False)


def test_other_hypotheses(exhibit: Exhibit) -> None:
    node = next(one for one in exhibit.trace.tree if one["fate"] == "dropped" and one["length"] == 2)
    followed = exhibit.follow(node["number"]).trace
    assert followed.predicted.ids[-1] == node["token"]
    assert followed.source == exhibit.trace.source
    # What the search found by steps, the forced pass finds at once.
    share = followed["output.probabilities"][-1, node["token"]].log()
    assert float(share) == pytest.approx(node["log_probability"], abs=1e-4)
    weights = followed["decoder.layers.0.cross_attention.weights"][:, 1]
    assert torch.equal(exhibit.moment(node["parent"])[0, :, 2:], weights)


def test_what_cannot_be_followed(exhibit: Exhibit) -> None:
    leaf = exhibit.trace.tree[-1]["number"]
    with pytest.raises(TraceError, match=f"node {leaf} of the tree was not continued"):
        exhibit.moment(leaf)
    for number in (-1, 0, len(exhibit.trace.tree)):
        with pytest.raises(TraceError, match=f"node {number} is none of the tree's"):
            exhibit.follow(number)
    alone = Exhibit(exhibit.trace)
    assert alone.moments() == {}
    with pytest.raises(TraceError, match="the model is not at hand"):
        alone.follow(1)


def test_infinities_are_null(exhibit: Exhibit) -> None:
    told = Exhibit(exhibit.trace, history=[{"loss": float("nan"), "more": [float("inf")]}]).document()
    assert told["history"] == [{"loss": None, "more": [None]}]


def test_weights(exhibit: Exhibit) -> None:
    name = "encoder.layers.0.self_attention.query.weight"
    whole = exhibit.parameter(name)
    assert torch.equal(exhibit.parameter(name, 2), whole[2:3])
    assert torch.equal(exhibit.parameter(name, 2, 14), whole[2:])
    for row, count in ((16, 1), (2, 15), (0, 0), (-1, 1)):
        with pytest.raises(TraceError, match=rf"row={row}, count={count} are not rows of .*, which has 16"):
            exhibit.parameter(name, row, count)
    with pytest.raises(TraceError, match="no weight 'none'"):
        exhibit.parameter("none")
