"""Numbers, lists and sections as recipes have them."""

import pydantic
import pytest

from clearhead.recipe.values import Count, Rate, Real, Section, Whole, as_list


class Some(Section):
    whole: Whole = 0
    real: Real = 0.0
    rate: Rate = 0.0
    count: Count = 1


@pytest.mark.parametrize(
    "wrong", [{"whole": True}, {"real": False}, {"rate": 1.0}, {"count": 0}, {"count": 10**10}, {"other": 1}]
)
def test_what_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        Some(**wrong)


def test_one_may_stand_for_a_list() -> None:
    assert as_list({"a": 1}) == [{"a": 1}]
    assert as_list((1, 2)) == (1, 2)
    with pytest.raises(Exception, match=r"missing|Field required"):
        as_list(None)
