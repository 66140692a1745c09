"""What a translation must hold, as the command line says it: texts, and a file of terms."""

from pathlib import Path
from typing import Annotated

import typer

from clearhead.cli import lines
from clearhead.errors import DataError

TermsFile = Annotated[
    Path | None,
    typer.Option(
        "--terms",
        metavar="FILE",
        help="A terminology: in each line a source term, a tab, and what it is in the target. The translation of a "
        "line that has the term holds it.",
        show_default=False,
    ),
]
Contain = Annotated[
    list[str] | None,
    typer.Option(
        "--contain",
        metavar="TEXT",
        help="Text that every translation must hold; may be given several times.",
        show_default=False,
    ),
]

Keep = Annotated[
    bool,
    typer.Option(
        "--keep",
        help="Keep web and e-mail addresses, tags and placeholders such as {name} and %s: each stands in the "
        "translation as often as in the line.",
    ),
]


def read_terms(path: Path | None, quiet: bool = False) -> dict[str, str] | None:
    """The terms of a file; None where there is none.

    Raises DataError for a line that is no pair, and for a term that has two translations.
    """
    if path is None:
        return None
    found: dict[str, str] = {}
    for number, line in enumerate(lines.read(path, quiet, "--terms"), start=1):
        parts = [part.strip() for part in line.split("\t")]
        if parts == [""]:
            continue
        if len(parts) != 2 or not all(parts):
            raise DataError(
                f"--terms {path}, line {number}: {line!r:.60} is no pair; write a source term, a tab, and what it is "
                "in the target"
            )
        source, target = parts
        if found.setdefault(source, target) != target:
            raise DataError(
                f"--terms {path}, line {number}: {source!r:.40} is {target!r:.40} here and {found[source]!r:.40} "
                "before; leave one of the lines out"
            )
    return found
