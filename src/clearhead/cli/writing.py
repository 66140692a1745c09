"""The options of commands that have a model write: how it draws or searches, and where it ends."""

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from clearhead.bounds import REAL, WHOLE
from clearhead.decoding import Sampling
from clearhead.errors import UsageError

if TYPE_CHECKING:
    import clearhead.text

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


def sampling_of(
    beam: int | None, temperature: float | None, top_k: int | None, top_p: float | None, seed: int | None
) -> Sampling | None:
    """How to draw; None where a beam is searched with, or where nothing is said and the model's own way is meant.

    Raises UsageError where a beam and drawing are asked for.
    """
    given = {"--temperature": temperature, "--top-k": top_k, "--top-p": top_p, "--seed": seed}
    if beam is None and all(one is None for one in given.values()):
        return None
    if beam is None:
        return Sampling(0.8 if temperature is None else temperature, top_k, top_p, 0 if seed is None else seed)
    if unused := [name for name, value in given.items() if value is not None]:
        raise UsageError(f"{unused[0]} is for drawing at random, and --beam searches; leave one of them out")
    return None


def unknown_characters(text: str, tokenizer: "clearhead.text.Tokenizer") -> str:
    """The first ten characters of a text, or words, that are read as unknown, each once, as a terminal may show it."""
    if tokenizer.unknown is None or tokenizer.unknown not in tokenizer.encode(text):
        return ""
    strange = [*dict.fromkeys(_unknown_parts(unicodedata.normalize("NFC", text), tokenizer))]
    more = f" and {len(strange) - 10:,} more" if len(strange) > 10 else ""
    return " ".join(one if one.isprintable() else repr(one)[1:-1] for one in strange[:10]) + more


def _unknown_parts(text: str, tokenizer: "clearhead.text.Tokenizer") -> Iterator[str]:
    """The characters that are read as unknown; the words, where a word is one piece."""
    for part in re.findall(r" ?\w+|\W", text):
        if tokenizer.unknown not in (found := tokenizer.encode(part)):
            continue
        if len(found) == 1:
            yield part.strip() or part
        else:
            yield from (one for one in part if tokenizer.unknown in tokenizer.encode(one))


def unescaped(text: str) -> str:
    r"""A text in which \n is a line break, \t a tab and \\ a backslash: a shell gives them as they were typed."""
    parts = (part.replace("\\n", "\n").replace("\\t", "\t") for part in text.split("\\\\"))
    return "\\".join(parts)
