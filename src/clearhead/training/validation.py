"""How good is it now? Loss and perplexity over the whole validation set, BLEU and chrF of real translations."""

import dataclasses
import math
import unicodedata
from collections.abc import Sequence

import torch
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.significance import PairedTest, Result

from clearhead.bundle import Bundle
from clearhead.data import PreparedCorpus, collate, plan
from clearhead.model import EncoderDecoder
from clearhead.training.loss import cross_entropy
from clearhead.training.preparation import Materials


@dataclasses.dataclass(frozen=True)
class Quality:
    """BLEU, chrF and exactly right lines, all from 0 to 100, with sacreBLEU's signatures of what was computed."""

    bleu: float
    chrf: float
    exact: float
    bleu_signature: str
    chrf_signature: str


@dataclasses.dataclass(frozen=True)
class Validation:
    """loss: nats a target token, not smoothed; perplexity: its exponential; quality: None if nothing was decoded."""

    loss: float
    perplexity: float
    quality: Quality | None

    def figure(self, name: str) -> float:
        """The figure to select by, turned so that lower is better."""
        if name == "loss" or self.quality is None:
            return self.loss
        return -float(getattr(self.quality, name))


def validate(model: EncoderDecoder, materials: Materials) -> Validation:
    """Judge a model by all of the recipe's validation sets together."""
    loss = validation_loss(model, [one.corpus for one in materials.validation], materials)
    return Validation(loss, math.exp(min(loss, 700.0)), translation_quality(model, materials))


@torch.inference_mode()
def validation_loss(model: EncoderDecoder, corpora: Sequence[PreparedCorpus], materials: Materials) -> float:
    """The cross-entropy in nats a target token, the end symbol counted. The model is to be in `eval` mode."""
    device = next(model.parameters()).device
    tokenizer = materials.target_tokenizer
    total, tokens = 0.0, 0
    for corpus in corpora:
        budget = max(materials.recipe.training.budget, corpus.longest)
        for indices in plan(corpus.source.lengths, corpus.target.lengths, batch_tokens=budget, seed=0, epoch=0):
            batch = collate(corpus, indices, tokenizer.begin, tokenizer.padding).to(device)
            total += float(cross_entropy(model(batch.source, batch.target_input), batch.target_output))
            tokens += batch.target_tokens
    return total / tokens


def translation_quality(model: EncoderDecoder, materials: Materials) -> Quality | None:
    """The quality of greedy translations of the sets' first lines; None where the recipe asks for none."""
    bundle = Bundle(model, materials.source_tokenizer, materials.target_tokenizer, materials.recipe)
    hypotheses: list[str] = []
    references: list[str] = []
    for one in materials.validation:
        hypotheses += bundle.translate(one.sources, one.to_language, beam_size=1)
        references += one.references
    return measure(hypotheses, references) if references else None


def measure(hypotheses: Sequence[str], references: Sequence[str], words: str = "13a") -> Quality:
    """BLEU and chrF by sacreBLEU with its defaults (cased), one reference each, and the share of exact matches.

    `words` names how sacreBLEU splits lines into words: `none` is for text that is tokenised already.

    Both sides are compared in Unicode's normal form C, which is what models write: a file with decomposed accents or
    syllables, as some systems write them, says the same.
    """
    hypotheses, references = _composed(hypotheses), _composed(references)
    # Without `force`, sacreBLEU warns of text that looks tokenised, which is what `none` is for.
    bleu, chrf = BLEU(tokenize=words, force=words == "none"), CHRF()
    bleu_score = bleu.corpus_score(hypotheses, [references]).score
    chrf_score = chrf.corpus_score(hypotheses, [references]).score
    right = sum(hypothesis == reference for hypothesis, reference in zip(hypotheses, references, strict=True))
    signatures = str(bleu.get_signature()), str(chrf.get_signature())
    return Quality(bleu_score, chrf_score, 100 * right / len(references), *signatures)


def compare(hypotheses: Sequence[str], others: Sequence[str], references: Sequence[str], words: str = "13a") -> float:
    """How probable a difference of BLEU like that between two systems is by chance (paired bootstrap, Koehn 2004)."""
    if measure(hypotheses, references, words).bleu == measure(others, references, words).bleu:
        return 1.0  # No difference is never surprising; sacreBLEU would call it a rare one.
    systems: list[tuple[str, Sequence[str]]] = [("one", _composed(hypotheses)), ("other", _composed(others))]
    test = PairedTest(systems, {"BLEU": BLEU(tokenize=words, references=[_composed(references)])}, None, test_type="bs")
    _, results = test()
    result = results["BLEU"][1]
    if not isinstance(result, Result) or result.p_value is None:
        raise TypeError(f"sacreBLEU gave {result!r} where a p-value was expected")
    return result.p_value


def _composed(lines: Sequence[str]) -> list[str]:
    return [unicodedata.normalize("NFC", line) for line in lines]
