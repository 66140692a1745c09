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


Base = Annotated[
    str | None,
    typer.Option("--base", metavar="MODEL", help="Of an adapter: the model that it is for.", show_default=False),
]


def import_model(model: Place, out: Out, base: Base = None, quiet: Quiet = False, debug: Debug = False) -> None:
    """Make a bundle of a pretrained model, running no code of it.

    It ends with a report: which tensors were used, ignored or tied, and how its tokens fared on sample lines. What the
    model needs and clearhead has not is refused by its key and value. A folder of PEFT's is a LoRA adapter; it is
    merged into the model that --base names.

    Example: clearhead import downloads/SmolLM2-135M-Instruct --out smollm2
    """
    from clearhead.interop import import_adapter, is_adapter
    from clearhead.interop import import_model as make

    if out.resolve() == model.resolve():
        raise UsageError(f"--out {out} is the model itself; name another folder")
    if is_adapter(model) != (base is not None):
        needed = "is a LoRA adapter, which is no model alone; name its model by --base"
        raise UsageError(f"{model} {needed if base is None else 'is no LoRA adapter of PEFT; remove --base'}")
    report = make(model, out) if base is None else import_adapter(model, base, out)
    if not quiet:
        print(f"{report}\n{out}: a bundle")
