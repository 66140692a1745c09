"""`clearhead translate`: lines in, translations out."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from clearhead.bounds import REAL, WHOLE
from clearhead.bundle import load
from clearhead.cli import lines
from clearhead.cli.options import (
    BatchTokens,
    BeamSize,
    Debug,
    Device,
    LengthPenaltyName,
    Model,
    PrecisionName,
    Quiet,
    ShortlistFile,
    To,
    Workers,
    check_search,
)
from clearhead.cli.overwriting import refuse_overwriting, refuse_streams
from clearhead.decoding import Sampling
from clearhead.errors import UsageError

if TYPE_CHECKING:
    import clearhead

Hypotheses: TypeAlias = "list[clearhead.Translation]"

In = Annotated[
    Path | None, typer.Option("--in", metavar="FILE", help="Read lines from FILE instead of standard input.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to FILE instead of standard output.")]
TopBeams = Annotated[
    int,
    typer.Option(
        "--top-beams",
        metavar="N",
        min=WHOLE["top_beams"][0],
        max=WHOLE["top_beams"][1],
        help="How many translations of each line --n-best gives.",
    ),
]
NBest = Annotated[
    bool,
    typer.Option("--n-best", help="Print LINE ||| TRANSLATION ||| F0= LOG-PROBABILITY ||| SCORE, best first."),
]
Confidence = Annotated[
    bool,
    typer.Option(
        "--confidence",
        help="Print before each translation, and a tab, how sure the model is of it, from 0 to 1: the geometric mean "
        "of its tokens' probabilities.",
    ),
]
Prefix = Annotated[str, typer.Option("--prefix", metavar="TEXT", help="Text with which every translation must begin.")]
Sample = Annotated[bool, typer.Option("--sample", help="Draw translations at random instead of searching.")]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        metavar="T",
        help="With --sample: above 1 is bolder; from {:g} to {:,.0f}.".format(*REAL["temperature"]),
    ),
]
TopK = Annotated[
    int | None,
    typer.Option(
        "--top-k",
        metavar="K",
        help="With --sample: among the K likeliest tokens, from {:,} to {:,}.".format(*WHOLE["top_k"]),
    ),
]
TopP = Annotated[
    float | None,
    typer.Option(
        "--top-p",
        metavar="P",
        help="With --sample: among the fewest that reach P together, above 0 and at most 1.",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="S", help="With --sample: the same seed, the same draws; from 0 to 2^64 - 1."),
]


def translate(
    model: Model,
    to: To = None,
    input_file: In = None,
    output_file: Out = None,
    beam_size: BeamSize = None,
    top_beams: TopBeams = 1,
    length_penalty: LengthPenaltyName = None,
    n_best: NBest = False,
    confidence: Confidence = False,
    prefix: Prefix = "",
    sample: Sample = False,
    temperature: Temperature = None,
    top_k: TopK = None,
    top_p: TopP = None,
    seed: Seed = None,
    batch_tokens: BatchTokens = None,
    device: Device = "cpu",
    precision: PrecisionName = "fp32",
    shortlist: ShortlistFile = None,
    workers: Workers = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Translate standard input, one line out for each line in.

    The lines come out in the order in which they came in.

    Example: echo "I am a student." | clearhead translate runs/street --to fr
    """
    _require_consistent(top_beams, n_best, sample, beam_size, confidence)
    sampling = _sampling(sample, temperature, top_k, top_p, seed)
    check_search(beam_size=beam_size, top_beams=top_beams, length_penalty=length_penalty, sampling=sampling)
    refuse_overwriting({"--out": output_file}, {"--in": input_file, "--shortlist": shortlist}, model)
    refuse_streams(output_file, input_file)
    lines.require_there(input_file)
    bundle = load(model, device=device, precision=precision, shortlist=shortlist)
    found = bundle.search_stream(
        lines.read(input_file, quiet),
        to,
        beam_size=beam_size,
        top_beams=top_beams,
        length_penalty=length_penalty,
        sampling=sampling,
        prefix=prefix,
        batch_tokens=batch_tokens,
        workers=workers,
        exact=n_best or confidence,
        noting=None if quiet else _notes(bundle),
    )
    form = _n_best if n_best else _with_confidence if confidence else _best
    if not quiet:
        _greet(input_file)
    written = (text for line, hypotheses in enumerate(found) for text in form(line, hypotheses))
    # Where nobody reads on, threads are not left at work.
    with contextlib.closing(found):
        lines.write(written, output_file)


def _greet(input_file: Path | None) -> None:
    """Tell somebody at a terminal what is waited for."""
    if input_file is None and sys.stdin is not None and sys.stdin.isatty():
        print("Type a sentence and Enter; end with Ctrl-D.", file=sys.stderr)


def _require_consistent(top_beams: int, n_best: bool, sample: bool, beam_size: int | None, confidence: bool) -> None:
    """Raise UsageError where options contradict each other."""
    if top_beams > 1 and not n_best:
        raise UsageError(f"--top-beams {top_beams} gives several lines for each line; add --n-best, which numbers them")
    if sample and beam_size is not None:
        raise UsageError(f"--beam-size {beam_size} is for searching, and --sample draws instead; leave one of them out")
    if confidence and n_best:
        raise UsageError("--confidence and --n-best both say how sure the model is; leave one of them out")


def _sampling(
    sample: bool, temperature: float | None, top_k: int | None, top_p: float | None, seed: int | None
) -> Sampling | None:
    if sample:
        return Sampling(1.0 if temperature is None else temperature, top_k, top_p, 1 if seed is None else seed)
    given = {"--temperature": temperature, "--top-k": top_k, "--top-p": top_p, "--seed": seed}
    if unused := [name for name, value in given.items() if value is not None]:
        raise UsageError(f"{unused[0]} is for drawing at random; add --sample, or leave it out")
    return None


def _notes(bundle: "clearhead.Bundle") -> Callable[[Sequence[str], int], None]:
    """Says what is noteworthy of lines that come in."""
    is_noted = False

    def note(texts: Sequence[str], before: int) -> None:
        nonlocal is_noted
        if not before:
            lines.note_table(texts)
        lines.note_cuts(bundle, texts, before)
        is_noted = is_noted or lines.note_unreadable(bundle, texts, before)

    return note


def _best(line: int, hypotheses: Hypotheses) -> Iterator[str]:
    yield hypotheses[0].text


def _with_confidence(line: int, hypotheses: Hypotheses) -> Iterator[str]:
    yield f"{hypotheses[0].confidence:.4f}\t{hypotheses[0].text}"


def _n_best(line: int, hypotheses: Hypotheses) -> Iterator[str]:
    """Marian's form, with one feature."""
    for one in hypotheses:
        yield f"{line} ||| {lines.one_line(one.text)} ||| F0= {one.log_probability:.8f} ||| {one.score:.8f}"
