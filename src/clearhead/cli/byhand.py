"""`clearhead byhand`: worksheets to work out with a pencil."""

from pathlib import Path
from typing import Annotated

import typer

from clearhead.bundle import load
from clearhead.byhand import TOPICS, Sheet, Texts, make_sheet, read_matrices, read_sizes
from clearhead.byhand.modelled import require_possible
from clearhead.cli.options import Debug, Quiet, To
from clearhead.cli.overwriting import Files, refuse_overwriting
from clearhead.errors import UsageError
from clearhead.files import publish_file
from clearhead.look.sheets import markdown, page

Topic = Annotated[str, typer.Argument(metavar="TOPIC", help=f"One of {', '.join(TOPICS)}.", show_default=False)]
Text = Annotated[
    str | None, typer.Argument(metavar="[TEXT]", help="With --from: what the model reads.", show_default=False)
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", metavar="N", min=0, help="The same seed, the same sheet. 0, the default, is the classic, if any."
    ),
]
Size = Annotated[
    list[str] | None,
    typer.Option("--size", metavar="NAME=N", help="A size, such as positions=4; may be given several times."),
]
Language = Annotated[str, typer.Option("--lang", metavar="en|ko", help="The language of the sheet.")]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page for printing on A4.")]
Md = Annotated[Path | None, typer.Option("--md", metavar="FILE", help="Write Markdown.")]
Answers = Annotated[bool, typer.Option("--answers", help="Fill the blanks in.")]
Blank = Annotated[bool, typer.Option("--blank", help="Leave the answers out, at the end too.")]
From = Annotated[
    Path | None, typer.Option("--from", metavar="MODEL", help="Take the numbers from a trained model and TEXT.")
]
Layer = Annotated[int | None, typer.Option("--layer", metavar="L", help="With --from: which layer, from 1.")]
Head = Annotated[int | None, typer.Option("--head", metavar="H", help="With --from: which head, from 1.")]
MatrixFile = Annotated[
    Path | None, typer.Option("--matrix", metavar="FILE", help="Your own matrices, from a .json or .csv file.")
]


def byhand(
    topic: Topic,
    text: Text = None,
    seed: Seed = None,
    size: Size = None,
    language: Language = "en",
    html_file: Html = None,
    markdown_file: Md = None,
    answers: Answers = False,
    blank: Blank = False,
    model: From = None,
    layer: Layer = None,
    head: Head = None,
    to: To = None,
    matrix: MatrixFile = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make a worksheet to fill in with a pencil.

    The answers follow, each with the sum that makes it.

    Example: clearhead byhand block --html block.html
    """
    if answers and blank:
        raise UsageError("--answers and --blank contradict each other; give one of them, or none for both parts")
    outputs: dict[str, Path | None] = {"--html": html_file, "--md": markdown_file}
    if model is None:
        _refuse({"TEXT": text, "--layer": layer, "--head": head, "--to": to}, "is for a model's numbers; add --from")
        refuse_overwriting(outputs, {"--matrix": matrix})
        sheet = make_sheet(
            topic, seed or 0, read_sizes(",".join(size or [])), language, read_matrices(matrix) if matrix else None
        )
    else:
        _refuse(
            {"--seed": seed, "--size": size or None, "--matrix": matrix},
            "does not go with --from; leave one of them out",
        )
        sheet = _of_model(outputs, topic, model, text, layer, head, to, language)
    _write(sheet, html_file, markdown_file, answers, not blank, quiet)


def _of_model(
    outputs: Files,
    topic: str,
    model: Path,
    text: str | None,
    layer: int | None,
    head: int | None,
    to: str | None,
    language: str,
) -> Sheet:
    require_possible(topic, _from_zero(layer), _from_zero(head))
    Texts(language)
    if text is None:
        raise UsageError('--from needs a text to read; add it, as in: --from runs/street "I am a student."')
    refuse_overwriting(outputs, {}, model)
    bundle = load(model)
    # It needs torch, which is imported only where nothing was wrong so far.
    from clearhead.byhand import sheet_from
    from clearhead.byhand.beam_search import BEAM

    # The numbers of a search are those of the beam that the sheet is about; all others are of what the model says.
    trace = bundle.trace(text, to, beam_size=BEAM if topic == "beam-search" else 1)
    return sheet_from(trace, topic, _from_zero(layer), _from_zero(head), language)


def _from_zero(number: int | None) -> int | None:
    """People count layers and heads from 1, Python and the trace's names from 0."""
    return None if number is None else number - 1


def _write(
    sheet: Sheet, html_file: Path | None, markdown_file: Path | None, answers: bool, key: bool, quiet: bool
) -> None:
    for path, draw in ((html_file, page), (markdown_file, markdown)):
        if path is not None:
            with publish_file(path) as draft:
                draft.write_text(draw(sheet, answers, key), encoding="utf-8")
            if not quiet:
                print(f"{path}: {sheet.title}")
    if html_file is None and markdown_file is None:
        print(markdown(sheet, answers, key), end="")


def _refuse(options: dict[str, object], why: str) -> None:
    if unused := [name for name, value in options.items() if value is not None]:
        raise UsageError(f"{unused[0]} {why}")
