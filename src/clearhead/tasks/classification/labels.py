"""The names of the classes: found in the training tables, in the order of their names."""

from collections.abc import Iterable, Sequence
from typing import Final

from clearhead.errors import DataError
from clearhead.model.config import MOST_SIZES

LONGEST_LABEL: Final = 200
# The text's and the label's, where nobody names others.
COLUMNS: Final = (1, 2)


def labels_of(column: Iterable[str], files: str) -> tuple[str, ...]:
    """The different labels, sorted by their names. Raises DataError where they tell no classes apart.

    files: where they stand, as an error says it.
    """
    found = sorted(set(column))
    columns = "name the columns of text and label, as in columns: [1, 2]"
    if "" in found:
        raise DataError(f"{files}: a row has no label; add it or remove the row, or {columns}")
    if longest := next((one for one in found if len(one) > LONGEST_LABEL), None):
        raise DataError(f"{files}: the label {longest[:40]!r}… has more than {LONGEST_LABEL} characters; {columns}")
    if len(found) == 1:
        raise DataError(f"{files}: all rows have the label {found[0]!r}, which leaves nothing to learn; {columns}")
    if len(found) > MOST_SIZES["classes"]:
        raise DataError(f"{files}: {len(found):,} different labels, of {MOST_SIZES['classes']:,} at most; {columns}")
    return tuple(found)


def classes_of(column: Iterable[str], labels: Sequence[str], files: str) -> list[int]:
    """The number of each label. Raises DataError for one that is not among `labels`."""
    numbers = {label: number for number, label in enumerate(labels)}
    classes = []
    for label in column:
        if label not in numbers:
            known = ", ".join(labels)
            raise DataError(
                f"{files}: the label {label[:40]!r} is none of the {len(labels)} to learn ({known:.120}); correct it, "
                "or remove its rows"
            )
        classes.append(numbers[label])
    return classes
