"""The one reader and writer of YAML: mappings, lists, texts, numbers, true, false and null, and nothing else.

A recipe may come from anybody. So there are no anchors and aliases, which let a few hundred bytes grow into gigabytes,
no tags, no merge keys, no second document, and a key stands once. Every key is text.

What a plain word means is YAML 1.2's: `no`, `on`, `1:30`, `010` and `2026-11-29` are text, which a section of the
recipe may still take for a switch or a number; `1e3` and `3e-3` are numbers. So are `1_000` and `0x1F`, as in YAML 1.1.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from clearhead.errors import RecipeError

MOST_CHARACTERS, DEEPEST = 200_000, 32

_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9_]{0,300})")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,16}")
_BROKEN = re.compile(
    r"[-+]?([0-9][0-9_]{0,300}(\.[0-9_]{0,300})?|\.[0-9][0-9_]{0,300})(e[-+]?[0-9]{1,5})?", re.IGNORECASE
)
_NO_NUMBERS = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)")


def read_yaml(text: str, origin: str) -> Any:
    """The values of one document, None for an empty one; `origin` names it in errors.

    Raises RecipeError in one line that names the line of the text.
    """
    if len(text) > MOST_CHARACTERS:
        raise RecipeError(f"{origin} has {len(text):,} characters; a recipe has {MOST_CHARACTERS:,} at most")
    try:
        return _Builder(origin).value(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise RecipeError(f"{origin}{where}: {_problem(error)}") from None
    except RecipeError:
        raise
    except (ValueError, OverflowError):  # Of `chr`, for an escape in quotes such as "\UFFFFFFFF".
        raise RecipeError(f'{origin}: a "\\U…" in it is no character; Unicode ends at "\\U0010FFFF"') from None


def write_yaml(values: Mapping[str, Any]) -> str:
    """Values as text that `read_yaml` reads as the same values."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """The library's, with a table of representers of its own."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # The library quotes what YAML 1.1 would not read as text; `1e3` is a number here.
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _scalar(text) == text else "'")


_Dumper.add_representer(str, _represent_text)


def _problem(error: yaml.YAMLError) -> str:
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML")
    if "\\t" in problem:
        return "a tab stands where YAML wants spaces; indent with spaces"
    return f"{' '.join(problem.split())}; expected YAML such as `training: {{steps: 100}}`"


class _Builder:
    """Values from the parser's events, one after the other: what is too deep is never read to its end."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def value(self, events: Iterator[Event]) -> Any:
        """The value of the only document."""
        found: list[Any] = []
        for event in events:
            if isinstance(event, DocumentStartEvent) and found:
                raise self._refusal(event, "a second document begins (---); a recipe is one, so remove the line")
            if isinstance(event, NodeEvent):
                found.append(self._node(event, events, []))
        return found[0] if found else None

    def _node(self, event: NodeEvent, events: Iterator[Event], place: list[str]) -> Any:
        if isinstance(event, AliasEvent) or event.anchor is not None:
            mark = "an alias (*)" if isinstance(event, AliasEvent) else "an anchor (&)"
            raise self._refusal(event, f"{mark} is not read; write the values out, or quote a text that begins so")
        assert isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent)
        if event.tag is not None:
            raise self._refusal(event, f"the tag {_short(event.tag)} is not read; write the value without it")
        if len(place) > DEEPEST:
            raise self._refusal(event, f"brackets or keys are nested more than {DEEPEST} deep; a recipe needs four")
        if isinstance(event, SequenceStartEvent):
            return self._list(events, place)
        if isinstance(event, MappingStartEvent):
            return self._mapping(events, place, bool(event.flow_style))
        return _scalar(event.value) if event.implicit[0] else event.value

    def _list(self, events: Iterator[Event], place: list[str]) -> list[Any]:
        items: list[Any] = []
        for event in events:
            if isinstance(event, CollectionEndEvent):
                break
            assert isinstance(event, NodeEvent)
            items.append(self._node(event, events, [*place, str(len(items))]))
        return items

    def _mapping(self, events: Iterator[Event], place: list[str], in_braces: bool) -> dict[str, Any]:
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        before: Event | None = None
        for event in events:
            if isinstance(event, CollectionEndEvent):
                break
            key, line = self._key(event), _line(event)
            here = [*place, _short(key)]
            item = next(events)
            assert isinstance(item, NodeEvent)
            if in_braces and _is_rest_of_number(key, item, before):
                raise self._refusal(
                    event,
                    f"{'.'.join([*place, list(values)[-1]])} has a comma in its number, which begins a new key; write "
                    "numbers without commas, such as 1000 for 1,000 and 0.1 for 0,1",
                )
            if key in lines:
                stands = f"line {line}" if lines[key] == line else f"lines {lines[key]} and {line}"
                raise RecipeError(f"{self.origin}: {'.'.join(here)} stands twice, {stands}; keep one of them")
            lines[key] = line
            values[key] = self._node(item, events, here)
            before = item
        return values

    def _key(self, event: Event) -> str:
        if not isinstance(event, ScalarEvent) or event.anchor is not None or event.tag is not None:
            raise self._refusal(event, "a key is no plain word; write keys such as `steps: 100`")
        if event.value == "<<" and event.implicit[0]:
            raise self._refusal(event, "a merge key (<<) is not read; write the keys out")
        return str(event.value)

    def _refusal(self, event: Event, problem: str) -> RecipeError:
        return RecipeError(f"{self.origin}, line {_line(event)}: {problem}")


def _is_rest_of_number(key: str, item: Event, before: Event | None) -> bool:
    """Whether a key without a value is what a comma cut off from the number `before`, as in {steps: 1,000}."""
    is_empty = isinstance(item, ScalarEvent) and not item.value and item.implicit[0]
    follows_number = isinstance(before, ScalarEvent) and re.fullmatch("[-+]?[0-9]+", before.value) is not None
    return is_empty and follows_number and key.isdecimal()


def _line(event: Event) -> int:
    """From 1, as editors count."""
    assert event.start_mark is not None
    return event.start_mark.line + 1


def _scalar(text: str) -> Any:
    """What a word without quotes means."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text.replace("_", ""))
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    if _BROKEN.fullmatch(text) and not text.lstrip("-+").replace("_", "").isdigit():
        return float(text.replace("_", ""))
    if found := _NO_NUMBERS.fullmatch(text):
        return float(found[1] + found[2])
    return text


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
