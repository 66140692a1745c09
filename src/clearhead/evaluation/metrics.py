"""Translations beside what they should be: BLEU and chrF, as sacreBLEU computes them, and exact matches."""

import dataclasses
from collections.abc import Mapping, Sequence

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from clearhead.text import normal_form


@dataclasses.dataclass(frozen=True)
class Quality:
    """BLEU, chrF and exactly right lines, all from 0 to 100, with sacreBLEU's signatures of what was computed."""

    bleu: float
    chrf: float
    exact: float
    bleu_signature: str
    chrf_signature: str

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


def measure(hypotheses: Sequence[str], references: Sequence[str], tokenize: str = "13a") -> Quality:
    """BLEU and chrF by sacreBLEU with its defaults (cased), one reference each, and the share of exact matches.

    `tokenize` names how sacreBLEU splits lines into words: `none` is for text that is tokenised already.

    Both sides are compared in Unicode's normal form C, which is what models write: a file with decomposed accents or
    syllables, as some systems write them, says the same.
    """
    hypotheses, references = composed(hypotheses), composed(references)
    # Without `force`, sacreBLEU warns of text that looks tokenised, which is what `none` is for.
    bleu, chrf = BLEU(tokenize=tokenize, force=tokenize == "none"), CHRF()
    bleu_score = bleu.corpus_score(hypotheses, [references]).score
    chrf_score = chrf.corpus_score(hypotheses, [references]).score
    right = sum(hypothesis == reference for hypothesis, reference in zip(hypotheses, references, strict=True))
    signatures = str(bleu.get_signature()), str(chrf.get_signature())
    return Quality(bleu_score, chrf_score, 100 * right / len(references), *signatures)


def composed(lines: Sequence[str]) -> list[str]:
    """The lines in Unicode's normal form C."""
    return [normal_form(line) for line in lines]
