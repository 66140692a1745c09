"""`clearhead generate`: a prompt in, what a language model writes after it out."""

import contextlib
import json
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from clearhead.bounds import REAL, WHOLE
from clearhead.bundle import load
from clearhead.cli import lines
from clearhead.cli.options import Debug, Device, Model, PrecisionName, Quiet
from clearhead.decoding import Sampling
from clearhead.errors import UsageError

if TYPE_CHECKING:
    import clearhead
    import clearhead.text
    from clearhead.tasks.language_modelling import Generation

Found: TypeAlias = "list[Generation]"

Prompt = Annotated[
    str | None,
    typer.Argument(
        metavar="[PROMPT]",
        help="What the model goes on from. Without it each line of standard input is a prompt.",
        show_default=False,
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        "--max-tokens",
        metavar="N",
        min=WHOLE["max_tokens"][0],
        max=WHOLE["max_tokens"][1],
        help="The most tokens to write. Default: 200. Where the model's positions run out, it goes on from the last "
        "half of what it has read; a beam wider than 1 ends there.",
        show_default=False,
    ),
]
N = Annotated[
    int,
    typer.Option("--n", metavar="N", min=WHOLE["n"][0], max=WHOLE["n"][1], help="How many texts for each prompt."),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        metavar="T",
        help="Below 1 is safer, above 1 bolder; from {:g} to {:,.0f}. Default: 0.8.".format(*REAL["temperature"]),
        show_default=False,
    ),
]
TopK = Annotated[
    int | None,
    typer.Option("--top-k", metavar="K", help="Draw among the K likeliest tokens only.", show_default=False),
]
TopP = Annotated[
    float | None,
    typer.Option(
        "--top-p", metavar="P", help="Draw among the fewest tokens that reach P together.", show_default=False
    ),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="S", help="The same seed, the same text. Default: 0.", show_default=False),
]
Beam = Annotated[
    int | None,
    typer.Option(
        "--beam",
        "--beam-size",
        metavar="N",
        help=f"Search with a beam of 1 to {WHOLE['beam_size'][1]} instead of drawing; 1 takes the likeliest token "
        "each time.",
        show_default=False,
    ),
]
Stop = Annotated[
    list[str] | None,
    typer.Option(
        "--stop",
        metavar="TEXT",
        help="End before this text; \\n is a line break. May be given several times.",
        show_default=False,
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print a JSON object a line: prompt, text, why it ended, log-probability.")
]


def generate(
    model: Model,
    prompt: Prompt = None,
    max_tokens: MaxTokens = None,
    n: N = 1,
    temperature: Temperature = None,
    top_k: TopK = None,
    top_p: TopP = None,
    seed: Seed = None,
    beam: Beam = None,
    stop: Stop = None,
    as_json: AsJson = False,
    device: Device = "cpu",
    precision: PrecisionName = "fp32",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Print what a language model writes after a prompt.

    The prompt itself is not printed. The text of one PROMPT comes as it is written; several texts are parted by a line
    with ---. For lines of standard input each text is one line, its line breaks spaces. The model draws each token,
    at temperature 0.8 where nothing else is said, or searches with --beam.

    Example: clearhead generate runs/shakespeare-char "ROMEO:" --max-tokens 300
    """
    sampling = _sampling(beam, temperature, top_k, top_p, seed)
    if beam is not None and n > beam:
        raise UsageError(f"--n {n} is more than --beam {beam}; widen the beam, or leave --beam out to draw")
    bundle = load(model, device=device, precision=precision)
    how: dict[str, Any] = {
        "max_tokens": max_tokens, "sampling": sampling, "beam_size": beam, "stop": [*map(unescaped, stop or ())],
    }  # fmt: skip
    if prompt is not None and not quiet and (strange := unknown_characters(prompt, bundle.source_tokenizer)):
        print(f"clearhead: the prompt has characters that this model does not know: {strange}", file=sys.stderr)
    if prompt is not None and n == 1 and not as_json and beam in (None, 1):
        with contextlib.closing(bundle.generate_stream(prompt, **how)) as pieces:
            lines.write_pieces(pieces)
    elif prompt is not None:
        [found] = bundle.generations([prompt], n=n, **how)
        written = _objects(prompt, found) if as_json else "\n---\n".join(one.text for one in found).split("\n")
        lines.write(written, None)
    else:
        lines.write(_of_lines(bundle, n, as_json, quiet, how), None)


def _of_lines(bundle: "clearhead.Bundle", n: int, as_json: bool, quiet: bool, how: dict[str, Any]) -> Iterator[str]:
    """What is written for the lines of standard input: read, and gone on with, some at a time."""
    from clearhead.bundle.streaming import streamed

    if not quiet and sys.stdin is not None and sys.stdin.isatty():
        print("Type a prompt and Enter; end with Ctrl-D.", file=sys.stderr)

    def find(prompts: Sequence[str], first: int) -> Iterator[tuple[str, Found]]:
        return iter(list(zip(prompts, bundle.generations(prompts, n=n, first=first, **how), strict=True)))

    bundle.generations([], n=n, **how)  # What is wrong is said before somebody types.
    is_empty = True
    with contextlib.closing(streamed(lines.read(None, quiet), find)) as found:
        for prompt, texts in found:
            is_empty = False
            yield from _objects(prompt, texts) if as_json else (one.text for one in texts)
    if is_empty:
        raise UsageError(
            'standard input has no line; give a prompt, as in: clearhead generate MODEL "Once upon a time"'
        )


def _objects(prompt: str, found: Found) -> Iterator[str]:
    for one in found:
        told = {"prompt": prompt, "text": one.text, "ended": one.ended, "log_probability": one.log_probability}
        yield json.dumps(told, ensure_ascii=False)


def _sampling(
    beam: int | None, temperature: float | None, top_k: int | None, top_p: float | None, seed: int | None
) -> Sampling | None:
    """How to draw; None where a beam is searched with. Raises UsageError where both are asked for."""
    given = {"--temperature": temperature, "--top-k": top_k, "--top-p": top_p, "--seed": seed}
    if beam is None:
        return Sampling(0.8 if temperature is None else temperature, top_k, top_p, 0 if seed is None else seed)
    if unused := [name for name, value in given.items() if value is not None]:
        raise UsageError(f"{unused[0]} is for drawing at random, and --beam searches; leave one of them out")
    return None


def unknown_characters(text: str, tokenizer: "clearhead.text.Tokenizer") -> str:
    """The first ten characters of a text, each once and as a terminal may show it, that are read as unknown."""
    if tokenizer.unknown is None or tokenizer.unknown not in tokenizer.encode(text):
        return ""
    strange = [
        one for one in dict.fromkeys(unicodedata.normalize("NFC", text)) if tokenizer.unknown in tokenizer.encode(one)
    ]
    more = f" and {len(strange) - 10:,} more" if len(strange) > 10 else ""
    return " ".join(one if one.isprintable() else repr(one)[1:-1] for one in strange[:10]) + more


def unescaped(text: str) -> str:
    r"""A text in which \n is a line break, \t a tab and \\ a backslash: a shell gives them as they were typed."""
    parts = (part.replace("\\n", "\n").replace("\\t", "\t") for part in text.split("\\\\"))
    return "\\".join(parts)
