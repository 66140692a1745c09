"""`clearhead summarise`: texts in, a summary of each out."""

from typing import Annotated

import typer

from clearhead.bundle import load
from clearhead.bundle.verbs import require_command
from clearhead.cli.asked_search import AskedSearch, given_rules
from clearhead.cli.found import Confidence, In, LineFiles, Out, best, with_confidence
from clearhead.cli.options import (
    BatchTokens,
    BeamSize,
    Debug,
    Device,
    LengthPenaltyName,
    MinTokens,
    Model,
    NoRepeatNgramSize,
    PrecisionName,
    Quiet,
    RepetitionPenalty,
    SearchName,
    Workers,
)
from clearhead.errors import UsageError

Texts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TEXT]...",
        help="What to summarise. Without any, each line of standard input, or of --in FILE, is a text.",
        show_default=False,
    ),
]


def summarise(
    model: Model,
    texts: Texts = None,
    input_file: In = None,
    output_file: Out = None,
    beam_size: BeamSize = None,
    length_penalty: LengthPenaltyName = None,
    search: SearchName = None,
    no_repeat_ngram_size: NoRepeatNgramSize = None,
    repetition_penalty: RepetitionPenalty = None,
    min_tokens: MinTokens = None,
    confidence: Confidence = False,
    batch_tokens: BatchTokens = None,
    device: Device = "cpu",
    precision: PrecisionName = "fp32",
    workers: Workers = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Summarise texts, one line out for each.

    Each TEXT is one; without any, each line of standard input. The lines come out in the order in which they came in.

    Example: clearhead summarise runs/summary-ko "어제 서점에서 온 메일을 안읽음으로 바꿔줘"
    """
    if texts and input_file is not None:
        raise UsageError(f"--in {input_file} and a TEXT both say what to summarise; leave one of them out")
    rules = given_rules(no_repeat_ngram_size, repetition_penalty, min_tokens)
    asked = AskedSearch(beam_size, length_penalty=length_penalty, search=search, rules=rules)
    files = LineFiles(input_file, output_file, quiet, "text", texts)
    files.check(model)
    bundle = load(model, device=device, precision=precision)
    require_command("summarise", bundle.task)
    how = {**asked.of(bundle), "batch_tokens": batch_tokens, "workers": workers, "exact": confidence}
    files.write(bundle, None, how, with_confidence if confidence else best)
