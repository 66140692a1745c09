"""What the page is told besides the tensors."""

import json

import pytest
import torch

from clearhead.bundle import Bundle
from clearhead.bundle.traces import traced_reading
from clearhead.errors import TraceError
from clearhead.look import Exhibit
from clearhead.look.run_log import RunLog


def test_the_document_is_plain_json(exhibit: Exhibit) -> None:
    told = exhibit.document()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["run"]["curves"]["loss"]["training"] == [[2, 3.5], [4, None]]


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
    assert (told["untrained"], told["run"]["curves"], told["languages"], told["branches"]) == (None, {}, [], False)


def test_other_hypotheses(exhibit: Exhibit) -> None:
    node = next(one for one in exhibit.trace.tree if one["fate"] == "dropped" and one["length"] == 2)
    followed = exhibit.follow(node["number"]).trace
    assert followed.predicted.ids[-1] == node["token"]
    assert followed.source == exhibit.trace.source
    # What the search found by steps, the forced pass finds at once.
    share = followed["output.probabilities"][-1, node["token"]].log()
    assert float(share) == pytest.approx(node["log_probability"], abs=1e-4)
    weights = followed["decoder.layers.0.cross_attention.weights"][:, 1]
    torch.testing.assert_close(exhibit.moment(node["parent"])[0, :, 2:], weights)


def test_what_cannot_be_followed(exhibit: Exhibit) -> None:
    leaf = exhibit.trace.tree[-1]["number"]
    with pytest.raises(TraceError, match=f"node {leaf} of the tree was not continued"):
        exhibit.moment(leaf)
    for number in (-1, 0, len(exhibit.trace.tree)):
        with pytest.raises(TraceError, match=f"node {number} is none of the tree's"):
            exhibit.follow(number)
    alone = Exhibit(exhibit.trace)
    # The steps of what won are the trace's own.
    tree = exhibit.trace.tree
    assert alone.moments().keys() == {one["parent"] for one in tree[1:] if tree[one["parent"]]["fate"] == "won"}
    moment = alone.moment(0)
    assert torch.equal(moment[:, :, 1:], exhibit.trace["decoder.layers.0.cross_attention.weights"][None, :, 0])
    with pytest.raises(TraceError, match="the model is not at hand"):
        alone.follow(1)


def test_what_is_expected_at_each_place(language_model: Bundle) -> None:
    """Of a text of a language model: the likeliest tokens, and the one that came next whatever it was."""
    trace = language_model.trace("one two", max_tokens=3)
    rows = Exhibit(trace).document()["likeliest"]
    assert len(rows) == len(trace.text.ids) == 5 + 2
    for row, likely, following in zip(trace["output.probabilities"], rows, trace.predicted.ids, strict=True):
        shares = {one: share for one, _, share in likely}
        assert shares[following] == float(row[following])
        told = {one: piece for one, piece, _ in likely}
        assert told[following] == language_model.source_tokenizer.pieces([following])[0]
        assert list(shares.values())[:10] == row.topk(10).values.tolist()


def test_another_mask(language_model: Bundle) -> None:
    """The same text, every place of which sees all of it, beside the trace: its tensors have names of their own."""
    trace = language_model.trace("one two")
    ids = torch.tensor([trace.text.ids])
    length = ids.shape[1]
    settings = trace.settings
    other = traced_reading(
        language_model.model, "one two", trace.text.ids, (), language_model.source_tokenizer, settings, sees_all=True
    )
    shown = Exhibit(trace, other=other)
    with torch.inference_mode():
        expected = language_model.model(ids, torch.ones(1, 1, length, length, dtype=torch.bool))[0].softmax(-1)
    torch.testing.assert_close(shown.tensor("other/output.probabilities"), expected)
    assert torch.equal(shown.tensor("mask"), torch.ones(length, length).tril())
    assert torch.equal(shown.tensor("other/mask"), torch.ones(length, length))
    assert shown.names() == [*trace, *(f"other/{name}" for name in trace)]
    assert shown.nbytes == 2 * trace.nbytes
    told = shown.document()
    assert [row[0][2] for row in told["other"]] == pytest.approx(expected.max(-1).values.tolist(), abs=1e-6)
    with pytest.raises(TraceError, match="no 'other/mask'"):
        Exhibit(trace).tensor("other/mask")


def test_a_part_of_a_tensor(exhibit: Exhibit) -> None:
    name = "decoder.layers.0.self_attention.weights"
    whole = exhibit.tensor(name)
    found, shape = exhibit.part(name, 3, 4)
    assert found.tolist() == whole.flatten()[3:7].tolist()
    assert shape == whole.shape


def test_infinities_are_null(exhibit: Exhibit) -> None:
    told = Exhibit(exhibit.trace, run=RunLog((), [{"step": float("nan"), "more": [float("inf")]}])).document()
    assert told["run"]["samples"] == [{"step": None, "more": [None]}]


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
