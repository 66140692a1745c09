"""What is printed of translations whose figures are known: what the commands print is in test_evaluate.py."""

import json

import pytest

from clearhead.cli.quality_table import print_quality
from clearhead.evaluation import TextScores

RIGHT = ["un deux trois quatre", "cinq six sept huit"]


def test_what_is_right_beside_what_is_half_right(capsys: pytest.CaptureFixture[str]) -> None:
    """A system that wrote the references has 100 everywhere and a TER of 0; one line of two is exact in the other."""
    print_quality(RIGHT, RIGHT, ("다른 시스템", [RIGHT[0], "rien"]), "13a", None, as_json=False)
    header, model, other, chance, *signatures = capsys.readouterr().out.splitlines()
    assert header.split() == ["BLEU", "chrF", "TER", "exact", "of", "2", "lines"]
    assert model.split() == ["model", "100.00", "100.00", "0.00", "100.0", "%"]
    assert other.startswith("다른 시스템  ")
    assert other.split()[-2:] == ["50.0", "%"]
    assert chance.startswith("a difference of BLEU as large as this comes by chance with p = ")
    assert len(signatures) == 3


def test_as_json_with_answers_that_are_predicted(capsys: pytest.CaptureFixture[str]) -> None:
    """A loss of 0 nats a token is a perplexity of 1."""
    scores = TextScores(nats=0.0, tokens=4, characters=8, utf8_bytes=8, least_context=1, most_context=2)
    print_quality(RIGHT, RIGHT, None, "13a", scores, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert (document["lines"], document["model"]["exact"]) == (2, 100.0)
    assert (document["answers"]["token_perplexity"], document["answers"]["bits_per_byte"]) == (1.0, 0.0)
    assert "against" not in document
