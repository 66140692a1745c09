"""What `clearhead evaluate` prints of a classifier: each class's figures, and which are mistaken for which."""

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size

from clearhead.evaluation import ClassScores
from clearhead.text import visible

WIDTH: Final = 80
_WIDEST_LABEL: Final = 30
_WIDEST_COLUMN: Final = 8
_MOST_MISTAKES: Final = 10


def class_lines(scores: ClassScores) -> list[str]:
    """All of it, in lines of 80 columns at most, of which a Korean letter takes two."""
    names = [" ".join(visible(label).split()) for label in scores.labels]
    summary = f"{100 * scores.accuracy:.2f} % of {scores.texts:,} texts right, macro-F1 {scores.macro_f1:.4f}"
    return [summary, "", *_figures(scores, names), "", *_confusion(scores, names)]


def _figures(scores: ClassScores, names: Sequence[str]) -> list[str]:
    width = min(_WIDEST_LABEL, max(map(cell_len, ("label", *names))))
    columns = zip(
        names, scores.precision, scores.recall, scores.f1, (sum(row) for row in scores.confusion), strict=True
    )
    return [
        f"{_left('label', width)}  precision  recall      F1    texts",
        *(
            f"{_left(name, width)}  {precision:9.3f}  {recall:6.3f}  {f1:6.3f}  {texts:7,}"
            for name, precision, recall, f1, texts in columns
        ),
    ]


def _confusion(scores: ClassScores, names: Sequence[str]) -> list[str]:
    """The whole table where it fits; else the most frequent mistakes."""
    numbers = [[f"{count:,}" for count in row] for row in scores.confusion]
    widest = max(len(number) for row in numbers for number in row)
    column = 2 + max(widest, min(_WIDEST_COLUMN, max(map(cell_len, names))))
    first = min(_WIDEST_LABEL, max(map(cell_len, names)))
    if first + column * len(names) > WIDTH:
        return _mistakes(scores, names)
    return [
        "a row for each right label, a column for each label that was given",
        " " * first + "".join(_right(name, column) for name in names),
        *(
            _left(name, first) + "".join(_right(number, column) for number in row)
            for name, row in zip(names, numbers, strict=True)
        ),
    ]


def _mistakes(scores: ClassScores, names: Sequence[str]) -> list[str]:
    counted = [
        (count, right, given)
        for right, row in zip(names, scores.confusion, strict=True)
        for given, count in zip(names, row, strict=True)
        if count and right != given
    ]
    most = sorted(counted, key=lambda one: -one[0])[:_MOST_MISTAKES]
    return [
        "the most frequent mistakes: the right label → the one that was given",
        *(f"{count:7,}  {_cut(right)} → {_cut(given)}" for count, right, given in most),
    ]


def _cut(name: str, width: int = _WIDEST_LABEL) -> str:
    return name if cell_len(name) <= width else set_cell_size(name, width - 1).rstrip() + "…"


def _left(name: str, width: int) -> str:
    return set_cell_size(_cut(name, width), width)


def _right(name: str, width: int) -> str:
    shown = _cut(name, width - 2)
    return " " * (width - cell_len(shown)) + shown
