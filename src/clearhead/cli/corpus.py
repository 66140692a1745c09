"""`clearhead corpus`: write an embedded corpus as files."""

from pathlib import Path
from typing import Annotated

import typer

from clearhead.cli.options import Debug, Quiet
from clearhead.errors import DataError, UsageError
from clearhead.files import publish_folder

application = typer.Typer(rich_markup_mode=None)


@application.callback()
def corpus() -> None:
    """Write an embedded corpus as files."""


@application.command()
def street(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write to.", show_default=False)],
    pairs: Annotated[
        int, typer.Option("--pairs", metavar="N", min=1, help="How many training pairs, a third in each direction.")
    ] = 200_000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="The same seed, the same files.")] = 1,
    several: Annotated[
        float,
        typer.Option(
            "--several", metavar="SHARE", min=0.0, max=0.9, help="The share of lines that hold two to four sentences."
        ),
    ] = 0.0,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write street: aligned English, French and Korean sentences.

    They are made to show why attention matters. The folder is replaced as a whole where it holds a street corpus.

    Example: clearhead corpus street --out street --pairs 1000 --seed 1
    """
    from clearhead import street as street_corpus

    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; name a folder")
    there = {path.name for path in out.iterdir()} if out.is_dir() else set()
    # The folder is replaced as a whole, so it may hold nothing of anybody else's.
    if others := there - street_corpus.file_names():
        raise UsageError(f"--out {out} holds {min(others)}, which is no file of a street corpus; name a new folder")
    try:
        with publish_folder(out) as draft:
            street_corpus.write(draft, pairs, seed, several)
    except OSError as error:
        raise DataError(f"{out} cannot be made into a folder ({error.strerror}); choose another with --out") from error
    if not quiet:
        replaced = " (in place of the corpus that was there)" if there else ""
        print(
            f"{out}: {pairs:,} training pairs over three directions, and a test set for each phenomenon and "
            f"direction{replaced}"
        )
