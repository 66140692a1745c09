"""Cosines by hand."""

import numpy as np
import pytest

from clearhead.errors import UsageError
from clearhead.tasks.nearest import Nearest, nearest, require_fitting, require_own

EAST, NORTH, BETWEEN = (np.array(one, np.float32) for one in ([1, 0], [0, 1], [0.6, 0.8]))


def test_the_best_first_and_of_equal_ones_the_first() -> None:
    """Between north and east lie 0.8 and 0.6; a blank text is never found."""
    texts = [("east", EAST), (" ", BETWEEN), ("between", BETWEEN), ("north", NORTH), ("also north", NORTH)]
    found = nearest(NORTH, texts, 3)
    assert [(one.text, one.place) for one in found] == [("north", 3), ("also north", 4), ("between", 2)]
    assert [one.cosine for one in found] == pytest.approx([1, 1, 0.8])
    assert len(nearest(NORTH, texts, 100)) == 4
    assert nearest(NORTH, [], 3) == []


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros((3, 2), np.float32), r"float32 of shape \(3, 2\), but 2 texts and this model have .* \(2, 2\)"),
        (np.zeros((2, 3)), r"float64 of shape \(2, 3\)"),
        (np.zeros((2, 2), int), "vectors is int64"),
        (np.array([[1, 0], [np.nan, 0]]), "vectors holds NaN or infinities"),
        ("vectors.npy", r"vectors is <U11 of shape \(\)"),
    ],
)
def test_what_cannot_be_the_vectors(vectors: object, message: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        require_fitting(vectors, 2, 2)
    assert "\n" not in str(error.value)


def test_vectors_of_other_texts_are_found_out() -> None:
    found = [Nearest("north", 1.0, 7)]
    require_own(found, [NORTH], [NORTH])
    for other in (EAST, BETWEEN, 2 * NORTH):
        with pytest.raises(UsageError, match=r"vectors\[7\] is not this model's vector of text 8, 'north'"):
            require_own(found, [other], [NORTH])
