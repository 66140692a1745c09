"""`clearhead train`: from a recipe to a run folder."""

import enum
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearhead.cli import lines
from clearhead.cli.naming import command
from clearhead.cli.options import Debug, Quiet
from clearhead.cli.stopping import Stop
from clearhead.errors import UsageError

if TYPE_CHECKING:
    import clearhead.training

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
    Path | None,
    typer.Option(
        "--out",
        metavar="RUN",
        help="The folder to make for this run. Default: runs/NAME, after the recipe's name.",
        show_default=False,
    ),
]


Seeds = Annotated[
    int | None,
    typer.Option(
        "--seeds",
        metavar="N",
        min=2,
        max=100,
        help="Train N times from other random numbers, into RUN/seed-1, …; print mean and standard deviation.",
        show_default=False,
    ),
]


class LogKind(enum.StrEnum):
    """What may stand behind `--log`."""

    CSV = "csv"
    TENSORBOARD = "tensorboard"


Log = Annotated[
    list[LogKind] | None,
    typer.Option(
        "--log",
        help="Write the run's figures for other programs, too: csv into RUN/figures.csv, tensorboard into "
        "RUN/tensorboard. May be given twice.",
        show_default=False,
    ),
]


def train(
    recipe: Recipe,
    overrides: Overrides = None,
    out: Out = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's newest checkpoint.")] = False,
    seeds: Seeds = None,
    log: Log = None,
    print_recipe: Annotated[
        bool, typer.Option("--print-recipe", help="Print the recipe with every default, and train nothing.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say what the run would take, by trying some steps: sizes, memory, disk, time. Write no run.",
        ),
    ] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Train a model from a recipe.

    Example: clearhead train recipes/multi30k-en-de.yaml training.steps=1000 --out runs/first
    """
    from clearhead.cli.status import starting
    from clearhead.recipe import load_recipe

    loaded = load_recipe(recipe, overrides or ())
    if print_recipe:
        # In UTF-8, as a recipe is read, whatever the terminal has.
        lines.write(loaded.to_yaml().removesuffix("\n").split("\n"), None, at_once=True)
        return 0
    if dry_run:
        return _dry_run(loaded, out, ["--resume"] * resume + ["--seeds"] * (seeds is not None), quiet)
    out = out or _usual_folder(loaded.name)
    _check_files(loaded)
    with starting(quiet):
        # They import torch, which takes seconds.
        from clearhead.cli.progress import reporters
        from clearhead.training import train as run_training

    logs = [argument for name in log or () for argument in ("--log", name.value)]
    if seeds is not None:
        return _train_seeds(loaded, out, seeds, resume, quiet, log or (), ("train", recipe, *(overrides or ()), *logs))
    told = (*reporters(quiet), *_logs(log or (), out))
    with Stop() as stop:
        end = run_training(loaded, out, resume=resume, callbacks=told, should_stop=stop).state
    if stop.asked and not end.is_at_the_end(loaded.training.steps) and not end.stopped_early:
        _say_stopped(end.step, ["train", recipe, *(overrides or ()), "--out", str(out), *logs])
        return stop.exit_code
    if not quiet:
        print(_farewell(out, end, loaded), file=sys.stderr)
    return 0


def _dry_run(recipe: "clearhead.Recipe", out: Path | None, refused: list[str], quiet: bool) -> int:
    """Print what a new run would take. refused: options that no dry run heeds."""
    from clearhead.cli.status import starting, told_activity

    if refused:
        raise UsageError(f"--dry-run is for one new run; leave {refused[0]} out")
    _check_files(recipe)
    with starting(quiet):
        # They import torch, which takes seconds.
        from clearhead.cli.foreseen import foreseen_lines
        from clearhead.training import dry_run

    with told_activity(quiet) as doing:
        found = dry_run(recipe, out, doing)
    print("\n".join(foreseen_lines(found)))
    return 0


def _usual_folder(name: str) -> Path:
    """Where a run lies that nobody named a folder for: one whose name has no more than letters, digits, - and _."""
    return Path("runs") / (re.sub(r"[^\w-]+", "-", name).strip("-") or "run")


def _say_stopped(step: int, arguments: list[str]) -> None:
    print(
        f"clearhead: stopped at step {step}; go on with: {command()} {shlex.join([*arguments, '--resume'])}",
        file=sys.stderr,
    )


def _logs(names: Sequence[str], out: Path) -> "tuple[clearhead.training.Callback, ...]":
    """What writes a run's figures for other programs. Raises PackageError where one is missing."""
    from clearhead.training import CsvLog, TensorBoardLog

    kinds = dict.fromkeys(names)
    return tuple(CsvLog(out / "figures.csv") if one == "csv" else TensorBoardLog(out / "tensorboard") for one in kinds)


def _train_seeds(
    recipe: "clearhead.Recipe",
    out: Path,
    seeds: int,
    resume: bool,
    quiet: bool,
    log: Sequence[str],
    arguments: tuple[str, ...],
) -> int:
    """Train several runs, and print what their figures come to."""
    from clearhead.cli.progress import reporters
    from clearhead.training import Callback, train_seeds

    def told(seed: int) -> tuple[Callback, ...]:
        if not quiet:
            print(f"seed {seed}, {seed - recipe.training.seed + 1} of {seeds}", file=sys.stderr)
        return (*reporters(quiet), *_logs(log, out / f"seed-{seed}"))

    with Stop() as stop:
        found = train_seeds(recipe, out, seeds, resume=resume, callbacks=told, should_stop=stop)
    if found.stopped is not None:
        _say_stopped(found.stopped.state.step, [*arguments, "--out", str(out), "--seeds", str(seeds)])
        return stop.exit_code
    print(f"{seeds} seeds: mean ± standard deviation (each)")
    for name, one in found.spreads.items():
        each = "  ".join(f"{value:.4f}" for value in one.each)
        print(f"{name:10}{one.mean:9.4f} ± {one.deviation:.4f}  ({each})")
    return 0


def _check_files(recipe: "clearhead.Recipe") -> None:
    """Raise DataError where a file of the recipe is not there. An embedded corpus is written when it is needed."""
    from clearhead.data import check_file
    from clearhead.tasks import task_named

    for name in task_named(recipe.task).files(recipe.data):
        check_file(Path(recipe.data.folder or ".") / name)


def _farewell(out: Path, end: "clearhead.training.TrainState", recipe: "clearhead.Recipe") -> str:
    from clearhead.tasks import task_named

    if not (out / "bundle").is_dir():
        if end.best is not None:
            return f"{out}/bundle, the model, was taken away while this ran; --resume writes it again"
        return f"{out}: no validation gave a number, so no model was kept; lower training.schedule.peak"
    best = f" (best at step {end.best_step})" if end.best is not None else ""
    use = task_named(recipe.task).first_use(recipe, shlex.quote(str(out)))
    return f"{out} holds the model{best}; try: {command()} {use}"
