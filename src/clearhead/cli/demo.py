"""`clearhead demo`: train the embedded translator, show what it learned, say what to type next."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from clearhead.bundle import Bundle, load
from clearhead.cli.options import Debug, Quiet
from clearhead.cli.progress import duration, reporter
from clearhead.cli.train import Stop
from clearhead.data import street
from clearhead.recipe import Recipe, find_recipe, load_recipe
from clearhead.training import train
from clearhead.training.checkpoint import checkpoints, read_position
from clearhead.training.phenomena import PhenomenonScore, score_phenomena
from clearhead.training.preparation import corpus_folder

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
    """Train the embedded translator (a few minutes), print its scores and translations, and what to type next.

    A second time it finds the trained model and trains nothing.
    """
    recipe = load_recipe(find_recipe("street"))
    console = Console(highlight=False)
    if not is_finished(out, recipe):
        stop = Stop()
        stop.listen()
        began = time.perf_counter()
        train(recipe, out, resume=any(checkpoints(out / "checkpoints")), reporter=reporter(quiet), should_stop=stop)
        if stop.asked:
            console.print(f"stopped; the same command goes on from here ({out})")
            return 130
        console.print(f"trained in {duration(time.perf_counter() - began)} (minutes:seconds)\n")
    bundle = load(out)
    folder = corpus_folder(recipe)
    console.print(score_table(score_phenomena(bundle, folder)))
    _print_baselines(console, recipe)
    _print_examples(console, bundle)
    _print_next(console, out)
    return 0


def is_finished(out: Path, recipe: Recipe) -> bool:
    """Whether the run folder holds a model that was trained to the recipe's end."""
    newest = next(checkpoints(out / "checkpoints"), None)
    if newest is None or not (out / "bundle" / "config.json").is_file():
        return False
    position = read_position(newest)
    return position.step >= recipe.training.steps or position.stopped_early


def score_table(scores: Sequence[PhenomenonScore]) -> Table:
    """Percent of held-out sentences translated exactly right; agreement by distance too."""
    table = Table(title="Sentences never seen in training, exactly right", box=box.SIMPLE, title_justify="left")
    table.add_column("phenomenon")
    for direction in street.DIRECTIONS:
        table.add_column(direction.replace("-", " → "), justify="right")
    found = {(score.phenomenon, score.direction): score for score in scores}
    for phenomenon in street.PHENOMENA:
        row = [found.get((phenomenon, direction)) for direction in street.DIRECTIONS]
        table.add_row(phenomenon, *[_percent(score.exact) if score else "–" for score in row])
        for distance in sorted({distance for score in row if score for distance in score.by_distance}):
            cells = [score.by_distance.get(distance) if score else None for score in row]
            label = f"  {distance} words between"
            table.add_row(label, *["–" if cell is None else _percent(cell) for cell in cells], style="dim")
    return table


def _percent(value: float) -> str:
    return f"{value:.1f} %"


def _print_baselines(console: Console, recipe: Recipe) -> None:
    pass


def _print_examples(console: Console, bundle: Bundle) -> None:
    for text, to in EXAMPLES:
        console.print(f"{text}\n    → {bundle.translate(text, to)}", markup=False)


def _print_next(console: Console, out: Path) -> None:
    console.print(
        f"""
Your model is in {out}. Now type:

    echo "The bank of the river is wide." | clearhead translate {out} --to fr
    clearhead translate {out} --to ko --n-best --top-beams 3
    clearhead --help

docs/tutorial.md goes on from here with a text of your own.""",
        markup=False,
    )
