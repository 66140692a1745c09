"""What of a recipe names its corpus: each item is told by its keys."""

from collections.abc import Callable

import pydantic
import pytest

from clearhead.recipe import CorpusSettings, Data, Recipe, ShareSettings, TextSettings


def test_items_are_told_by_their_keys() -> None:
    data = Data(train=[{"text": "a", "documents": "line"}, {"source": "a", "target": "b"}], validate={"share": 0.2})
    assert data.train == (TextSettings(text="a", documents="line"), CorpusSettings(source="a", target="b"))
    assert data.validation == (ShareSettings(share=0.2),)
    assert data.texts == data.train[:1]
    assert data.pairs == data.train[1:]
    assert data.validation_pairs == ()


def test_sections_may_be_given_as_they_are(make_recipe: Callable[..., Recipe]) -> None:
    data = make_recipe().data
    assert Data(train=data.train, validate=data.validation).train == data.train == data.pairs
    assert data.validation == data.validation_pairs


@pytest.mark.parametrize("share", [0, 1, -0.1, True])
def test_a_share_leaves_something(share: float) -> None:
    with pytest.raises(pydantic.ValidationError):
        Data(train={"text": "a"}, validate={"share": share})
