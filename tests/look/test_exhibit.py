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
    assert (told["untrained"], told["history"], told["languages"]) == (None, [], [])


def test_infinities_are_null(exhibit: Exhibit) -> None:
    told = Exhibit(exhibit.trace, history=[{"loss": float("nan"), "more": [float("inf")]}]).document()
    assert told["history"] == [{"loss": None, "more": [None]}]


def test_weights(exhibit: Exhibit) -> None:
    name = "encoder.layers.0.self_attention.query.weight"
    whole = exhibit.parameter(name)
    assert torch.equal(exhibit.parameter(name, 2), whole[2])
    with pytest.raises(TraceError, match=r"row=16 is not a row of .*, which has 16"):
        exhibit.parameter(name, 16)
    with pytest.raises(TraceError, match="no weight 'none'"):
        exhibit.parameter("none")
