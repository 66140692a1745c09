"""`clearhead summarise`: texts in, a summary of each out."""

from typing import Annotated

import typer

from clearhead.bundle import load
from clearhead.bundle.verbs import require_command
from clearhead.cli import lines
from clearhead.cli.asked_search import check_search, given_rules, rules_with
from clearhead.cli.found import Confidence, In, Out, best, greet, notes, with_confidence, write_found
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
from clearhead.cli.overwriting import refuse_overwriting, refuse_streams
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
    check_search(beam_size=beam_size, length_penalty=length_penalty, search=search, rules=rules)
    refuse_overwriting({"--out": output_file}, {"--in": input_file}, model)
    refuse_streams(output_file, input_file)
    if not texts:
        lines.require_there(input_file)
    bundle = load(model, device=device, precision=precision)
    require_command("summarise", bundle.task)
    found = bundle.search_stream(
        texts or lines.read(input_file, quiet),
        beam_size=beam_size,
        length_penalty=length_penalty,
        search=search,
        rules=rules_with(bundle.settings.rules, rules),
        batch_tokens=batch_tokens,
        workers=workers,
        exact=confidence,
        noting=None if quiet else notes(bundle),
    )
    if not quiet and not texts:
        greet(input_file, "text")
    write_found(found, with_confidence if confidence else best, output_file)
