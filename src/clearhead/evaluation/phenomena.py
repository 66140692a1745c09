"""How well a model does phenomenon by phenomenon: the share of sentences translated exactly right."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class PhenomenonTest(Protocol):
    """A test set of one phenomenon in one direction, such as en-fr; `distances` has a number a sentence, or none."""

    @property
    def phenomenon(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def sources(self) -> Sequence[str]: ...
    @property
    def targets(self) -> Sequence[str]: ...
    @property
    def distances(self) -> Sequence[int]: ...


@dataclasses.dataclass(frozen=True)
class PhenomenonScore:
    """exact: percent of the sentences; by_distance: the same for each distance, where the test set has distances.

    as_trained: percent of the sentences with no longer distance than training has; all, where there are no distances.
    """

    phenomenon: str
    direction: str
    sentences: int
    exact: float
    as_trained: float
    by_distance: dict[int, float]


def score_phenomena(
    tests: Iterable[PhenomenonTest], translate: Callable[[Sequence[str], str], Sequence[str]], trained: int
) -> list[PhenomenonScore]:
    """The score of each test set, in their order.

    translate: gives a translation for each source, into the language that it is given: `bundle.translate`.
    trained: the longest distance that training has.
    """
    return [_score(test, translate(test.sources, test.direction.partition("-")[2]), trained) for test in tests]


def _score(test: PhenomenonTest, translations: Sequence[str], trained: int) -> PhenomenonScore:
    right = [translation == target for translation, target in zip(translations, test.targets, strict=True)]
    groups: dict[int, list[bool]] = defaultdict(list)
    if test.distances:
        for is_right, distance in zip(right, test.distances, strict=True):
            groups[distance].append(is_right)
    near = [one for distance, group in groups.items() if distance <= trained for one in group] if groups else right
    by_distance = {distance: _percent(groups[distance]) for distance in sorted(groups)}
    return PhenomenonScore(test.phenomenon, test.direction, len(right), _percent(right), _percent(near), by_distance)


def _percent(right: Sequence[bool]) -> float:
    return 100 * sum(right) / len(right)
