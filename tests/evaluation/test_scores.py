"""What tasks measure, as a run's history has it."""

import json

import pytest

from clearhead.evaluation import (
    ClassScores,
    MaskedScores,
    Quality,
    Scores,
    TextScores,
    TwoWayScores,
    plain_scores,
    scores_from,
)
from clearhead.evaluation.scores import KINDS

EVERY: tuple[Scores, ...] = (
    Quality(30.0, 50.0, 10.0, "b", "c"),
    Quality(30.0, 50.0, 10.0, "b", "c", 60.0, "t"),
    TextScores(2.0, 4, 8, 16, 1, 3),
    MaskedScores(2.0, 0.5, 10),
    TwoWayScores(TextScores(2.0, 4, 8, 16, 1, 3), MaskedScores(2.0, 0.5, 10)),
    ClassScores(("a", "b"), ((3, 1), (0, 2))),
)


def test_each_kind_is_here() -> None:
    assert {type(one) for one in EVERY} == set(KINDS.values())


@pytest.mark.parametrize("scores", EVERY, ids=lambda one: type(one).__name__)
def test_there_and_back(scores: Scores) -> None:
    assert isinstance(scores, Scores)
    assert scores_from(json.loads(json.dumps(plain_scores(scores)))) == scores
    assert all("\n" not in line for line in (scores.brief, *scores.lines))


def test_what_version_0_1_wrote() -> None:
    """A run of it may be resumed, and its best model written again."""
    assert scores_from({"loss": 1.0, "quality": None}) is None
    assert plain_scores(None) == {"quality": None}
    quality = {"bleu": 30.0, "chrf": 50.0, "exact": 10.0, "bleu_signature": "b", "chrf_signature": "c"}
    assert plain_scores(EVERY[0]) == {"quality": quality}
