"""`clearhead average`: checkpoints or bundles in, a bundle of their mean out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from clearhead.cli.options import Debug, Quiet
from clearhead.cli.status import starting
from clearhead.errors import UsageError

# Those of a recipe's `training.select_by`, here so that help comes at once; a test holds them equal.
Figure = Literal["loss", "bleu", "chrf", "accuracy", "f1"]
Models = Annotated[
    list[Path],
    typer.Argument(
        metavar="MODEL",
        help="Checkpoints (RUN/checkpoints/step-N), bundles or runs; with --last or --best one run.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option("--out", metavar="MODEL", help="The bundle's folder to write.", show_default=False)]
Last = Annotated[
    int | None,
    typer.Option("--last", metavar="N", min=2, help="Of a run: its N newest checkpoints.", show_default=False),
]
Best = Annotated[
    int | None,
    typer.Option(
        "--best", metavar="N", min=2, help="Of a run: the checkpoints of its N best validations.", show_default=False
    ),
]
By = Annotated[
    Figure | None,
    typer.Option("--by", help="With --best: the figure that is compared.", show_default="training.select_by"),
]
Shares = Annotated[
    str | None,
    typer.Option(
        "--shares",
        metavar="X,Y,…",
        help="How much each MODEL counts, as in 0.7,0.3; all alike if not given.",
        show_default=False,
    ),
]


def average(
    models: Models,
    out: Out,
    last: Last = None,
    best: Best = None,
    by: By = None,
    shares: Shares = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Average the weights of several models into one.

    It is the mean of checkpoints of one run, or of models that were tuned from one: task, tokenizer and sizes are the
    same. The first MODEL gives all else, as how the new bundle decodes and the precision of its weights.

    Example: clearhead average runs/multi30k --last 5 --out multi30k-mean
    """
    _require_consistent(models, last, best, by)
    counts = None if shares is None else _numbers(shares)
    with starting(quiet):
        # They import torch, which takes seconds.
        from clearhead.training import average_models, best_checkpoints, last_checkpoints

    chosen: Sequence[Path] = models
    if last is not None:
        chosen = last_checkpoints(models[0], last)
    elif best is not None:
        chosen = best_checkpoints(models[0], best, by)
    told = average_models(chosen, out, counts)
    if not quiet:
        print(f"{told}\n{out}: a bundle")


def _require_consistent(models: Sequence[Path], last: int | None, best: int | None, by: str | None) -> None:
    """Raise UsageError where options contradict each other, or nothing says which models are meant."""
    if last is not None and best is not None:
        raise UsageError(f"--last {last} and --best {best} are two ways to choose checkpoints; leave one of them out")
    if by is not None and best is None:
        raise UsageError(f"--by {by} says what --best compares; add --best N, or leave it out")
    is_of_run = last is not None or best is not None
    if is_of_run and len(models) > 1:
        option = f"--last {last}" if last is not None else f"--best {best}"
        raise UsageError(f"{option} chooses among the checkpoints of one run, but {len(models)} are named; name one")
    if not is_of_run and len(models) < 2:
        raise UsageError(
            f"{models[0]} alone has no mean; name other models beside it, or choose checkpoints of a run by --last N "
            "or --best N"
        )


def _numbers(shares: str) -> list[float]:
    try:
        return [float(one) for one in shares.split(",")]
    except ValueError:
        raise UsageError(
            f"--shares {shares!r:.60} are no numbers; expected one for each MODEL, as in 0.7,0.3"
        ) from None
