"""How well texts are told apart: accuracy, precision, recall and F1 by class, and which classes are mistaken for which.

As scikit-learn defines them; what would be divided by nothing is 0.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# A model card names so many classes one by one.
_MOST_LINES: Final = 30


@dataclasses.dataclass(frozen=True)
class ClassScores:
    """labels: the classes' names. confusion: for each right class (rows) how many texts were given each class."""

    labels: Sequence[str]
    confusion: Sequence[Sequence[int]]

    def __post_init__(self) -> None:
        """What JSON has as lists is equal to what it was made from."""
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "confusion", tuple(tuple(int(one) for one in row) for row in self.confusion))

    @property
    def texts(self) -> int:
        return int(self._counts.sum())

    @property
    def accuracy(self) -> float:
        """The share of texts that were given the right class."""
        return float(self._counts.trace() / self.texts)

    @property
    def precision(self) -> NDArray[np.float64]:
        """Of the texts that were given each class, the share of which it is right."""
        return _over(self._right, self._counts.sum(axis=0))

    @property
    def recall(self) -> NDArray[np.float64]:
        """Of the texts of each class, the share that was given it."""
        return _over(self._right, self._counts.sum(axis=1))

    @property
    def f1(self) -> NDArray[np.float64]:
        """Of each class, the harmonic mean of precision and recall."""
        return _over(2 * self._right, self._counts.sum(axis=0) + self._counts.sum(axis=1))

    @property
    def macro_f1(self) -> float:
        """The mean over the classes that some text has or was given, each counted alike, however rare."""
        seen = self._counts.sum(axis=0) + self._counts.sum(axis=1) > 0
        return float(self.f1[seen].mean())

    @property
    def figures(self) -> Mapping[str, float]:
        return {"accuracy": self.accuracy, "f1": self.macro_f1}

    @property
    def brief(self) -> str:
        return f"{100 * self.accuracy:.1f} % right  macro-F1 {self.macro_f1:.3f}"

    @property
    def lines(self) -> Sequence[str]:
        each = zip(self.labels, self.precision, self.recall, self.f1, self._counts.sum(axis=1), strict=True)
        told = [
            f"{label}: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}, of {count:,} texts"
            for label, precision, recall, f1, count in each
        ]
        more = [f"and {len(told) - _MOST_LINES:,} more classes"] if len(told) > _MOST_LINES else []
        return [f"{100 * self.accuracy:.2f} % right, macro-F1 {self.macro_f1:.4f}", *told[:_MOST_LINES], *more]

    @property
    def doubt(self) -> str | None:
        """Where all texts are given one class, which is what a model says that has learned nothing but counts."""
        given = self._counts.sum(axis=0)
        if (given > 0).sum() > 1 or (self._counts.sum(axis=1) > 0).sum() < 2:
            return None
        return (
            f"all {self.texts:,} texts are given the class {self.labels[int(given.argmax())]}; where that does not "
            "change soon, raise training.schedule.warmup, lower training.schedule.peak, or set "
            "training.class_weights=root"
        )

    @property
    def _counts(self) -> NDArray[Any]:
        return np.array(self.confusion, np.int64).reshape(len(self.labels), len(self.labels))

    @property
    def _right(self) -> NDArray[Any]:
        return self._counts.diagonal()


def count_classes(labels: Sequence[str], right: Sequence[int], given: Sequence[int]) -> ClassScores:
    """The scores of some texts, by the numbers of their right classes and of those that they were given."""
    counts = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(counts, (np.asarray(right, np.int64), np.asarray(given, np.int64)), 1)
    return ClassScores(tuple(labels), tuple(map(tuple, counts.tolist())))


def _over(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
