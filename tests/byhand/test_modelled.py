"""Which topics a trained model has numbers for."""

import pytest

from clearhead.byhand import TOPICS
from clearhead.byhand.modelled import WHY_NOT, WITH_HEADS, WITHOUT_LAYERS, require_possible
from clearhead.byhand.traced import TAKERS
from clearhead.errors import UsageError


def test_each_topic_has_numbers_or_a_reason() -> None:
    assert TAKERS.keys() | WHY_NOT.keys() == TOPICS.keys()
    assert not TAKERS.keys() & WHY_NOT.keys()
    assert (WITH_HEADS | WITHOUT_LAYERS).issubset(TAKERS)


@pytest.mark.parametrize(
    ("topic", "layer", "head", "message"),
    [
        ("by-hand-transformer", None, None, "by-hand-transformer cannot be made from a model: no trained model is sm"),
        ("layer-norm", None, 0, "--head 1: layer-norm has no heads; leave --head out"),
        ("positions", 1, None, "--layer 2: positions stands outside the layers; leave --layer out"),
        ("blok", None, None, "did you mean block"),
    ],
)
def test_what_is_not_possible(topic: str, layer: int | None, head: int | None, message: str) -> None:
    with pytest.raises(UsageError) as error:
        require_possible(topic, layer, head)
    assert message in str(error.value)


def test_what_is_possible() -> None:
    for topic in TAKERS:
        require_possible(topic, None, None)
    require_possible("block", 0, 0)
