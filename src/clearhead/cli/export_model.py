"""`clearhead export`: a bundle of ours in, the files of another program out."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from clearhead.cli.options import Debug, Model, Quiet

# The keys of `interop.exporting.FORMATS`, here so that help comes at once; a test holds them equal.
Format = Literal["huggingface", "ctranslate2", "onnx", "gguf"]
To = Annotated[Format, typer.Option("--to", help="For which program: its format.", show_default=False)]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write.", show_default=False)]
Quantization = Annotated[
    str | None,
    typer.Option(
        "--quantization",
        metavar="KIND",
        help="How weights are stored: for ctranslate2 float16, bfloat16, int16 or int8; for gguf F16 or Q8_0.",
        show_default="as they are",
    ),
]


def export_model(
    model: Model, to: To, out: Out, quantization: Quantization = None, quiet: Quiet = False, debug: Debug = False
) -> None:
    """Write a model for another program, with the same outputs.

    It ends with a report: the class, what was written otherwise without changing an output, and the files. What the
    other program cannot compute is refused by its name and value.

    Example: clearhead export street --to huggingface --out street-hf
    """
    from clearhead.interop import export_model as make

    told = make(model, to, out, quantization)
    if not quiet:
        print(f"{told}\n{out}: for {to}")
