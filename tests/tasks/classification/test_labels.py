"""Which classes there are, and what is told of a label that is none."""

import pytest

from clearhead.errors import DataError
from clearhead.tasks.classification.labels import classes_of, labels_of


def test_in_the_order_of_their_names() -> None:
    assert labels_of(["b", "a", "b", "나", "가"], "a.tsv") == ("a", "b", "가", "나")
    assert classes_of(["b", "a"], ("a", "b"), "a.tsv") == [1, 0]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["a", ""], "a.tsv: a row has no label; add it or remove the row, or name the columns"),
        (["a", "a"], "a.tsv: all rows have the label 'a', which leaves nothing to learn; name the columns"),
        (["a", "b" * 201], "has more than 200 characters; name the columns of text and label, as in columns: [1, 2]"),
    ],
)
def test_labels_that_tell_nothing_apart(column: list[str], message: str) -> None:
    with pytest.raises(DataError) as caught:
        labels_of(column, "a.tsv")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_label_that_nobody_learned() -> None:
    with pytest.raises(DataError, match=r"v.tsv: the label 'c' is none of the 2 to learn \(a, b\); correct it, or rem"):
        classes_of(["a", "c"], ("a", "b"), "v.tsv")
