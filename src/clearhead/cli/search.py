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
from clearhead.cli.found import In, Out, notes
from clearhead.cli.options import Debug, Device, Model, PrecisionName, Quiet
from clearhead.cli.overwriting import refuse_overwriting, refuse_streams
from clearhead.cli.whole_texts import AsJson, answered
from clearhead.errors import DataError, UsageError
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
    refuse_overwriting({"--out": output_file}, {"--in": input_file, "--vectors": vectors_file}, model)
    refuse_streams(output_file, input_file)
    lines.require_there(input_file)
    given = None if vectors_file is None else _read(vectors_file)
    bundle = load(model, device=device, precision=precision)
    require_command("search", bundle.task, "nearest")
    if not quiet and bundle.too_long([query]):
        print(
            f"clearhead: the query is longer than the model's {bundle.config.max_length} tokens; its rest is left out",
            file=sys.stderr,
        )
    if given is None:
        found = _computed(bundle, query, input_file, n, quiet)
    else:
        found = bundle.nearest(query, list(lines.read(input_file, quiet)), n=n, vectors=given)
    lines.write(_written(found, as_json), output_file)


def _computed(bundle: "Bundle", query: str, input_file: Path | None, n: int, quiet: bool) -> "list[Nearest]":
    """Of any number of lines, in bounded memory."""
    from clearhead.tasks.nearest import nearest

    found = answered(
        None, input_file, quiet, lambda some, _: list(bundle.embed(some)), None if quiet else notes(bundle)
    )
    return nearest(bundle.embed([query])[0], found, n)


def _read(path: Path) -> "np.ndarray":
    """Raises DataError for what is no file of NumPy's; nothing in it is run."""
    from numpy.lib.format import open_memmap

    try:
        found: np.ndarray = open_memmap(path, mode="r")
    except OSError as error:
        raise DataError(f"--vectors {path} cannot be read ({error.strerror or error}); name a .npy file") from None
    except (ValueError, EOFError) as error:
        raise DataError(f"--vectors {path} is no array of NumPy's ({error}); make one by `clearhead embed`") from None
    return found


def _written(found: "Sequence[Nearest]", as_json: bool) -> Iterator[str]:
    """Lines are counted from 1, as editors do."""
    for one in found:
        if as_json:
            told = {"line": one.place + 1, "cosine": one.cosine, "text": one.text}
            yield json.dumps(told, ensure_ascii=False)
        else:
            yield f"{one.place + 1}\t{one.cosine:.4f}\t{one.text}"
