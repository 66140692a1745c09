"""`clearhead search`: a query and lines in, the nearest lines out."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearhead.bounds import WHOLE
from clearhead.bundle import load
from clearhead.bundle.verbs import require_command
from clearhead.cli import lines
from clearhead.cli.found import In, LineFiles, Out, notes
from clearhead.cli.options import Debug, Device, Model, PrecisionName, Quiet
from clearhead.cli.vector_file import read_vectors
from clearhead.cli.whole_texts import AsJson, answered
from clearhead.errors import UsageError
from clearhead.text import is_blank

if TYPE_CHECKING:
    import numpy as np

    from clearhead import Bundle, Nearest

Query = Annotated[str, typer.Argument(metavar="QUERY", help="The text to look for.", show_default=False)]
N = Annotated[
    int, typer.Option("--n", metavar="N", min=WHOLE["n"][0], max=WHOLE["n"][1], help="How many lines to print.")
]
VectorsFile = Annotated[
    Path | None,
    typer.Option(
        "--vectors",
        metavar="FILE",
        help="The lines' vectors, as `clearhead embed MODEL --out FILE.npy` wrote them. Default: they are computed.",
        show_default=False,
    ),
]


def search(
    model: Model,
    query: Query,
    input_file: In = None,
    output_file: Out = None,
    n: N = 5,
    vectors_file: VectorsFile = None,
    as_json: AsJson = False,
    device: Device = "cpu",
    precision: PrecisionName = "fp32",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Find the lines whose vectors are nearest to a query's.

    It prints the N lines with the greatest cosine, the best first: the line's number, the cosine, the line. Vectors are
    those of `clearhead embed`. Blank lines are left out.

    Example: clearhead search runs/my-model --in lines.txt "a tired animal"
    """
    if is_blank(query):
        raise UsageError("QUERY is blank; give the text to look for")
    LineFiles(input_file, output_file, quiet, "text").check(model, {"--vectors": vectors_file})
    given = None if vectors_file is None else read_vectors(vectors_file)
    bundle = load(model, device=device, precision=precision)
    require_command("search", bundle.task, "nearest")
    lines.write(_written(_found(bundle, query, input_file, given, n, quiet), as_json), output_file)


def _found(
    bundle: "Bundle", query: str, input_file: Path | None, given: "np.ndarray | None", n: int, quiet: bool
) -> "list[Nearest]":
    """The nearest lines, by the vectors that are given, or by those of any number of lines in bounded memory."""
    from clearhead.tasks.nearest import nearest

    if not quiet and bundle.too_long([query]):
        print(
            f"clearhead: the query is longer than the model's {bundle.config.max_length} tokens; its rest is left out",
            file=sys.stderr,
        )
    if given is not None:
        return bundle.nearest(query, list(lines.read(input_file, quiet)), n=n, vectors=given)
    noting = None if quiet else notes(bundle)
    found = answered(None, input_file, quiet, lambda some, _: list(bundle.embed(some)), noting)
    return nearest(bundle.embed([query])[0], found, n)


def _written(found: "Sequence[Nearest]", as_json: bool) -> Iterator[str]:
    """Lines are counted from 1, as editors do."""
    for one in found:
        if as_json:
            told = {"line": one.place + 1, "cosine": one.cosine, "text": one.text}
            yield json.dumps(told, ensure_ascii=False)
        else:
            yield f"{one.place + 1}\t{one.cosine:.4f}\t{one.text}"
