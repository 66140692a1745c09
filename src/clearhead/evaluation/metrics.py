"""Translations beside what they should be: BLEU, chrF and TER, as sacreBLEU computes them, and exact matches."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from clearhead.text import normal_form


@dataclasses.dataclass(frozen=True)
class Quality:
    """BLEU, chrF and exactly right lines, all from 0 to 100, with sacreBLEU's signatures of what was computed.

    ter: edits for each hundred words of the references, so that less is better, and above 100 is possible; None where
    it was not asked for.
    """

    bleu: float
    chrf: float
    exact: float
    bleu_signature: str
    chrf_signature: str
    ter: float | None = None
    ter_signature: str | None = None

    @property
    def figures(self) -> Mapping[str, float]:
        return {"bleu": self.bleu, "chrf": self.chrf}

    @property
    def brief(self) -> str:
        return f"BLEU {self.bleu:.1f}  chrF {self.chrf:.1f}"

    @property
    def doubt(self) -> None:
        """No figure alone tells of a mistake."""

    @property
    def lines(self) -> Sequence[str]:
        """As a run measures it."""
        return [
            f"BLEU {self.bleu:.2f} ({self.bleu_signature})",
            f"chrF {self.chrf:.2f} ({self.chrf_signature})",
            "both of greedy translations, made while training, of the set's first lines",
        ]


def metrics(tokenize: str = "13a") -> dict[str, Any]:
    """sacreBLEU's BLEU, chrF and TER with its defaults: BLEU and chrF are cased, TER is not.

    tokenize: how sacreBLEU splits lines into words for BLEU; `none` is for text that is tokenised already.
    """
    # Without `force`, sacreBLEU warns of text that looks tokenised, which is what `none` is for.
    return {"bleu": BLEU(tokenize=tokenize, force=tokenize == "none"), "chrf": CHRF(), "ter": TER()}


def measure(
    hypotheses: Sequence[str], references: Sequence[str], tokenize: str = "13a", with_ter: bool = False
) -> Quality:
    """BLEU and chrF by sacreBLEU with its defaults, one reference each, and the share of exact matches.

    tokenize: as `metrics` takes it. with_ter: TER too (Snover et al. 2006), which takes seconds for some hundred lines,
    and more of them the more is wrong.

    Both sides are compared in Unicode's normal form C, which is what models write: a file with decomposed accents or
    syllables, as some systems write them, says the same.
    """
    hypotheses, references = composed(hypotheses), composed(references)
    right = sum(hypothesis == reference for hypothesis, reference in zip(hypotheses, references, strict=True))
    found: dict[str, Any] = {"exact": 100 * right / len(references)}
    for name, metric in metrics(tokenize).items():
        if name != "ter" or with_ter:
            found[name] = metric.corpus_score(hypotheses, [references]).score
            # Only now does sacreBLEU know how many references there are.
            found[f"{name}_signature"] = str(metric.get_signature())
    return Quality(**found)


def composed(lines: Sequence[str]) -> list[str]:
    """The lines in Unicode's normal form C."""
    return [normal_form(line) for line in lines]
