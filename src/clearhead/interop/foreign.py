"""A model of another program as it lies on disk: its settings and its tensors, asked for by name."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearhead.errors import InteropError
from clearhead.model.config import FamilyConfig

Numbers = NDArray[Any]
Change = Callable[[Numbers], Numbers]
Value = TypeVar("Value")
_MOST_BYTES = 64 << 20


class ForeignSettings:
    """A config.json. A key that is missing has its class's default, which whoever asks for it tells.

    Raises InteropError for a value of another type, and for one that clearhead has not, by its key and value.
    """

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        self.values, self.place = values, place

    def whole(self, key: str, default: int | None = None) -> int:
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refused(key, value, "a whole number")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refused(key, value, "a number")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self.refused(key, value, "true or false")
        return value

    def choice(self, key: str, choices: Mapping[Any, Value], default: Any) -> Value:
        """What stands in `choices` for its value."""
        value = self._value(key, default)
        if not isinstance(value, str | bool | int | None) or value not in choices:
            raise self.refused(key, value, " or ".join(map(repr, choices)))
        return choices[value]

    def require(self, key: str, *wanted: Any) -> None:
        """Refuse a value that is none of these, of which the first is the default."""
        if (value := self.values.get(key, wanted[0])) not in wanted:
            raise self.refused(key, value, " or ".join(map(repr, wanted)))

    def refused(self, key: str, value: Any, wanted: str) -> InteropError:
        return InteropError(f"{self.place} has {key}={value!r:.60}, which clearhead cannot take; expected {wanted}")

    def _value(self, key: str, default: Any) -> Any:
        value = self.values.get(key)
        if value is None:
            if default is None:
                raise InteropError(f"{self.place} has no {key}; copy the model's folder again")
            value = default
        return value


@dataclass(frozen=True)
class Foreign:
    """settings: of its config.json. shapes: of its tensors, without the prefix of the base model. reads: one of them.

    Names may be another program's spelling of the same: `named` has put them into that of its class.
    """

    settings: ForeignSettings
    shapes: Mapping[str, tuple[int, ...]]
    reads: Callable[[str], Numbers] = field(repr=False)

    def __contains__(self, name: str) -> bool:
        return name in self.shapes

    def read(self, name: str) -> Numbers:
        """Raises InteropError where there is no such tensor: none is ever filled in."""
        if name not in self.shapes:
            raise InteropError(
                f"{self.settings.place}: the weights have no {name}, which this model needs; copy the folder again"
            )
        return self.reads(name)

    def are_one(self, name: str, other: str) -> bool:
        """Whether two matrices are one, as the tensors say: one of them is missing, or both are equal."""
        if name not in self or other not in self:
            return True
        return self.shapes[name] == self.shapes[other] and np.array_equal(self.read(name), self.read(other))

    def first_of(self, *names: str) -> str:
        """The first of these names that there is, or the first."""
        return next((name for name in names if name in self), names[0])

    def count(self, pattern: str) -> int:
        """How many numbers in a row, from 0, there are for which `pattern.format(number)` is a tensor."""
        number = 0
        while pattern.format(number) in self:
            number += 1
        return number


def same(numbers: Numbers) -> Numbers:
    return numbers


@dataclass(frozen=True)
class Source:
    """From which tensor a parameter of ours is made, and how; back: how what the file has is made of ours.

    Where several of ours are made of one, it has them side by side, along its last axis.
    """

    name: str
    change: Change = same
    back: Change = same


@dataclass(frozen=True)
class Plan:
    """What becomes of a foreign model.

    names: of each parameter of ours, where its numbers are. ignored: patterns of names that nobody needs, each with the
    reason. task: what the bundle is for. labels: a classifier's. pooling: what `embed` makes a text's vector of.
    """

    config: FamilyConfig
    names: Mapping[str, Source]
    task: str
    ignored: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    pooling: str = "mean"


def read_json(path: Path) -> dict[str, Any]:
    """An object in a file of a model's folder. Raises InteropError in one line."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        values = json.loads(content.decode("utf-8")) if len(content) <= _MOST_BYTES else None
    except OSError as error:
        raise InteropError(f"{path} cannot be read ({error.strerror}); give a model's folder or file") from None
    except (ValueError, RecursionError) as error:
        raise InteropError(f"{path} is no JSON ({' '.join(str(error).split())[:80]}); copy it again") from None
    if not isinstance(values, dict):
        raise InteropError(f"{path} is no object of JSON; copy it again")
    return values


def linear(
    ours: str, theirs: str, change: Change = same, back: Change = same, bias: bool = True
) -> Iterator[tuple[str, Source]]:
    """The names of a layer's weight and bias; `change` and `back` are for the weight, as a transposition."""
    yield f"{ours}.weight", Source(f"{theirs}.weight", change, back)
    if bias:
        yield f"{ours}.bias", Source(f"{theirs}.bias")
