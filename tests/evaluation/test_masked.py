"""What is said of masked places."""

import pytest

from clearhead.evaluation import MaskedScores, Scores


@pytest.mark.parametrize(
    ("scores", "line"),
    [
        (MaskedScores(2.34567, 0.5, 1200), "50.0 % of 1,200 masked places filled right, loss 2.3457 nats a place"),
        (MaskedScores(0.1, 1.0, 1), "100.0 % of 1 masked place filled right, loss 0.1000 nats a place"),
    ],
)
def test_in_a_line(scores: MaskedScores, line: str) -> None:
    assert isinstance(scores, Scores)
    assert (scores.lines, scores.figures) == ([line], {})
    assert scores.brief == f"masked loss {scores.loss:.4f}, {100 * scores.accuracy:.1f} % right"
