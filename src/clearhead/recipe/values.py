"""The kinds of values that a recipe has: bounded numbers, lists, and sections of keys."""

from typing import Annotated, Literal

import pydantic
from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticKnownError

from clearhead.model.config import MOST_SIZES


def no_switch(kind: Literal["int_type", "float_type"]) -> BeforeValidator:
    """Refuses true and false, which pydantic reads as 1 and 0: whoever wrote them meant another key."""

    def refuse(value: object) -> object:
        if isinstance(value, bool):
            raise PydanticKnownError(kind)
        return value

    return BeforeValidator(refuse)


# Every number of a recipe is one of these.
Whole = Annotated[int, no_switch("int_type")]
Real = Annotated[float, no_switch("float_type")]
# Nothing that a run can use is refused by these bounds; they keep a mistyped or hostile number from filling the memory,
# from running for ever, or from becoming infinite in a product.
Rate = Annotated[Real, Field(ge=0.0, lt=1.0)]
Weight = Annotated[Real, Field(gt=0.0, le=1000.0)]
Factor = Annotated[Real, Field(ge=0.0, le=1e6)]
Count = Annotated[Whole, Field(gt=0, le=10**9)]
CountOrNone = Annotated[Whole, Field(ge=0, le=10**9)]
Pieces = Annotated[Whole, Field(gt=0, le=MOST_SIZES["source_vocabulary"])]
# Below what a generator takes, with room for a step's number after it.
Seed = Annotated[Whole, Field(ge=0, lt=2**40)]


class Section(pydantic.BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


def as_list_or_none(value: object) -> object:
    """A key with nothing behind it is an empty list, as where each of its lines is a comment now."""
    return () if value is None else as_list(value)


def as_list(value: object) -> object:
    if value is None:
        raise PydanticKnownError("missing")  # A key with nothing behind it.
    return value if isinstance(value, list | tuple) else [value]


# Which names are meant: `*` and `?` stand for any characters, or for any one.
Patterns = Annotated[
    tuple[Annotated[str, Field(max_length=200)], ...], BeforeValidator(as_list_or_none), Field(max_length=100)
]
