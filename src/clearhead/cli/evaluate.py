"""`clearhead evaluate`: have a model write for a test set and measure it, or measure how well a text is predicted."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from clearhead.bundle import find_bundle, load
from clearhead.cli.asked_search import check_search
from clearhead.cli.evaluate_classes import evaluate_classes
from clearhead.cli.evaluate_text import evaluate_text
from clearhead.cli.evaluate_written import EvaluationSet, evaluate_written
from clearhead.cli.evaluating import columns_of, require_use
from clearhead.cli.options import (
    BatchTokens,
    BeamSize,
    Debug,
    Device,
    Json,
    LengthPenaltyName,
    Model,
    PrecisionName,
    Quiet,
    ShortlistFile,
    To,
)
from clearhead.errors import UsageError

Source = Annotated[
    Path | None,
    typer.Argument(
        metavar="SOURCE", help="Lines to translate, summarise or answer (.gz, .xz, .zst too).", show_default=False
    ),
]
Reference = Annotated[
    Path | None, typer.Argument(metavar="REFERENCE", help="What is right for each line.", show_default=False)
]
TextOption = Annotated[
    Path | None,
    typer.Option(
        "--text",
        metavar="FILE",
        help="For a language model, in place of SOURCE and REFERENCE: the text that it is to predict.",
        show_default=False,
    ),
]
Context = Annotated[
    int | None,
    typer.Option(
        "--context",
        metavar="N",
        help="With --text: how many tokens at least stand before each one that is scored; half of what the model reads "
        "if not given.",
        show_default=False,
    ),
]
TableOption = Annotated[
    Path | None,
    typer.Option(
        "--table",
        metavar="FILE",
        help="In place of SOURCE and REFERENCE: a table of texts and what is right for each, a label for a classifier "
        "(.tsv, .csv, .jsonl, .parquet, .xlsx, .tmx); for chat its columns are turns.",
        show_default=False,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="TEXT,RIGHT",
        help="With --table: which columns, by number or by name; 1,2 if not given.",
        show_default=False,
    ),
]
# Those of sacreBLEU's that need no further package and no download.
BleuTokenizer = Literal["13a", "intl", "char", "zh", "none"]
Tokenize = Annotated[
    BleuTokenizer,
    typer.Option(
        "--tokenize",
        help="How BLEU splits lines into words, by sacreBLEU's names: none for text that is tokenised already, char or "
        "zh for text without spaces.",
    ),
]
Against = Annotated[
    Path | None,
    typer.Option(
        "--against",
        metavar="HYPOTHESES",
        help="Another system's translations: measured too, with the probability that the difference is chance. "
        "`clearhead compare` shows where they differ.",
        show_default=False,
    ),
]


def evaluate(
    model: Model,
    source: Source = None,
    reference: Reference = None,
    to: To = None,
    against: Against = None,
    tokenize: Tokenize = "13a",
    beam_size: BeamSize = None,
    length_penalty: LengthPenaltyName = None,
    batch_tokens: BatchTokens = None,
    device: Device = "cpu",
    precision: PrecisionName = "fp32",
    shortlist: ShortlistFile = None,
    text: TextOption = None,
    context: Context = None,
    table: TableOption = None,
    columns: Columns = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure how good what a model writes is.

    Of a model that translates, summarises or chats, what it writes for each line of SOURCE is compared with REFERENCE:
    BLEU, chrF and TER by sacreBLEU, and how many lines are exactly right. --table FILE holds both in one file.
    Of a language model, --text FILE gives the perplexity of a token and of a character, and bits a byte.
    Of a classifier, --table FILE gives accuracy, the F1 of each class, their mean, and which are mistaken for which.

    Example: clearhead evaluate runs/multi30k test_2016_flickr.en.gz test_2016_flickr.de.gz
    """
    _require_one_way(source, reference, text, context, table, columns)
    given: dict[str, object] = {
        "--to": to, "--against": against, "--beam-size": beam_size, "--length-penalty": length_penalty,
        "--batch-tokens": batch_tokens, "--shortlist": shortlist, "--tokenize": None if tokenize == "13a" else tokenize,
        "--precision": None if precision == "fp32" else precision,
    }  # fmt: skip
    if text is not None:
        evaluate_text(model, text, context, device, as_json, given)
        return
    check_search(beam_size=beam_size, length_penalty=length_penalty)
    examples = EvaluationSet(source, reference, table, columns_of(columns), against)
    find_bundle(model)
    examples.check()
    bundle = load(model, device=device, precision=precision, shortlist=shortlist)
    require_use(bundle.task, given)
    if table is not None and bundle.task == "classification":
        evaluate_classes(bundle, table, examples.columns, as_json)
    else:
        how = {"beam_size": beam_size, "length_penalty": length_penalty, "batch_tokens": batch_tokens}
        evaluate_written(bundle, examples, to, tokenize, how, quiet, as_json)


def _require_one_way(
    source: Path | None,
    reference: Path | None,
    text: Path | None,
    context: int | None,
    table: Path | None,
    columns: str | None,
) -> None:
    """Raise UsageError where two ways to evaluate are asked for, or none."""
    ways = {"--text": text, "--table": table, "SOURCE": source}
    if len(chosen := [f"{name} {value}" for name, value in ways.items() if value is not None]) > 1:
        raise UsageError(f"{chosen[0]} and {chosen[1]} are two ways to evaluate; give one of them")
    if columns is not None and table is None:
        raise UsageError(f"--columns {columns} is for a table; add --table FILE")
    if context is not None and text is None:
        raise UsageError(f"--context {context} is for a text; add --text FILE, or leave --context out")
    is_of_pairs = table is not None or (source is not None and reference is not None)
    if text is None and not is_of_pairs:
        raise UsageError(
            "evaluate needs SOURCE and REFERENCE, files of lines and of what is right for each; or --table FILE, which "
            "has both; or, for a language model, --text FILE"
        )
