"""What is wrong with a recipe, in one plain line."""

import difflib
import re
from collections.abc import Sequence
from typing import Any

import pydantic

from clearhead.recipe.sections import Recipe

_OPENINGS = {"Input should be ": "expected ", "Value error, ": ""}


def explain(error: pydantic.ValidationError) -> str:
    """The first thing that is wrong, in one line, and how many more there are."""
    problems = error.errors(include_url=False)
    # An unknown key is named before the required one that it was probably meant to be.
    first = min(problems, key=lambda problem: problem["type"] != "extra_forbidden")
    place = [part for part in first["loc"] if not str(part).startswith("function-")]
    key = ".".join(str(part) if len(str(part)) <= 60 else f"{str(part)[:57]}..." for part in place)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    if first["type"] == "extra_forbidden":
        return f"unknown key {key}; {_suggest(place)}{more}"
    if first["type"] == "missing":
        return f"{key} is missing; add it (`--print-recipe` with a recipe of clearhead's own shows every key){more}"
    message = re.sub(r"^(Input should be |Value error, )", lambda match: _OPENINGS[match[1]], first["msg"])
    if first["type"] == "value_error":
        return f"{key}: {message}{more}"
    if first["type"] == "model_type":
        return f"{key}={_short(first['input'])} is not allowed: expected the keys {', '.join(_known_keys(place))}{more}"
    hint = (
        '; quote it, as in "no"'
        if first["type"] == "string_type" and isinstance(first["input"], bool | int | float)
        else ""
    )
    return f"{key}={_short(first['input'])} is not allowed: {message}{hint}{more}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _suggest(place: Sequence[int | str]) -> str:
    known = _known_keys(place[:-1])
    close = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"expected one of {', '.join(known)}"


def _known_keys(place: Sequence[int | str]) -> list[str]:
    section: type[pydantic.BaseModel] = Recipe
    for part in place:
        if isinstance(part, int):
            continue
        field = next(field for name, field in section.model_fields.items() if part in {name, field.alias})
        section = _section_of(field.annotation)
    return [field.alias or name for name, field in section.model_fields.items()]


def _section_of(annotation: Any) -> type[pydantic.BaseModel]:
    """The section inside an annotation such as `Corpus`, `Embedded | None` or `tuple[Corpus, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    return next(_section_of(part) for part in annotation.__args__ if part not in {type(None), Ellipsis})
