"""How good is it now? Loss and perplexity over the whole validation set, BLEU and chrF of real translations."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.significance import PairedTest, Result
from torch import Tensor

from clearhead.bundle import Bundle
from clearhead.data import Batch, PreparedCorpus, collate, plan
from clearhead.model import EncoderDecoder
from clearhead.switches import is_on
from clearhead.text import normal_form
from clearhead.training.loss import chunked_cross_entropy, cross_entropy
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

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Validation":
        """From what the history has of one."""
        quality = values["quality"]
        return cls(values["loss"], values["perplexity"], None if quality is None else Quality(**quality))

    def figure(self, name: str) -> float:
        """The figure to select by, turned so that lower is better."""
        if name == "loss" or self.quality is None:
            return self.loss
        return -float(getattr(self.quality, name))


class Interrupted(Exception):
    """A validation was asked to stop before its end. Nobody sees it but the loop."""


def _never() -> bool:
    return False


# So many sentences are translated before somebody may say that it is enough.
TRANSLATED_AT_ONCE = {"cpu": 64, "cuda": 1024}


def validate(model: EncoderDecoder, materials: Materials, asked_to_stop: Callable[[], bool] = _never) -> Validation:
    """Judge a model by all of the recipe's validation sets together.

    A model whose loss is not a number translates nothing. Raises Interrupted as soon as `asked_to_stop`, which is
    called between batches, is true.
    """
    loss = validation_loss(model, [one.corpus for one in materials.validation], materials, asked_to_stop)
    quality = translation_quality(model, materials, asked_to_stop) if math.isfinite(loss) else None
    return Validation(loss, math.exp(min(loss, 700.0)), quality)


def shown_perplexity(perplexity: float, decimals: int = 2) -> str:
    """With six digits at most: what is beyond says no more than that."""
    if not perplexity >= 999.5:
        return f"{perplexity:.{decimals}f}"
    return "> 999,999" if perplexity >= 999_999.5 else f"{perplexity:,.0f}"


@torch.inference_mode()
def validation_loss(
    model: EncoderDecoder,
    corpora: Sequence[PreparedCorpus],
    materials: Materials,
    asked_to_stop: Callable[[], bool] = _never,
) -> float:
    """The cross-entropy in nats a target token, the end symbol counted. The model is to be in `eval` mode."""
    device = next(model.parameters()).device
    tokenizer = materials.target_tokenizer
    total, tokens = 0.0, 0
    for corpus in corpora:
        budget = max(materials.recipe.training.budget, corpus.longest)
        for indices in plan(corpus.source.lengths, corpus.target.lengths, batch_tokens=budget, seed=0, epoch=0):
            if asked_to_stop():
                raise Interrupted
            batch = collate(corpus, indices, tokenizer.begin, tokenizer.padding).to(device)
            total += float(_batch_loss(model, batch))
            tokens += batch.target_tokens
    return total / tokens


def _batch_loss(model: EncoderDecoder, batch: Batch) -> Tensor:
    """In the memory that a step of training has for its loss: `training.batch_tokens: auto` was found with that."""
    if not is_on("chunked-loss"):
        return cross_entropy(model(batch.source, batch.target_input), batch.target_output)
    states = model.states(batch.source, batch.target_input)
    return chunked_cross_entropy(states, model.output.matrix.weight, batch.target_output)


def translation_quality(
    model: EncoderDecoder, materials: Materials, asked_to_stop: Callable[[], bool] = _never
) -> Quality | None:
    """The quality of greedy translations of the sets' first lines; None where the recipe asks for none."""
    bundle = Bundle(model, materials.source_tokenizer, materials.target_tokenizer, materials.recipe)
    size = TRANSLATED_AT_ONCE[next(model.parameters()).device.type]
    hypotheses: list[str] = []
    references: list[str] = []
    for one in materials.validation:
        for start in range(0, len(one.sources), size):
            if asked_to_stop():
                raise Interrupted
            hypotheses += bundle.translate(one.sources[start : start + size], one.to_language, beam_size=1)
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
    return [normal_form(line) for line in lines]
