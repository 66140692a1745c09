"""What `clearhead compare` prints: metrics, lengths, and the sentences that changed most."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clearhead.text import visible

if TYPE_CHECKING:
    from clearhead.evaluation import Change, Comparison

LABELS = {"bleu": "BLEU", "chrf": "chrF", "ter": "TER"}


def compared_lines(comparison: "Comparison", show: int) -> list[str]:
    """All of it; show: how many sentences at most that are better, and as many that are worse."""
    return [
        *(f"{letter}  {visible(name)}" for letter, name in zip("AB", comparison.names, strict=True)),
        f"{comparison.lines:,} lines, of which {len(comparison.changes):,} differ",
        "",
        *_metrics(comparison),
        "",
        *_lengths(comparison),
        *_sentences("better in B", comparison.gains[:show]),
        *_sentences("worse in B", comparison.losses[:show]),
    ]


def _metrics(comparison: "Comparison") -> list[str]:
    rows = [
        f"{LABELS[name]:8}{one.first:8.2f}{one.second:8.2f}{one.gain:+8.2f}"
        f"{one.bootstrap:14.4f}{one.randomisation:18.4f}"
        for name, one in comparison.differences.items()
    ]
    first, second = comparison.exact
    return [
        f"{'':8}{'A':>8}{'B':>8}{'B − A':>8}{'p, bootstrap':>14}{'p, randomisation':>18}",
        *rows,
        f"{'exact %':8}{first:8.2f}{second:8.2f}{second - first:+8.2f}",
        "p: how probable so large a difference is by chance. Of TER less is better.",
        *(one.signature for one in comparison.differences.values()),
    ]


def _lengths(comparison: "Comparison") -> list[str]:
    return [
        f"{'words':8}{'lines':>8}{'BLEU A':>9}{'BLEU B':>9}{'B − A':>8}{'chrF A':>10}{'chrF B':>9}{'B − A':>8}",
        *(
            f"{one.name:8}{one.lines:8,}{one.bleu[0]:9.2f}{one.bleu[1]:9.2f}{one.bleu[1] - one.bleu[0]:+8.2f}"
            f"{one.chrf[0]:10.2f}{one.chrf[1]:9.2f}{one.chrf[1] - one.chrf[0]:+8.2f}"
            for one in comparison.lengths
        ),
    ]


def _sentences(heading: str, changes: "Sequence[Change]") -> list[str]:
    lines = []
    for one in changes:
        told = {"source": one.source, "reference": one.reference, "A": one.first, "B": one.second}
        lines += ["", f"{heading}: line {one.number:,}, chrF {one.first_chrf:.1f} → {one.second_chrf:.1f}"]
        lines += [f"  {name:9}  {visible(text)}" for name, text in told.items() if name != "source" or text]
    return lines
