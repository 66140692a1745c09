"""`clearhead translate`: lines in, translations out."""

from pathlib import Path
from typing import Annotated

import typer

from clearhead.bounds import REAL, WHOLE
from clearhead.bundle import ensemble, load
from clearhead.bundle.verbs import require_command
from clearhead.cli.asked_search import AskedSearch, given_rules
from clearhead.cli.found import Alignment, Confidence, In, LineFiles, Out, best, n_best, with_confidence
from clearhead.cli.options import (
    BatchTokens,
    BeamGroups,
    BeamSize,
    Debug,
    Device,
    DiversityPenalty,
    LengthPenaltyName,
    MinTokens,
    Model,
    NoRepeatNgramSize,
    PrecisionName,
    Quiet,
    RepetitionPenalty,
    SearchName,
    ShortlistFile,
    To,
    Workers,
)
from clearhead.cli.terms import Contain, Keep, TermsFile, read_terms
from clearhead.decoding import Sampling
from clearhead.errors import UsageError
from clearhead.tasks.translation.paragraphs import require_alone

With = Annotated[
    list[Path] | None,
    typer.Option(
        "--with",
        metavar="MODEL",
        help="Another model with the same vocabulary, to translate together with the first: an ensemble. May be given "
        "several times.",
        show_default=False,
    ),
]
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
CoveragePenalty = Annotated[
    float,
    typer.Option(
        "--coverage-penalty",
        metavar="BETA",
        min=REAL["coverage_penalty"][0],
        max=REAL["coverage_penalty"][1],
        help="Rank translations lower that leave out a part of the line, by what they attended to; such as 0.2.",
    ),
]
NBest = Annotated[
    bool,
    typer.Option(
        "--n-best", help="Print LINE ||| TRANSLATION ||| F0= LOG-PROBABILITY ||| SCORE, best first: Marian's form."
    ),
]
Prefix = Annotated[str, typer.Option("--prefix", metavar="TEXT", help="Text with which every translation must begin.")]
Paragraphs = Annotated[
    bool,
    typer.Option(
        "--paragraphs",
        help="Cut each line into sentences, translate each by itself, and keep what stands between them.",
    ),
]
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
    others: With = None,
    input_file: In = None,
    output_file: Out = None,
    beam_size: BeamSize = None,
    top_beams: TopBeams = 1,
    beam_groups: BeamGroups = 1,
    diversity_penalty: DiversityPenalty = None,
    length_penalty: LengthPenaltyName = None,
    coverage_penalty: CoveragePenalty = 0.0,
    search: SearchName = None,
    no_repeat_ngram_size: NoRepeatNgramSize = None,
    repetition_penalty: RepetitionPenalty = None,
    min_tokens: MinTokens = None,
    as_n_best: NBest = False,
    confidence: Confidence = False,
    alignment: Alignment = False,
    prefix: Prefix = "",
    terms: TermsFile = None,
    contain: Contain = None,
    keep: Keep = False,
    paragraphs: Paragraphs = False,
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
    """Translate standard input, a line out for each in, in order.

    Example: echo "I am a student." | clearhead translate runs/street --to fr
    """
    if paragraphs:
        given = {"--n-best": as_n_best, "--alignment": alignment, "--sample": sample}
        require_alone("--paragraphs", {**given, "--prefix": bool(prefix), "--contain": bool(contain)})
    _require_consistent(top_beams, as_n_best, confidence)
    if sample:
        _require_no_search(beam_size, bool(terms or contain or keep), bool(coverage_penalty))
    sampling = _sampling(sample, temperature, top_k, top_p, seed)
    rules = given_rules(no_repeat_ngram_size, repetition_penalty, min_tokens)
    asked = AskedSearch(
        beam_size, top_beams, length_penalty, sampling, search, rules, beam_groups, diversity_penalty
    )  # fmt: skip
    files = LineFiles(input_file, output_file, quiet, "sentence")
    files.check(model, {"--shortlist": shortlist, "--terms": terms})
    more = {
        "terms": read_terms(terms, quiet), "contain": contain or (), "prefix": prefix, "alignment": alignment,
        "keep": keep, "paragraphs": paragraphs, "coverage_penalty": coverage_penalty,
        "exact": as_n_best or confidence, "batch_tokens": batch_tokens, "workers": workers,
    }  # fmt: skip
    bundle = load(model, device=device, precision=precision, shortlist=shortlist)
    require_command("translate", bundle.task)
    if others:
        bundle = ensemble([bundle, *(load(one, device=device, precision=precision) for one in others)])
    form = n_best if as_n_best else with_confidence if confidence else best
    files.write(bundle, to, {**asked.of(bundle), **more}, form)


def _require_consistent(top_beams: int, n_best: bool, confidence: bool) -> None:
    """Raise UsageError where options on what is printed contradict each other."""
    if top_beams > 1 and not n_best:
        raise UsageError(f"--top-beams {top_beams} gives several lines for each line; add --n-best, which numbers them")
    if confidence and n_best:
        raise UsageError("--confidence and --n-best both say how sure the model is; leave one of them out")


def _require_no_search(beam_size: int | None, must_hold: bool, is_ranked: bool) -> None:
    """Raise UsageError where a draw is told what a search alone can do."""
    if beam_size is not None:
        raise UsageError(f"--beam-size {beam_size} is for searching, and --sample draws instead; leave one of them out")
    if must_hold:
        raise UsageError(
            "--sample draws, and what is drawn cannot be told what to hold; leave --terms, --contain and --keep out"
        )
    if is_ranked:
        raise UsageError("--coverage-penalty ranks what a search found, and --sample draws; leave one of them out")


def _sampling(
    sample: bool, temperature: float | None, top_k: int | None, top_p: float | None, seed: int | None
) -> Sampling | None:
    if sample:
        return Sampling(1.0 if temperature is None else temperature, top_k, top_p, 1 if seed is None else seed)
    given = {"--temperature": temperature, "--top-k": top_k, "--top-p": top_p, "--seed": seed}
    if unused := [name for name, value in given.items() if value is not None]:
        raise UsageError(f"{unused[0]} is for drawing at random; add --sample, or leave it out")
    return None
