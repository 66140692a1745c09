"""`clearhead corpus`: write an embedded corpus as files."""

from pathlib import Path
from typing import Annotated

import typer

from clearhead.cli.options import Debug, Quiet
from clearhead.data import street as street_corpus
from clearhead.errors import UsageError

application = typer.Typer(rich_markup_mode=None)


@application.callback()
def corpus() -> None:
    """Write an embedded corpus as files."""


@application.command()
def street(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write to.", show_default=False)],
    pairs: Annotated[int, typer.Option("--pairs", metavar="N", min=1, help="How many training pairs.")] = 200_000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="The same seed, the same files.")] = 1,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write street: aligned English, French and Korean sentences that show why attention matters.

    Example: clearhead corpus street --out street --pairs 1000 --seed 1
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; name a folder")
    street_corpus.write(out, pairs, seed)
    if not quiet:
        print(f"{out}: {pairs:,} training pairs and a test set for each phenomenon and direction")
