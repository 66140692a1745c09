"""The table of scores that `clearhead demo` prints."""

from collections.abc import Sequence

from clearhead import street
from clearhead.cli.score_table import score_table
from clearhead.evaluation import PhenomenonScore

BASELINES = (
    street.Baselines("en-fr", "coreference", 0.43, 0.5, None),
    street.Baselines("en-ko", "word-sense", 0.21, 0.53, 0.49),
)


def cells(scores: Sequence[PhenomenonScore]) -> list[list[str]]:
    table = score_table(scores, BASELINES)
    return [list(row) for row in zip(*(list(column.cells) for column in table.columns), strict=True)]


def test_the_table() -> None:
    rows = cells(
        [
            PhenomenonScore("plain", "en-fr", 400, 98.75, 98.75, {}),
            PhenomenonScore("agreement", "fr-en", 400, 90.0, 100.0, {0: 100.0, 12: 80.0}),
            PhenomenonScore("coreference", "en-fr", 400, 97.0, 97.0, {}),
        ]
    )
    assert rows[:6] == [
        ["plain", "98.8 %", "–", "–"],
        ["agreement, up to 8 words between", "–", "100.0 %", "–"],
        ["  0 words between", "–", "100.0 %", "–"],
        ["  12 words between, more than in training", "–", "80.0 %", "–"],
        ["coreference", "97.0 %", "–", "–"],
        ["  guessed by the cue word alone", "43.0 %", "–", "–"],
    ]
    assert rows[6][0] == "  guessed by the order alone"
