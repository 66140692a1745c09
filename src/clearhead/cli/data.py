"""`clearhead data`: fetch a public corpus."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearhead.cli.naming import command
from clearhead.cli.options import Debug, Quiet
from clearhead.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearhead.starting.public import PublicCorpus


def data(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Which corpus; without it, they are listed.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="The folder to make. Default: the corpus's name.", show_default=False
        ),
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Fetch a public corpus over the network, checked by its SHA-256.

    All of its files are written into a new folder. Where one cannot be fetched or is another one, nothing is left.

    Example: clearhead data multi30k-en-de
    """
    from clearhead.starting.public import CORPORA

    if name is None:
        if out is not None:
            raise UsageError(f"--out {out} is for one corpus; name it, as in clearhead data {next(iter(CORPORA))}")
        print("\n".join(f"{key:16}{corpus.what} ({corpus.licence})" for key, corpus in CORPORA.items()))
        return
    corpus = _named(name, CORPORA)
    folder = out or Path(name)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise UsageError(f"{folder} exists and stays as it is; name a new folder by --out")
    from clearhead.cli.status import told_activity
    from clearhead.starting.fetching import fetch_corpus

    try:
        with told_activity(quiet) as doing:
            fetch_corpus(corpus, folder, doing)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be made into a folder ({error.strerror}); choose another with --out"
        ) from error
    if not quiet:
        files = " ".join(shlex.quote(str(folder / one)) for one in corpus.begin)
        print(f"{folder}: {corpus.what} ({corpus.licence})\nnext: {command()} init {files}")


def _named(name: str, corpora: "Mapping[str, PublicCorpus]") -> "PublicCorpus":
    if name not in corpora:
        raise UsageError(
            f"{name[:60]!r} is no corpus that clearhead knows; choose {', '.join(corpora)}, or name your own files to "
            "`clearhead init`"
        )
    return corpora[name]
