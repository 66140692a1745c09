"""A recipe in which nothing is left to choose."""

import pydantic
import pytest

from clearhead.recipe import ResolvedTraining

CHOSEN = {"steps": 9, "compile": False, "graph": False, "device": "cpu", "precision": "fp32"}


def test_the_shape_of_a_packed_batch() -> None:
    """1,000 tokens are seven whole rows of 128."""
    training = ResolvedTraining(**CHOSEN, batch_tokens=1000, packing=True, packed_length=128)
    assert training.packed_shape == (7, 128)


@pytest.mark.parametrize("changes", [{"packing": True}, {"packed_length": 128}], ids=str)
def test_packed_rows_have_a_length_and_others_have_none(changes: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError, match="packed rows have a length"):
        ResolvedTraining(**CHOSEN, batch_tokens=1000, **changes)


@pytest.mark.parametrize("key", [*CHOSEN, "batch_tokens"])
def test_nothing_that_a_machine_or_a_corpus_decides_has_a_default(key: str) -> None:
    values = {**CHOSEN, "batch_tokens": 1000}
    del values[key]
    with pytest.raises(pydantic.ValidationError, match=f"{key}\\n  Field required"):
        ResolvedTraining.model_validate(values)
