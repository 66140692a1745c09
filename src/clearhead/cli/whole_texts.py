"""What commands share that read whole texts: these are arguments, or the lines of a file or of standard input."""

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from clearhead.cli import lines
from clearhead.cli.found import greet
from clearhead.errors import UsageError

Answer = TypeVar("Answer")
Noting = Callable[[Sequence[str], int], object]

Texts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TEXT]...",
        help="What to read. Without any, each line of standard input, or of --in FILE, is a text.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print a JSON object a line instead.")]


def require_one_source(texts: list[str] | None, input_file: Path | None, name: str = "TEXT") -> None:
    """Raise UsageError where texts are given twice, DataError where the file cannot be read.

    name: of the argument that gives them.
    """
    if texts and input_file is not None:
        raise UsageError(f"--in {input_file} and a {name} both say what to read; leave one of them out")
    if not texts:
        lines.require_there(input_file)


def answered(
    texts: list[str] | None,
    input_file: Path | None,
    quiet: bool,
    find: Callable[[Sequence[str], int], Sequence[Answer]],
    noting: Noting | None = None,
) -> Generator[tuple[str, Answer], None, None]:
    """Each text, and what `find` gives for it, in their order and in bounded memory.

    find: is given some texts and the number of the first, from 0. noting: is told of the same before.
    """
    from clearhead.bundle.streaming import streamed

    def pairs(some: Sequence[str], first: int) -> Iterator[tuple[str, Answer]]:
        return zip(some, find(some, first), strict=True)

    if not quiet and not texts:
        greet(input_file, "text")
    with contextlib.closing(streamed(texts or lines.read(input_file, quiet), pairs, noting=noting)) as found:
        yield from found
