"""Classes told apart: figures by hand, with scikit-learn's definitions."""

import pytest

from clearhead.evaluation import count_classes

# Right:  a a a a b b b c c d     Given:  a a a b b b a a c a
RIGHT, GIVEN = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3], [0, 0, 0, 1, 1, 1, 0, 0, 2, 0]
SCORES = count_classes(("a", "b", "c", "d"), RIGHT, GIVEN)


def test_counting() -> None:
    assert SCORES.labels == ("a", "b", "c", "d")
    assert SCORES.confusion == ((3, 1, 0, 0), (1, 2, 0, 0), (1, 0, 1, 0), (1, 0, 0, 0))
    assert SCORES.texts == 10


def test_accuracy() -> None:
    assert SCORES.accuracy == pytest.approx(6 / 10)


def test_each_class() -> None:
    """Of a: 3 right of 6 given and of 4 there are, F1 = 2 · 3 / (6 + 4). Of d, never given: 0, not 0/0."""
    assert SCORES.precision == pytest.approx([3 / 6, 2 / 3, 1 / 1, 0])
    assert SCORES.recall == pytest.approx([3 / 4, 2 / 3, 1 / 2, 0])
    assert SCORES.f1 == pytest.approx([6 / 10, 4 / 6, 2 / 3, 0])


def test_the_mean_over_classes() -> None:
    assert SCORES.macro_f1 == pytest.approx((0.6 + 4 / 6 + 2 / 3 + 0) / 4)
    # A class that no text has and none is given does not count, as in sklearn.metrics.f1_score.
    absent = count_classes(("a", "b", "c"), [0, 0, 1], [0, 1, 1])
    assert absent.macro_f1 == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert absent.figures == {"accuracy": pytest.approx(2 / 3), "f1": pytest.approx(2 / 3)}


def test_what_is_told() -> None:
    assert SCORES.brief == "60.0 % right  macro-F1 0.483"
    assert SCORES.lines[0] == "60.00 % right, macro-F1 0.4833"
    assert SCORES.lines[1] == "a: precision 0.500, recall 0.750, F1 0.600, of 4 texts"
    assert len(SCORES.lines) == 5
    many = count_classes([str(one) for one in range(100)], [0], [1])
    assert len(many.lines) == 32
    assert many.lines[-1] == "and 70 more classes"


def test_one_class_for_all() -> None:
    """faults: google-research/bert#175: a model that has learned nothing gives all the most frequent one."""
    assert SCORES.doubt is None
    doubt = count_classes(("no", "yes"), [0, 0, 1], [0, 0, 0]).doubt
    assert doubt is not None
    assert doubt.startswith("all 3 texts are given the class no; ")
    assert "\n" not in doubt
    # Where there is one class alone, it is right.
    assert count_classes(("no", "yes"), [0, 0], [0, 0]).doubt is None
