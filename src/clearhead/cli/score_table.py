"""The table of scores that `clearhead demo` prints."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from clearhead import street
from clearhead.evaluation import PhenomenonScore
from clearhead.street.agreement import TRAINED


def score_table(scores: Sequence[PhenomenonScore], baselines: Sequence[street.Baselines]) -> Table:
    """Percent of held-out sentences translated exactly right; below, what agreement's distance and a guess come to."""
    table = Table(title="Sentences never seen in training, exactly right", box=box.SIMPLE, title_justify="left")
    table.add_column("phenomenon")
    for direction in street.DIRECTIONS:
        table.add_column(direction.replace("-", " → "), justify="right")
    for phenomenon in street.PHENOMENA:
        found = {score.direction: score for score in scores if score.phenomenon == phenomenon}
        guesses = {guess.direction: guess for guess in baselines if guess.phenomenon == phenomenon}
        _add_phenomenon(table, phenomenon, [found.get(direction) for direction in street.DIRECTIONS])
        _add_guesses(table, [guesses.get(direction) for direction in street.DIRECTIONS])
    return table


def _add_phenomenon(table: Table, phenomenon: str, row: Sequence[PhenomenonScore | None]) -> None:
    distances = sorted({distance for score in row if score for distance in score.by_distance})
    label = f"{phenomenon}, up to {TRAINED} words between" if distances else phenomenon
    _add_row(table, label, [score.as_trained if score else None for score in row])
    for distance in distances:
        longer = ", more than in training" if distance > TRAINED else ""
        cells = [score.by_distance.get(distance) if score else None for score in row]
        _add_row(table, f"  {distance} words between{longer}", cells, style="dim")


def _add_guesses(table: Table, guesses: Sequence[street.Baselines | None]) -> None:
    """What a reader reaches who looks at one thing only."""
    for label, name in (("the cue word", "cue"), ("the ambiguous word", "word"), ("the order", "order")):
        values = [getattr(guess, name) if guess else None for guess in guesses]
        if any(value is not None for value in values):
            cells = [None if value is None else 100 * value for value in values]
            _add_row(table, f"  guessed by {label} alone", cells, style="dim")


def _add_row(table: Table, label: str, values: Sequence[float | None], style: str | None = None) -> None:
    table.add_row(label, *["–" if value is None else _percent(value) for value in values], style=style)


def _percent(value: float) -> str:
    return f"{value:.1f} %"
