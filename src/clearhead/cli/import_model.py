"""`clearhead import`: a model of another program in, a bundle of ours out."""

from pathlib import Path
from typing import Annotated

import typer

from clearhead.cli.options import Debug, Quiet
from clearhead.errors import UsageError

Place = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER|FILE|NAME",
        help="A folder of Hugging Face's, a .gguf file, or a name on its hub, OWNER/NAME.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option("--out", metavar="MODEL", help="The bundle's folder to write.", show_default=False)]


def import_model(model: Place, out: Out, quiet: Quiet = False, debug: Debug = False) -> None:
    """Make a bundle of a pretrained model, running no code of it.

    It ends with a report: which tensors were used, ignored or tied, and how its tokens fared on sample lines. What the
    model needs and clearhead has not is refused by its key and value.

    Example: clearhead import downloads/SmolLM2-135M-Instruct --out smollm2
    """
    from clearhead.interop import import_model as make

    if out.resolve() == model.resolve():
        raise UsageError(f"--out {out} is the model itself; name another folder")
    report = make(model, out)
    if not quiet:
        print(f"{report}\n{out}: a bundle")
