"""`clearhead generate`: a prompt in, what a language model writes after it out."""

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from clearhead.bounds import WHOLE
from clearhead.bundle import load
from clearhead.bundle.verbs import require_command
from clearhead.cli import lines
from clearhead.cli.asked_search import check_search, given_rules, rules_with
from clearhead.cli.found import In, Out, greet
from clearhead.cli.options import (
    BeamGroups,
    Debug,
    Device,
    DiversityPenalty,
    MinTokens,
    Model,
    NoRepeatNgramSize,
    PrecisionName,
    Quiet,
    RepetitionPenalty,
    SearchName,
)
from clearhead.cli.whole_texts import require_one_source
from clearhead.cli.writing import (
    Beam,
    MaxTokens,
    Seed,
    Stop,
    Temperature,
    TopK,
    TopP,
    sampling_of,
    unescaped,
    unknown_characters,
)
from clearhead.errors import UsageError

if TYPE_CHECKING:
    import clearhead
    from clearhead.tasks.language_modelling import Generation

Found: TypeAlias = "list[Generation]"

Prompt = Annotated[
    str | None,
    typer.Argument(
        metavar="[PROMPT]",
        help="What the model goes on from. Without it each line of standard input, or of --in FILE, is a prompt.",
        show_default=False,
    ),
]
N = Annotated[
    int,
    typer.Option("--n", metavar="N", min=WHOLE["n"][0], max=WHOLE["n"][1], help="How many texts for each prompt."),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print a JSON object a line: prompt, text, why it ended, log-probability.")
]


def generate(
    model: Model,
    prompt: Prompt = None,
    input_file: In = None,
    output_file: Out = None,
    max_tokens: MaxTokens = None,
    n: N = 1,
    temperature: Temperature = None,
    top_k: TopK = None,
    top_p: TopP = None,
    seed: Seed = None,
    beam: Beam = None,
    beam_groups: BeamGroups = 1,
    diversity_penalty: DiversityPenalty = None,
    stop: Stop = None,
    search: SearchName = None,
    no_repeat_ngram_size: NoRepeatNgramSize = None,
    repetition_penalty: RepetitionPenalty = None,
    min_tokens: MinTokens = None,
    as_json: AsJson = False,
    device: Device = "cpu",
    precision: PrecisionName = "fp32",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Print what a language model writes after a prompt.

    The prompt itself is not printed. The text of one PROMPT comes as it is written; several texts are parted by a line
    with ---. For lines of a file or of standard input each text is one line, its line breaks spaces. The model draws
    each token, at temperature 0.8 where neither you nor its files say otherwise, or searches with --beam.

    Example: clearhead generate runs/shakespeare-char "ROMEO:" --max-tokens 300
    """
    sampling = sampling_of(beam, temperature, top_k, top_p, seed)
    if beam is not None and n > beam:
        raise UsageError(f"--n {n} is more than --beam {beam}; widen the beam, or leave --beam out to draw")
    if beam is None and beam_groups > 1:
        raise UsageError(f"--beam-groups {beam_groups} parts a beam; add --beam {2 * beam_groups}, or another multiple")
    require_one_source(None if prompt is None else [prompt], input_file, "PROMPT")
    rules = given_rules(no_repeat_ngram_size, repetition_penalty, min_tokens)
    groups: dict[str, Any] = {"beam_groups": beam_groups, "diversity_penalty": diversity_penalty}
    check_search(beam_size=beam, search=search, rules=rules, **groups)
    bundle = load(model, device=device, precision=precision)
    require_command("generate", bundle.task)
    how: dict[str, Any] = {
        "max_tokens": max_tokens, "sampling": sampling, "beam_size": beam, "stop": [*map(unescaped, stop or ())],
        "search": search, "rules": rules_with(bundle.settings.rules, rules), **groups,
    }  # fmt: skip
    if prompt is not None and not quiet and (strange := unknown_characters(prompt, bundle.source_tokenizer)):
        print(f"clearhead: the prompt has what this model does not know: {strange}", file=sys.stderr)
    if prompt is not None and output_file is None and n == 1 and not as_json and beam in (None, 1):
        with contextlib.closing(bundle.generate_stream(prompt, **how)) as pieces:
            lines.write_pieces(pieces)
    elif prompt is not None:
        [found] = bundle.generations([prompt], n=n, **how)
        written = _objects(prompt, found) if as_json else "\n---\n".join(one.text for one in found).split("\n")
        lines.write(written, output_file)
    else:
        lines.write(_of_lines(bundle, input_file, n, as_json, quiet, how), output_file)


def _of_lines(
    bundle: "clearhead.Bundle", input_file: Path | None, n: int, as_json: bool, quiet: bool, how: dict[str, Any]
) -> Iterator[str]:
    """What is written for the lines of a file or of standard input: read, and gone on with, some at a time."""
    from clearhead.bundle.streaming import streamed

    if not quiet:
        greet(input_file, "prompt")

    def find(prompts: Sequence[str], first: int) -> Iterator[tuple[str, Found]]:
        return iter(list(zip(prompts, bundle.generations(prompts, n=n, first=first, **how), strict=True)))

    bundle.generations([], n=n, **how)  # What is wrong is said before somebody types.
    is_empty = True
    with contextlib.closing(streamed(lines.read(input_file, quiet), find)) as found:
        for prompt, texts in found:
            is_empty = False
            yield from _objects(prompt, texts) if as_json else (one.text for one in texts)
    if is_empty:
        raise UsageError(
            f"{input_file or 'standard input'} has no line; give a prompt, as in: "
            'clearhead generate MODEL "Once upon a time"'
        )


def _objects(prompt: str, found: Found) -> Iterator[str]:
    for one in found:
        told = {"prompt": prompt, "text": one.text, "ended": one.ended, "log_probability": one.log_probability}
        yield json.dumps(told, ensure_ascii=False)
