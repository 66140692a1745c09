"""`clearhead train`: from a recipe to a run folder."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from clearhead.cli.options import Debug, Quiet
from clearhead.cli.progress import reporter
from clearhead.errors import UsageError
from clearhead.recipe import find_recipe, load_recipe
from clearhead.training import train as run_training

Recipe = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A recipe's YAML file, or the name of one that comes with clearhead.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE]...", help="Changes to the recipe, as in training.steps=100.", show_default=False
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="RUN", help="The folder to make for this run.", show_default=False)
]


class Stop:
    """Ctrl-C or a TERM signal asks for an end after the step in hand; a second one ends the process at once."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        return self.asked

    def listen(self) -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(signal.Signals(number))
        self.asked = True
        print("clearhead: stopping after this step, with a checkpoint (once more: at once)", file=sys.stderr)


def train(
    recipe: Recipe,
    overrides: Overrides = None,
    out: Out = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's newest checkpoint.")] = False,
    print_recipe: Annotated[
        bool, typer.Option("--print-recipe", help="Print the recipe with every default, and train nothing.")
    ] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Train a model from a recipe.

    Example: clearhead train recipes/multi30k-en-de.yaml training.steps=1000 --out runs/first
    """
    loaded = load_recipe(find_recipe(recipe), overrides or ())
    if print_recipe:
        print(loaded.to_yaml(), end="")
        return 0
    if out is None:
        raise UsageError(f"train needs a folder for the run; add --out, as in --out runs/{loaded.name}")
    stop = Stop()
    stop.listen()
    end = run_training(loaded, out, resume=resume, reporter=reporter(quiet), should_stop=stop)
    if stop.asked:
        print(
            f"clearhead: stopped at step {end.step}; go on with: clearhead train {recipe} --out {out} --resume",
            file=sys.stderr,
        )
        return 130
    if not quiet:
        print(
            f"{out} holds the model (best at step {end.best_step}); try: clearhead translate {out} --in FILE",
            file=sys.stderr,
        )
    return 0
