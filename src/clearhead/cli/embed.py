"""`clearhead embed`: lines in, a vector for each out."""

import json
from pathlib import Path
from typing import Annotated

import typer

from clearhead.bundle import load
from clearhead.bundle.verbs import require_command
from clearhead.cli import lines
from clearhead.cli.found import In, notes
from clearhead.cli.options import Debug, Device, Model, PrecisionName, Quiet
from clearhead.cli.overwriting import refuse_overwriting
from clearhead.cli.vector_file import write_vectors
from clearhead.cli.whole_texts import AsJson, Texts, answered, require_one_source
from clearhead.errors import UsageError

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write all vectors to FILE.npy, as NumPy reads it: texts × width."),
]


def embed(
    model: Model,
    texts: Texts = None,
    input_file: In = None,
    output_file: Out = None,
    as_json: AsJson = False,
    device: Device = "cpu",
    precision: PrecisionName = "fp32",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write a vector of length 1 for each text, to compare them.

    It is the mean of the vectors of a text's tokens. The product of two vectors is the cosine of their angle: 1 for
    texts that the model takes for the same.

    Example: clearhead embed runs/my-model --in lines.txt --out vectors.npy
    """
    if (output_file is None) != as_json:
        raise UsageError(
            "vectors go to a file, or are printed: add --out FILE.npy, or --json"
            if output_file is None
            else f"--out {output_file} and --json both say where vectors go; leave one of them out"
        )
    refuse_overwriting({"--out": output_file}, {"--in": input_file}, model)
    require_one_source(texts, input_file)
    bundle = load(model, device=device, precision=precision)
    require_command("embed", bundle.task)
    noting = None if quiet else notes(bundle)
    found = answered(texts, input_file, quiet, lambda some, first: list(bundle.embed(some)), noting)
    if output_file is None:
        objects = ({"text": text, "vector": vector.tolist()} for text, vector in found)
        lines.write((json.dumps(one, ensure_ascii=False) for one in objects), None)
        return
    import numpy as np

    vectors = [vector for _, vector in found]
    width: int = bundle.config.width
    write_vectors(np.stack(vectors) if vectors else np.empty((0, width), np.float32), output_file)
