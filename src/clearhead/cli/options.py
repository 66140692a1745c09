"""The options that several commands share, worded once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from clearhead.bounds import REAL, WHOLE
from clearhead.decoding import Precision

Model = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A run folder, a bundle folder, a .zip of either, or street, which comes with clearhead.",
        show_default=False,
    ),
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="LANG", help="The language to translate into, where the model knows several."),
]
LengthPenaltyName = Annotated[
    str | None,
    typer.Option(
        "--length-penalty",
        metavar="NAME",
        help="How hypotheses of different length are compared: gnmt:0.6 (the paper's), mean:1.0, or none; the number "
        f"from 0 to {REAL['alpha'][1]:g}. Default: the model's recipe.",
        show_default=False,
    ),
]
BeamSize = Annotated[
    int | None,
    typer.Option(
        "--beam-size",
        metavar="N",
        help=f"Hypotheses kept alive, from 1, which is greedy search, to {WHOLE['beam_size'][1]}. "
        "Default: the model's recipe.",
        show_default=False,
    ),
]
BeamGroups = Annotated[
    int,
    typer.Option(
        "--beam-groups",
        metavar="N",
        min=WHOLE["beam_groups"][0],
        max=WHOLE["beam_groups"][1],
        help="Part the beam in N groups that keep away from each other's tokens, so that --n-best differs more "
        "(diverse beam search).",
    ),
]
DiversityPenalty = Annotated[
    float | None,
    typer.Option(
        "--diversity-penalty",
        metavar="X",
        min=REAL["diversity_penalty"][0],
        max=REAL["diversity_penalty"][1],
        help="With --beam-groups: how much less a token is worth for each hypothesis of an earlier group that goes on "
        "with it. Default: 1.",
        show_default=False,
    ),
]
SearchName = Annotated[
    str | None,
    typer.Option(
        "--search",
        metavar="NAME",
        help="What a beam counts as found, and when it stops: clearhead, or huggingface as in its generate "
        "(huggingface:early with early_stopping). Default: the model's.",
        show_default=False,
    ),
]
NoRepeatNgramSize = Annotated[
    int | None,
    typer.Option(
        "--no-repeat-ngram-size",
        metavar="N",
        help="Let no sequence of N tokens come twice; 0 lets all repeat. Default: the model's.",
        show_default=False,
    ),
]
RepetitionPenalty = Annotated[
    float | None,
    typer.Option(
        "--repetition-penalty",
        metavar="X",
        help="Above 1, tokens that were there become less probable. Default: the model's.",
        show_default=False,
    ),
]
MinTokens = Annotated[
    int | None,
    typer.Option(
        "--min-tokens",
        metavar="N",
        help="Let no text end before it has N tokens. Default: the model's.",
        show_default=False,
    ),
]
BatchTokens = Annotated[
    int | None,
    typer.Option(
        "--batch-tokens",
        metavar="N",
        min=WHOLE["batch_tokens"][0],
        max=WHOLE["batch_tokens"][1],
        help="The most source tokens × beams at a time: memory for speed. "
        "Default: 4096, on a GPU 32768; for scores 2048.",
        show_default=False,
    ),
]
Device = Annotated[
    Literal["cpu", "cuda"], typer.Option("--device", help="Where to compute; cuda is an NVIDIA GPU, for many lines.")
]
PrecisionName = Annotated[
    Precision,
    typer.Option(
        "--precision",
        help="Quantization: bf16 and int8 multiply faster, and round. On a CPU they need a C compiler; "
        "int8 is for CPUs.",
    ),
]
ShortlistFile = Annotated[
    Path | None,
    typer.Option(
        "--shortlist",
        metavar="FILE",
        help="A file made by `clearhead shortlist`: only likely pieces are looked at, which is faster.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=WHOLE["workers"][0],
        max=WHOLE["workers"][1],
        help="How many batches to translate at once. Default: one for each core.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print results only: no progress, no notes.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
