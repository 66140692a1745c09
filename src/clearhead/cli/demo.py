"""`clearhead demo`: train the embedded translator, show what it learned, say what to type next."""

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearhead.bundle import load
from clearhead.cli.naming import command
from clearhead.cli.options import Debug, Quiet
from clearhead.cli.stopping import Stop
from clearhead.errors import TrainingError, UsageError

if TYPE_CHECKING:
    import rich.console
    import rich.table

    import clearhead

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
    """Train the embedded translator and show what it learned.

    It takes some minutes. A second time it finds the trained model and trains nothing.
    """
    from rich.console import Console

    from clearhead.recipe import load_recipe, shipped_recipe

    recipe = load_recipe(shipped_recipe("street"))
    if not is_finished(out, recipe) and (stopped := _train(recipe, out, quiet)):
        return stopped
    bundle, console = load(out), Console(highlight=False)
    console.print(_scores(bundle, recipe))
    _print_examples(console, bundle)
    if not quiet:
        _print_next(console, out)
    return 0


def _train(recipe: "clearhead.Recipe", out: Path, quiet: bool) -> int:
    """Begin or go on; the exit code, which is not 0 where it was stopped before its end."""
    from clearhead.cli.progress import duration, reporters
    from clearhead.training import train
    from clearhead.training.checkpoint import checkpoints

    began = time.perf_counter()
    begun = any(checkpoints(out / "checkpoints")) or (out / "history.jsonl").is_file()
    with Stop() as stop:
        end = train(recipe, out, resume=begun, callbacks=reporters(quiet), should_stop=stop).state
    if stop.asked and not end.is_at_the_end(recipe.training.steps) and not end.stopped_early:
        print(f"clearhead: stopped at step {end.step}; the same command goes on from there", file=sys.stderr)
        return stop.exit_code
    if not quiet:
        print(f"trained in {duration(time.perf_counter() - began)} (minutes:seconds)\n")
    return 0


def is_finished(out: Path, recipe: "clearhead.Recipe") -> bool:
    """Whether the run folder holds a model that was trained to the recipe's end.

    Raises UsageError where it holds another recipe's, or one of another version of the corpus.
    """
    from clearhead.training.checkpoint import newest_checkpoint, read_state

    if not (out / "bundle" / "config.json").is_file():
        return False
    held = load(out).recipe
    if held.name != recipe.name:
        raise UsageError(f"{out} holds the model {held.name!r}, not the demo's; name another folder by --out")
    if not is_of(recipe, held):
        raise UsageError(
            f"{out} holds the demo's model by another version of clearhead; remove it, or name another folder by --out"
        )
    try:
        newest, _ = newest_checkpoint(out / "checkpoints")
    except TrainingError:
        # Somebody kept the model and removed the rest; or the run was stopped before its first checkpoint.
        return not (out / "history.jsonl").is_file()
    state = read_state(newest)
    return state.is_at_the_end(recipe.training.steps) or state.stopped_early


def is_of(recipe: "clearhead.Recipe", held: "clearhead.Recipe") -> bool:
    """Whether a bundle's recipe is this one, and its corpus this clearhead's, whatever it was trained on."""
    from clearhead import street

    embedded = held.data.embedded
    if embedded is not None and embedded.grammar != street.grammar_key():
        return False
    return _what_decides(held) == _what_decides(recipe)


def _what_decides(recipe: "clearhead.Recipe") -> object:
    """All of a recipe but what was chosen when it was trained, and where its files were: a bundle does not tell."""
    from clearhead.recipe import without_paths

    return without_paths(recipe).model_dump(
        exclude={"training": {"device", "precision", "compile", "graph"}, "data": {"embedded": {"grammar"}}}
    )


def _scores(bundle: "clearhead.Bundle", recipe: "clearhead.Recipe") -> "rich.table.Table":
    """What the model reaches on the test sets of its corpus, and what a guess comes to."""
    from clearhead import street
    from clearhead.cli.score_table import score_table
    from clearhead.evaluation import score_phenomena
    from clearhead.street.agreement import TRAINED

    embedded = recipe.data.embedded
    assert embedded is not None, "the demo's recipe is street's"
    corpus = embedded.pairs, embedded.seed, embedded.several
    folder = street.cached(*corpus)
    scores = score_phenomena(street.read_tests(folder), bundle.translate, TRAINED)
    return score_table(scores, street.cached_baselines(folder, *corpus))


def _print_examples(console: "rich.console.Console", bundle: "clearhead.Bundle") -> None:
    for text, to in EXAMPLES:
        console.print(f"{text}\n    → {bundle.translate(text, to)}", markup=False, soft_wrap=True)


def _print_next(console: "rich.console.Console", out: Path) -> None:
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
