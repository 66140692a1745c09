"""What is said of a model that reads both ways."""

import dataclasses

from clearhead.evaluation import MaskedScores, Scores, TextScores, TwoWayScores

TEXT, MASKED = TextScores(2.0, 4, 8, 16, 1, 3), MaskedScores(1.5, 0.25, 8)


def test_it_says_both() -> None:
    both = TwoWayScores(TEXT, MASKED)
    assert isinstance(both, Scores)
    assert both.lines == [*TEXT.lines, *MASKED.lines]
    assert both.brief == f"next loss 0.5000, {TEXT.brief}  masked loss 1.5000, 25.0 % right"
    assert (both.figures, both.doubt) == ({}, None)


def test_from_plain_values() -> None:
    both = TwoWayScores(TEXT, MASKED)
    assert TwoWayScores.from_plain(**dataclasses.asdict(both)) == both
