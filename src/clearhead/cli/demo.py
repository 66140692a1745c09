"""`clearhead demo`: train the embedded translator, show what it learned, say what to type next."""

import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from clearhead.bundle import Bundle, load
from clearhead.cli.naming import command
from clearhead.cli.options import Debug, Quiet
from clearhead.cli.progress import duration, reporter
from clearhead.cli.stopping import Stop
from clearhead.data import street
from clearhead.data.street.agreement import TRAINED
from clearhead.errors import TrainingError, UsageError
from clearhead.recipe import Recipe, load_recipe, shipped_recipe
from clearhead.training import train
from clearhead.training.checkpoint import checkpoints, newest_checkpoint, read_position
from clearhead.training.phenomena import PhenomenonScore, read_baselines, score_phenomena
from clearhead.training.preparation import corpus_folder, resolve

EXAMPLES = (
    ("I am a student.", "fr"),
    ("je suis étudiant", "en"),
    ("The animal didn't cross the street because it was too tired.", "fr"),
    ("The animal didn't cross the street because it was too wide.", "fr"),
    ("The animal didn't cross the street because it was too tired.", "ko"),
    ("The animal didn't cross the street because it was too wide.", "ko"),
)

Out = Annotated[Path, typer.Option("--out", metavar="RUN", help="The folder of the run.")]


def demo(out: Out = Path("runs/street"), quiet: Quiet = False, debug: Debug = False) -> int:
    """Train the embedded translator in some minutes; print its scores and translations.

    A second time it finds the trained model and trains nothing.
    """
    recipe = load_recipe(shipped_recipe("street"))
    console = Console(highlight=False)
    if not is_finished(out, recipe):
        began = time.perf_counter()
        begun = any(checkpoints(out / "checkpoints")) or (out / "history.jsonl").is_file()
        with Stop() as stop:
            end = train(recipe, out, resume=begun, reporter=reporter(quiet), should_stop=stop)
        if stop.asked and end.step < recipe.training.steps and not end.stopped_early:
            print(f"clearhead: stopped at step {end.step}; the same command goes on from there", file=sys.stderr)
            return stop.exit_code
        if not quiet:
            console.print(f"trained in {duration(time.perf_counter() - began)} (minutes:seconds)\n")
    bundle = load(out)
    folder = corpus_folder(recipe)
    console.print(score_table(score_phenomena(bundle, folder), read_baselines(folder, recipe)))
    _print_examples(console, bundle)
    if not quiet:
        _print_next(console, out)
    return 0


def is_finished(out: Path, recipe: Recipe) -> bool:
    """Whether the run folder holds a model that was trained to the recipe's end.

    Raises UsageError where it holds another recipe's, or one of another version of the corpus.
    """
    if not (out / "bundle" / "config.json").is_file():
        return False
    held = load(out).recipe
    if held.name != recipe.name:
        raise UsageError(f"{out} holds the model {held.name!r}, not the demo's; name another folder by --out")
    if _what_decides(held) != _what_decides(resolve(recipe)):
        raise UsageError(
            f"{out} holds the demo's model by another version of clearhead; remove it, or name another folder by --out"
        )
    try:
        newest, _ = newest_checkpoint(out / "checkpoints")
    except TrainingError:
        # Somebody kept the model and removed the rest; or the run was stopped before its first checkpoint.
        return not (out / "history.jsonl").is_file()
    position = read_position(newest)
    return position.step >= recipe.training.steps or position.stopped_early


def _what_decides(recipe: Recipe) -> object:
    """All of a recipe but the machine that it was trained on."""
    return recipe.model_dump(exclude={"training": {"device", "precision"}})


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


def _print_examples(console: Console, bundle: Bundle) -> None:
    for text, to in EXAMPLES:
        console.print(f"{text}\n    → {bundle.translate(text, to)}", markup=False, soft_wrap=True)


def _print_next(console: Console, out: Path) -> None:
    name, run = command(), shlex.quote(str(out))
    console.print(
        f"""
Your model is in {out}. Now type:

    echo "The bank of the river is wide." | {name} translate {run} --to fr
    {name} translate {run} --to ko --n-best --top-beams 3
    {name} --help

docs/tutorial.md goes on from here with a text of your own.""",
        markup=False,
        soft_wrap=True,
    )
