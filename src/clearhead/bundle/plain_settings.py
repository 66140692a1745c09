"""A bundle's settings from values that may be anything, as those of a file: one check for each."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from clearhead.bounds import shown, token_id, whole
from clearhead.bundle.verbs import VERBS
from clearhead.decoding import LengthPenalty, Rules, Sampling, SearchStrategy
from clearhead.errors import DecodingError

LONGEST_NAME, _LONGEST_TEMPLATE = 1000, 100_000
# What a line of text to a language model is: the whole file is one document, each paragraph is one, or each line.
DOCUMENTS = ("file", "paragraph", "line")
POOLINGS = ("mean", "first")


def read_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """What `Settings` is made of, by name. Raises ValueError in one line."""
    for name in _NEEDED:
        if name not in values:
            raise ValueError(f"no {name!r}")
    if unknown := values.keys() - _CHECKS.keys() - {"decoding"}:
        raise ValueError(f"it has {shown(min(unknown))}; update clearhead")
    try:
        found = {name: check(values[name]) for name, check in _CHECKS.items() if name in values}
        return {**found, **_decoding(values["decoding"])}
    except DecodingError as error:
        raise ValueError(str(error)) from None


def _name(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        raise ValueError(f"its name is no text, or has more than {LONGEST_NAME:,} characters")
    return value


def _languages(value: Any) -> tuple[tuple[Any, ...], ...]:
    if not isinstance(value, list) or not all(map(_is_direction, value)):
        raise ValueError("its languages are no list of pairs of names")
    return tuple(map(tuple, value))


def _is_direction(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(one is None or isinstance(one, str) for one in value)


def _task(value: Any) -> str:
    if not isinstance(value, str) or value not in VERBS:
        raise ValueError(f"its task is {shown(value)}, not one of {', '.join(VERBS)}; update clearhead")
    return value


def _documents(value: Any) -> str | None:
    if value is not None and value not in DOCUMENTS:
        raise ValueError(f"its documents are {shown(value)}, not one of {', '.join(DOCUMENTS)}")
    return value


def _labels(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one for one in value):
        raise ValueError("its labels are no list of names")
    if len(set(value)) != len(value):
        raise ValueError("its labels are not all different")
    return tuple(value)


def _pooling(value: Any) -> str:
    if value not in POOLINGS:
        raise ValueError(f"its pooling is {shown(value)}, not one of {', '.join(POOLINGS)}; update clearhead")
    return value


def _template(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or len(value) > _LONGEST_TEMPLATE):
        raise ValueError(f"its template is no text, or has more than {_LONGEST_TEMPLATE:,} characters")
    return value


def _ends(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("its ends are no list of ids")
    return tuple(token_id("ends", one) for one in value)


def _sampling(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise ValueError("its sampling is no object")
    if unknown := value.keys() - {"temperature", "top_k", "top_p"}:
        raise ValueError(f"its sampling has {shown(min(unknown))}; update clearhead")
    Sampling(**value)
    return dict(value)


def _origin(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        raise ValueError("its origin is no name of a class")
    return value


_NEEDED: Final = ("name", "languages", "decoding", "seed")
_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "name": _name, "languages": _languages, "seed": lambda value: whole("seed", value), "task": _task,
        "documents": _documents, "labels": _labels, "pooling": _pooling, "template": _template, "ends": _ends,
        "sampling": _sampling, "origin": _origin,
    }
)  # fmt: skip


def _decoding(values: Any) -> dict[str, Any]:
    """What is together under this name in a file."""
    if not isinstance(values, dict):
        raise ValueError("its decoding is no object")
    for name in ("beam_size", "length_penalty"):
        if name not in values:
            raise ValueError(f"no {name!r}")
    LengthPenalty.parse(values["length_penalty"])
    messages = values.get("messages")
    return {
        "beam_size": whole("beam_size", values["beam_size"]),
        "length_penalty": values["length_penalty"],
        "messages": None if messages is None else whole("messages", messages),
        "search": str(SearchStrategy.parse(values.get("search", "clearhead"))),
        "rules": Rules.from_plain(values.get("rules", {})),
    }
