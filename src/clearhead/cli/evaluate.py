"""`clearhead evaluate`: translate a test set and measure the result, or measure how well a text is predicted."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from clearhead.bundle import find_bundle, load
from clearhead.cli import lines
from clearhead.cli.evaluating import require_task
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
    check_search,
)
from clearhead.errors import DataError, UsageError

if TYPE_CHECKING:
    from clearhead.data import Documents
    from clearhead.evaluation import Quality

Source = Annotated[
    Path | None, typer.Argument(metavar="SOURCE", help="Lines to translate (.gz too).", show_default=False)
]
Reference = Annotated[
    Path | None, typer.Argument(metavar="REFERENCE", help="A right translation for each line.", show_default=False)
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
        help="For a classifier, in place of SOURCE and REFERENCE: a table of texts and right labels (.tsv, .csv).",
        show_default=False,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="TEXT,LABEL",
        help="With --table: which columns, by number or by the names in its first line; 1,2 if not given.",
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
        help="Another system's translations: measured too, with the probability that the difference is chance.",
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
    """Translate a test set and measure how good that is.

    SOURCE is translated and compared with REFERENCE: BLEU and chrF by sacreBLEU, and how many lines are exactly right.
    Of a language model, --text FILE gives the perplexity of a token and of a character, and bits a byte.
    Of a classifier, --table FILE gives how many texts are right, the F1 of each class and their mean, and which classes
    are mistaken for which.

    Example: clearhead evaluate runs/multi30k test_2016_flickr.en.gz test_2016_flickr.de.gz
    """
    from clearhead.data import read_pairs

    if table is not None:
        from clearhead.cli.evaluate_classes import evaluate_classes

        evaluate_classes(model, table, columns, device, as_json, given=source or reference or against or text)
        return
    if columns is not None:
        raise UsageError(f"--columns {columns} is for a table; add --table FILE")
    if text is not None:
        _evaluate_text(model, text, context, device, as_json, given=source or reference or against)
        return
    if source is None or reference is None or context is not None:
        raise UsageError(
            "evaluate needs SOURCE and REFERENCE, files of lines to translate and of right translations; or --text "
            "FILE for a language model, --table FILE for a classifier"
        )
    check_search(beam_size=beam_size, length_penalty=length_penalty)
    find_bundle(model)
    sources, references = zip(*read_pairs(source, reference), strict=True)
    others = _read_hypotheses(against, len(references)) if against else None
    bundle = load(model, device=device, precision=precision, shortlist=shortlist)
    require_task(bundle, "translation")
    bundle.tag(to)
    if not quiet:
        lines.note_files(bundle, {source: sources, reference: references})
    translations = bundle.translate(
        sources, to, beam_size=beam_size, length_penalty=length_penalty, batch_tokens=batch_tokens
    )
    if not quiet and not lines.note_swapped(bundle, sources, references, "REFERENCE", translations):
        lines.note_unreadable(bundle, sources)
    # Not before: what is wrong with the files was said without waiting for what this imports.
    from clearhead.evaluation import compare, measure

    own = measure(translations, references, tokenize)
    other = measure(others, references, tokenize) if others else None
    chance = compare(translations, others, references, tokenize) if others else None
    if as_json:
        _print_json(len(references), own, other, chance)
    else:
        rows = [("model", own)] + ([(str(against), other)] if other else [])
        _print_table(len(references), rows, chance)


def _evaluate_text(
    model: Path, text: Path, context: int | None, device: str, as_json: bool, given: Path | None
) -> None:
    """Print how well a language model predicts a text."""
    from clearhead.data import TextFile, check_file, prepare_text

    if given is not None:
        raise UsageError(
            f"--text {text} is for a language model, and {given} for one that translates; give one of them"
        )
    check_file(text)
    find_bundle(model)
    bundle = load(model, device=device)
    require_task(bundle, "language-modelling")
    documents = cast("Documents", bundle.settings.documents or "file")
    # They import torch, which takes seconds.
    from clearhead.tasks.language_modelling.scoring import score_text

    corpus = prepare_text([TextFile(text, documents)], bundle.source_tokenizer)
    scores = score_text(bundle.model, corpus, bundle.source_tokenizer, context)
    if as_json:
        figures = ("loss", "token_perplexity", "character_perplexity", "bits_per_byte")
        document = dataclasses.asdict(scores) | {name: getattr(scores, name) for name in figures}
        print(json.dumps(document, indent=2))
        return
    print(f"{scores.loss:.4f} nats a token; {scores}")
    print(f"{scores.tokens:,} tokens, {scores.characters:,} characters, {scores.utf8_bytes:,} bytes; {scores.context}")


def _read_hypotheses(path: Path, expected: int) -> list[str]:
    from clearhead.data import read_lines

    hypotheses = list(read_lines(path))
    if len(hypotheses) != expected:
        raise DataError(
            f"--against {path} has {len(hypotheses):,} lines, expected {expected:,}: one for each source line"
        )
    return hypotheses


def _print_json(count: int, own: "Quality", other: "Quality | None", chance: float | None) -> None:
    document: dict[str, object] = {"lines": count, "model": dataclasses.asdict(own)}
    if other is not None:
        document |= {"against": dataclasses.asdict(other), "p_value": chance}
    print(json.dumps(document, ensure_ascii=False, indent=2))


def _print_table(count: int, results: "Sequence[tuple[str, Quality]]", chance: float | None) -> None:
    width = max(len(name) for name, _ in results)
    print(f"{'':{width}}    BLEU    chrF    exact   of {count:,} lines")
    for name, quality in results:
        print(f"{name:{width}}  {quality.bleu:6.2f}  {quality.chrf:6.2f}  {quality.exact:5.1f} %")
    if chance is not None:
        print(f"a difference of BLEU as large as this comes by chance with p = {chance:.3f} (paired bootstrap)")
    print(results[0][1].bleu_signature)
    print(results[0][1].chrf_signature)
