"""How `clearhead evaluate` prints how good translations, summaries and answers are: as a table, or as JSON."""

import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clearhead.cli.evaluate_text import text_figures

if TYPE_CHECKING:
    from clearhead.evaluation import Quality, TextScores


def print_quality(
    right: Sequence[str],
    found: Sequence[str],
    against: tuple[str, Sequence[str]] | None,
    tokenize: str,
    predicted: "TextScores | None",
    as_json: bool,
) -> None:
    """Print how good what was written is, beside another system's, which has a name and lines."""
    # Not before: what is wrong with the files was said without waiting for what this imports.
    from clearhead.evaluation import differences, measure

    own = measure(found, right, tokenize, with_ter=True)
    other = measure(against[1], right, tokenize, with_ter=True) if against else None
    chance = differences(found, against[1], right, tokenize, ["bleu"])["bleu"].bootstrap if against else None
    if as_json:
        _print_json(len(right), own, other, chance, predicted)
        return
    rows = [("model", own)] + ([(against[0], other)] if against and other else [])
    _print_table(len(right), rows, chance)
    if predicted is not None:
        print(f"the answers as they are: {predicted}")


def _print_json(
    count: int, own: "Quality", other: "Quality | None", chance: float | None, predicted: "TextScores | None"
) -> None:
    document: dict[str, object] = {"lines": count, "model": dataclasses.asdict(own)}
    if other is not None:
        document |= {"against": dataclasses.asdict(other), "p_value": chance}
    if predicted is not None:
        document |= {"answers": text_figures(predicted)}
    print(json.dumps(document, ensure_ascii=False, indent=2))


def _print_table(count: int, results: "Sequence[tuple[str, Quality]]", chance: float | None) -> None:
    width = max(len(name) for name, _ in results)
    print(f"{'':{width}}    BLEU    chrF     TER    exact   of {count:,} lines")
    for name, quality in results:
        print(f"{name:{width}}  {quality.bleu:6.2f}  {quality.chrf:6.2f}  {quality.ter:6.2f}  {quality.exact:5.1f} %")
    if chance is not None:
        print(f"a difference of BLEU as large as this comes by chance with p = {chance:.3f} (paired bootstrap)")
    own = results[0][1]
    print(own.bleu_signature, own.chrf_signature, own.ter_signature, sep="\n")
