"""What is wrong with a recipe, in one plain line."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import pydantic

from clearhead.recipe.corpora import CORPUS_KINDS, KINDS_HAVE, TOLD_BY
from clearhead.recipe.elsewhere import CALLED_ELSEWHERE
from clearhead.recipe.sections import Recipe
from clearhead.recipe.spelling import remedy_for, shown

_WHOLE, _NUMBER, _SWITCH, _TEXT = "a whole number, such as 100", "a number, such as 0.1", "true or false", "a text"
_LIST: Final = "a list in brackets, such as [a, b]"
EXPECTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bool_parsing": _SWITCH,
        "bool_type": _SWITCH,
        "finite_number": "a number that is not infinite",
        "float_parsing": _NUMBER,
        "float_type": _NUMBER,
        "greater_than": "more than {gt:.15g}",
        "greater_than_equal": "{ge:.15g} or more",
        "int_from_float": "a whole number, without a fraction",
        "int_parsing": _WHOLE,
        "int_parsing_size": "a whole number of fewer digits",
        "int_type": _WHOLE,
        "less_than": "less than {lt:.15g}",
        "less_than_equal": "{le:.15g} or less",
        "list_type": _LIST,
        "literal_error": "{expected}",
        "string_too_long": "a text of {max_length} characters or fewer",
        "string_too_short": "a text that is not empty",
        "string_type": _TEXT,
        "string_unicode": _TEXT,
        "too_long": "{max_length} values, not {actual_length}",
        "too_short": "{min_length} or more, not {actual_length}",
        "tuple_type": _LIST,
    }
)
"""What a value should have been, by pydantic's name for what is wrong with it, and with its figures."""

_OF_NUMBERS: Final = frozenset({_WHOLE, _NUMBER})
_MOST_LISTED: Final = 15


def explain(error: pydantic.ValidationError) -> str:
    """The first thing that is wrong, in one line, and how many more there are."""
    # What follows from another mistake alone is none.
    problems = [one for one in error.errors(include_url=False) if one["type"] != "default_factory_not_called"]
    # An unknown key is named before the required one that it was probably meant to be.
    first = min(problems, key=lambda problem: problem["type"] != "extra_forbidden")
    place = [part for part in first["loc"] if not str(part).startswith("function-")]
    named = [str(part) for part in place if part not in CORPUS_KINDS]
    key = ".".join(part if len(part) <= 60 else f"{part[:57]}..." for part in named)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{_KINDS.get(first['type'], _refused)(key, place, first)}{more}"


def refusal(error: pydantic.ValidationError) -> str:
    """What is wrong with a single value, such as an option's, in the words that a recipe's values have."""
    [problem, *_] = error.errors(include_url=False)
    form = EXPECTED.get(problem["type"])
    if form is None:
        return f"{_own_words(problem)}{_hint(problem['input'])}"
    expected = form.format(**problem.get("ctx", {}))
    return f"{shown(problem['input'])} is not allowed: expected {expected}{_hint(problem['input'])}"


def _own_words(problem: Any) -> str:
    return re.sub(r"^(Value error|Assertion failed), ", "", problem["msg"]).rstrip(".")


def _unknown(key: str, place: Sequence[int | str], problem: Any) -> str:
    if CORPUS_KINDS.keys() & {*place[:-1]} and place[-1] in TOLD_BY:
        return f"{key} does not go with the keys beside it; keep {KINDS_HAVE}"
    return f"unknown key {key}; {_suggest(place)}"


def _missing(key: str, place: Sequence[int | str], problem: Any) -> str:
    if problem["input"] == {} and CORPUS_KINDS.keys() & {*place}:
        return f"{key.rpartition('.')[0]} has no key; name {KINDS_HAVE}"
    return f"{key} is missing; add it (`--print-recipe` with a recipe of clearhead's own shows every key)"


def _said_by_us(key: str, place: Sequence[int | str], problem: Any) -> str:
    """What a section of the recipe says itself, after pydantic's words for it."""
    return f"{key}: {_own_words(problem)}{_hint(problem['input'])}" if key else _own_words(problem)


def _not_keys(key: str, place: Sequence[int | str], problem: Any) -> str:
    return f"{key}={shown(problem['input'])} is not allowed: expected the keys {_listed(_known_keys(place))}"


def _listed(names: Sequence[str]) -> str:
    """The first of them: a section may have fifty keys."""
    more = len(names) - _MOST_LISTED
    return ", ".join(names) if more < 2 else f"{', '.join(names[:_MOST_LISTED])} and {more} more"


def _refused(key: str, place: Sequence[int | str], problem: Any) -> str:
    form = EXPECTED.get(problem["type"])
    value = problem["input"]
    if form is None:
        return (
            f"{key}={shown(value)} is not allowed; `--print-recipe` with a recipe of clearhead's own shows one that is"
        )
    expected = form.format(**problem.get("ctx", {})) + (", or null for none" if _may_be_null(place) else "")
    hint = _hint(value) if form in _OF_NUMBERS else ""
    if form is _TEXT and isinstance(value, bool | int | float):
        hint = '; quote it, as in "no"'
    # A key that is no text has no place of its own.
    said = f"{key}=" if place else "the key "
    return f"{said}{shown(value)} is not allowed: expected {expected}{hint}"


_KINDS: Final[Mapping[str, Callable[[str, Sequence[int | str], Any], str]]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "value_error": _said_by_us,
    "assertion_error": _said_by_us,
    "model_type": _not_keys,
    "model_attributes_type": _not_keys,
    "dict_type": _not_keys,
}


def _hint(value: Any) -> str:
    """How to write a text that means a number."""
    remedy = remedy_for(value) if isinstance(value, str) else None
    return f"; {remedy}" if remedy else ""


def _suggest(place: Sequence[int | str]) -> str:
    known, name = _known_keys(place[:-1]), str(place[-1])
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if (key := key_called(name)) and name not in close:
        return f"did you mean {key}?"
    return f"did you mean {close[0]}?" if close else f"expected one of {_listed(known)}"


def key_called(name: str) -> str | None:
    """The whole name of a key, by its last part or by another toolkit's name for it; None where there is none.

    name: with - or _, as an option or as a key.
    """
    name = name.replace("-", "_")
    own = (key for key in _all_keys(Recipe) if key.rpartition(".")[2] == name)
    return CALLED_ELSEWHERE.get(name) or next(own, None)


def _all_keys(section: type[pydantic.BaseModel], before: str = "") -> list[str]:
    """The whole names of all keys of a section and those below it, such as training.steps."""
    found = []
    for name, field in section.model_fields.items():
        key = f"{before}{field.alias or name}"
        below = _section_or_none(field.annotation)
        found += [key, *(_all_keys(below, f"{key}.") if below else [])]
    return found


def _known_keys(place: Sequence[int | str]) -> list[str]:
    section: type[pydantic.BaseModel] = Recipe
    for name in _names(place):
        found = CORPUS_KINDS.get(name) or _section_or_none(_field(section, name).annotation)
        assert found is not None, "only a section has keys"
        section = found
    return [field.alias or name for name, field in section.model_fields.items()]


def _may_be_null(place: Sequence[int | str]) -> bool:
    """Whether the key at a place may be switched off by null. A place without a name is that of a key itself."""
    if not (names := _names(place)):
        return False
    *sections, last = names
    section: type[pydantic.BaseModel] | None = Recipe
    for name in sections:
        section = CORPUS_KINDS.get(name) or (section and _section_or_none(_field(section, name).annotation))
    return section is not None and type(None) in getattr(_field(section, last).annotation, "__args__", ())


def _names(place: Sequence[int | str]) -> list[str]:
    """The keys on the way, without the places in lists."""
    return [part for part in place if isinstance(part, str)]


def _field(section: type[pydantic.BaseModel], key: str) -> pydantic.fields.FieldInfo:
    return next(field for name, field in section.model_fields.items() if key in {name, field.alias})


def _section_or_none(annotation: Any) -> type[pydantic.BaseModel] | None:
    """The section inside an annotation such as `Corpus`, `Embedded | None` or `tuple[Corpus, ...]`, if it has one."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    parts = (_section_or_none(part) for part in getattr(annotation, "__args__", ()))
    return next((part for part in parts if part), None)
