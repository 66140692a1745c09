"""What commands share that search for a text of each line: translations and summaries."""

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from clearhead.cli import lines
from clearhead.cli.overwriting import Files, refuse_overwriting, refuse_streams
from clearhead.tasks.translation.alignment import written

if TYPE_CHECKING:
    import clearhead

Hypotheses: TypeAlias = "list[clearhead.Translation]"
Form = Callable[[int, Hypotheses], Iterator[str]]

In = Annotated[
    Path | None, typer.Option("--in", metavar="FILE", help="Read lines from FILE instead of standard input.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to FILE instead of standard output.")]
Confidence = Annotated[
    bool,
    typer.Option(
        "--confidence",
        help="Print before each line, and a tab, how sure the model is of it, from 0 to 1: the geometric mean of its "
        "tokens' probabilities.",
    ),
]


Alignment = Annotated[
    bool,
    typer.Option(
        "--alignment",
        help="Print after each translation ||| 0-0 1-2 …: which word of the line, from 0, each of its words stands "
        "for, by the model's attention.",
    ),
]


@dataclasses.dataclass(frozen=True)
class LineFiles:
    """Where lines come from, and where goes what is found for each; None for standard input and standard output.

    quiet: says nothing of the lines. what: a line is called so. texts: in place of lines, where some were typed.
    """

    input_file: Path | None
    output_file: Path | None
    quiet: bool
    what: str
    texts: Sequence[str] | None = None

    def check(self, model: Path, others: Files = MappingProxyType({})) -> None:
        """Raise UsageError where something would be lost, DataError where nothing is there to be read.

        others: files that are read besides, by their names on the command line.
        """
        refuse_overwriting({"--out": self.output_file}, {"--in": self.input_file, **others}, model)
        refuse_streams(self.output_file, self.input_file)
        if not self.texts:
            lines.require_there(self.input_file)

    def write(self, bundle: "clearhead.Bundle", to: str | None, how: dict[str, Any], form: Form) -> None:
        """Write what the bundle finds for each line. how: as `Bundle.search_stream` takes it."""
        texts = self.texts or lines.read(self.input_file, self.quiet)
        noting = None if self.quiet else notes(bundle, bool(how.get("paragraphs")))
        found = bundle.search_stream(texts, to, noting=noting, **how)
        if not self.quiet and not self.texts:
            greet(self.input_file, self.what)
        write_found(found, form, self.output_file)


def greet(input_file: Path | None, what: str) -> None:
    """Tell somebody at a terminal what is waited for."""
    if input_file is None and sys.stdin is not None and sys.stdin.isatty():
        print(f"Type a {what} and Enter; end with Ctrl-D.", file=sys.stderr)


def write_found(found: Generator[Hypotheses, None, None], form: Form, output_file: Path | None) -> None:
    """Write what is found for each line, as `form` makes lines of it. Where nobody reads on, the search ends."""
    written = (text for line, hypotheses in enumerate(found) for text in form(line, hypotheses))
    with contextlib.closing(found):
        lines.write(written, output_file)


def notes(bundle: "clearhead.Bundle", paragraphs: bool = False) -> Callable[[Sequence[str], int], None]:
    """Says what is noteworthy of lines that come in. paragraphs: whether each sentence of theirs is read by itself."""
    is_noted = False

    def note(texts: Sequence[str], before: int) -> None:
        nonlocal is_noted
        if not before:
            lines.note_table(texts)
        lines.note_cuts(bundle, texts, before, paragraphs)
        is_noted = is_noted or lines.note_unreadable(bundle, texts, before)

    return note


def best(line: int, hypotheses: Hypotheses) -> Iterator[str]:
    """The text, and its alignment where it has one."""
    yield with_alignment(hypotheses[0])


def with_confidence(line: int, hypotheses: Hypotheses) -> Iterator[str]:
    """The same, and before it how sure the model is."""
    yield f"{hypotheses[0].confidence:.4f}\t{with_alignment(hypotheses[0])}"


def n_best(line: int, hypotheses: Hypotheses) -> Iterator[str]:
    """All of them in Marian's form, with one feature."""
    for one in hypotheses:
        yield f"{line} ||| {with_alignment(one)} ||| F0= {one.log_probability:.8f} ||| {one.score:.8f}"


def with_alignment(one: "clearhead.Translation") -> str:
    """The text, and which words stand for which where that was asked for, in Marian's form."""
    return one.text if one.alignment is None else f"{one.text} ||| {written(one.alignment)}"
