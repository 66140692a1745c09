"""`clearhead compare`: two translations, or two models, beside each other and against what is right."""

import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from clearhead.bundle import find_bundle, load, shipped
from clearhead.cli.asked_search import check_search
from clearhead.cli.compared_table import compared_lines
from clearhead.cli.evaluate import Tokenize
from clearhead.cli.evaluate_written import Asked, of_files, read_hypotheses, written
from clearhead.cli.evaluating import require_task
from clearhead.cli.options import BatchTokens, BeamSize, Debug, Json, LengthPenaltyName, Quiet, To
from clearhead.cli.overwriting import refuse_overwriting
from clearhead.errors import UsageError
from clearhead.files import publish_file

if TYPE_CHECKING:
    from clearhead.evaluation import Comparison

_SYSTEM = "lines of translations (.gz too), or a model, which needs --source"
First = Annotated[Path, typer.Argument(metavar="A", help=f"The first system: {_SYSTEM}.", show_default=False)]
Second = Annotated[Path, typer.Argument(metavar="B", help="The second system, as the first.", show_default=False)]
Reference = Annotated[
    Path, typer.Argument(metavar="REFERENCE", help="What is right for each line.", show_default=False)
]
Source = Annotated[
    Path | None,
    typer.Option(
        "--source",
        metavar="FILE",
        help="What was translated: models translate it, and it is shown beside each sentence.",
        show_default=False,
    ),
]
Show = Annotated[
    int, typer.Option("--show", metavar="N", min=0, help="How many sentences to show that B has better, and worse.")
]
Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write the comparison as one file for browsers.", show_default=False),
]
Language = Annotated[Literal["en", "ko"], typer.Option("--lang", help="The page's language.")]


def compare(
    first: First,
    second: Second,
    reference: Reference,
    source: Source = None,
    to: To = None,
    tokenize: Tokenize = "13a",
    show: Show = 5,
    html: Html = None,
    lang: Language = "en",
    beam_size: BeamSize = None,
    length_penalty: LengthPenaltyName = None,
    batch_tokens: BatchTokens = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare two translations or models with what is right.

    BLEU, chrF and TER by sacreBLEU, with the probability that each difference is chance, by paired bootstrap and by
    approximate randomisation; both systems by length of the sentence; and the sentences that changed most by chrF.

    Example: clearhead compare old.de new.de test.de.gz --source test.en.gz --html new.html
    """
    systems = {"A": first, "B": second}
    refuse_overwriting({"--html": html}, {**systems, "REFERENCE": reference, "--source": source})
    check_search(beam_size=beam_size, length_penalty=length_penalty)
    models = {name: find_bundle(path) for name, path in systems.items() if _is_model(name, path)}
    how = {"beam_size": beam_size, "length_penalty": length_penalty, "batch_tokens": batch_tokens}
    given = {"--to": to} | {f"--{name.replace('_', '-')}": value for name, value in how.items()}
    _require_use({name: systems[name] for name in models}, source, given)
    asked = _asked(source, reference)
    found = {
        name: read_hypotheses(path, len(asked.right), name) for name, path in systems.items() if name not in models
    }
    for name, folder in models.items():
        bundle = load(folder)
        require_task(bundle, ["translation", "summarisation"], f"{name} {systems[name]}")
        found[name] = written(bundle, asked, to, quiet, how)
    # Not before: what is wrong with the files was said without waiting for what this imports.
    from clearhead.evaluation import compare as compare_lines

    texts = asked.texts or None
    comparison = compare_lines(
        found["A"], found["B"], asked.right, sources=texts, tokenize=tokenize, names=(str(first), str(second))
    )
    if html is not None:
        _write_page(html, comparison, lang, quiet)
    print("\n".join([_as_json(comparison)] if as_json else compared_lines(comparison, show)))


def _asked(source: Path | None, reference: Path) -> Asked:
    """What is right, and what it is a translation of where that is known."""
    from clearhead.data import check_file, read_lines

    for path in (reference, source):
        if path is not None:
            check_file(path)
    return Asked([], list(read_lines(reference)), {}) if source is None else of_files(source, reference)


def _is_model(name: str, path: Path) -> bool:
    """Whether a system is no file of lines. Raises UsageError where it is nothing."""
    from clearhead.bundle.archive import is_archive

    if not path.exists() and str(path) not in shipped():
        raise UsageError(f"{name} {path} does not exist; expected a file of translations or a model")
    return not path.exists() or path.is_dir() or is_archive(path)


def _require_use(models: dict[str, Path], source: Path | None, given: Mapping[str, object]) -> None:
    """Raise UsageError where a model has nothing to translate, or where no model heeds what is given."""
    if models and source is None:
        name, folder = next(iter(models.items()))
        raise UsageError(f"{name} {folder} is a model, which needs something to translate; add --source FILE")
    option = next((option for option, value in given.items() if value is not None), None)
    if option is not None and not models:
        raise UsageError(f"{option} {given[option]} is for models, and A and B are files of lines; leave it out")


def _as_json(comparison: "Comparison") -> str:
    return json.dumps(dataclasses.asdict(comparison), ensure_ascii=False, indent=2)


def _write_page(path: Path, comparison: "Comparison", language: str, quiet: bool) -> None:
    from clearhead.look import compared_page

    with publish_file(path) as draft:
        draft.write_text(compared_page(comparison, language), encoding="utf-8")
    if not quiet:
        print(f"clearhead: {path} is written; it opens in any browser, without a server", file=sys.stderr)
