"""Which matrices are one: what the tensors say."""

from typing import Any

import numpy as np
import pytest

from clearhead.interop.foreign import Foreign, ForeignSettings
from clearhead.interop.inputs import Tables, tables_of

SHARED, SOURCE, TARGET, OUTPUT = "shared", "encoder.embed_tokens", "decoder.embed_tokens", "lm_head"


def tables(settings: dict[str, Any] | None = None, **numbers: int) -> Tables:
    """Of matrices that are all one number each; a name with two underscores for a dot."""
    made = {f"{name.replace('__', '.')}.weight": np.full((2, 2), value) for name, value in numbers.items()}
    shapes = {name: value.shape for name, value in made.items()}
    return tables_of(Foreign(ForeignSettings(settings or {}, "config.json"), shapes, made.__getitem__))


@pytest.mark.parametrize(
    ("given", "sharing", "names"),
    [
        ({"shared": 1}, "all", (SHARED, SHARED, SHARED)),
        ({"encoder__embed_tokens": 1}, "all", (SOURCE, SOURCE, SOURCE)),
        ({"shared": 1, "lm_head": 1}, "all", (SHARED, SHARED, OUTPUT)),
        ({"shared": 1, "lm_head": 2}, "inputs", (SHARED, SHARED, OUTPUT)),
        ({"lm_head": 2}, "all", (OUTPUT, OUTPUT, OUTPUT)),
        ({"encoder__embed_tokens": 1, "decoder__embed_tokens": 2}, "target", (SOURCE, TARGET, TARGET)),
        ({"encoder__embed_tokens": 1, "decoder__embed_tokens": 1}, "all", (SOURCE, TARGET, TARGET)),
        ({"encoder__embed_tokens": 1, "decoder__embed_tokens": 2, "lm_head": 3}, "none", (SOURCE, TARGET, OUTPUT)),
        # madlad400-3b-mt: an input that is missing is the other input, not the output (transformers#48154).
        ({"decoder__embed_tokens": 1, "lm_head": 2}, "inputs", (TARGET, TARGET, OUTPUT)),
    ],
)
def test_what_is_one(given: dict[str, int], sharing: str, names: tuple[str, ...]) -> None:
    found = tables(**given)
    assert found.sharing == sharing
    assert tuple(source.name for source in found.names.values()) == tuple(f"{one}.weight" for one in names)


def test_what_is_stored_once_more_is_ignored_only_where_it_is_the_same() -> None:
    old = {"shared": 1, "encoder__embed_tokens": 1, "decoder__embed_tokens": 1, "lm_head": 1}
    assert tables(**old).ignored == {r"shared\.weight": "stored twice"}
    assert tables(**{**old, "shared": 5}).ignored == {}


def test_an_output_of_its_own_that_is_missing_is_not_made_up() -> None:
    found = tables({"tie_word_embeddings": False}, shared=1)
    assert found.sharing == "inputs"
    assert found.names["output.matrix.weight"].name == "lm_head.weight"
