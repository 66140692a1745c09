"""`clearhead fill`: texts with [MASK] in, what may stand there out."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from clearhead.bounds import WHOLE
from clearhead.bundle import load
from clearhead.bundle.verbs import require_command
from clearhead.cli import lines
from clearhead.cli.found import In, Out
from clearhead.cli.options import Debug, Device, Model, PrecisionName, Quiet
from clearhead.cli.whole_texts import AsJson, Texts, answered, require_one_source

if TYPE_CHECKING:
    from clearhead.tasks.filling import Filled

N = Annotated[
    int,
    typer.Option("--n", metavar="N", min=WHOLE["n"][0], max=WHOLE["n"][1], help="How many pieces for each mask."),
]


def fill(
    model: Model,
    texts: Texts = None,
    input_file: In = None,
    output_file: Out = None,
    n: N = 5,
    as_json: AsJson = False,
    device: Device = "cpu",
    precision: PrecisionName = "fp32",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Fill the places of texts where [MASK] stands.

    For each TEXT it prints the text with the most probable piece in each place; then the N most probable pieces, each
    with the number of its mask and its probability. For lines it prints the filled lines alone.

    Example: clearhead fill runs/my-model "The [MASK] crossed the street."
    """
    require_one_source(texts, input_file)
    bundle = load(model, device=device, precision=precision)
    require_command("fill", bundle.task)
    found = answered(texts, input_file, quiet, lambda some, first: bundle.fill(some, n=n, first=first))
    form = _object if as_json else _table if texts else _line
    lines.write((line for text, filled in found for line in form(text, filled)), output_file)


def _line(text: str, filled: "Filled") -> Iterator[str]:
    yield filled.text


def _table(text: str, filled: "Filled") -> Iterator[str]:
    yield filled.text
    for number, fillings in enumerate(filled.fillings, start=1):
        for one in fillings:
            yield f"{number}\t{one.probability:.4f}\t{one.text}"


def _object(text: str, filled: "Filled") -> Iterator[str]:
    masks = [[{"text": one.text, "probability": one.probability} for one in of_mask] for of_mask in filled.fillings]
    yield json.dumps({"text": text, "filled": filled.text, "masks": masks}, ensure_ascii=False)
