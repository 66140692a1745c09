"""Language modelling: a decoder-only model predicts each token of a text from the tokens before it."""

from collections.abc import Iterator
from typing import Final

from torch import Tensor

from clearhead.data import PreparedText, TextBatch
from clearhead.evaluation import TextScores
from clearhead.model import DecoderOnly, DecoderOnlyConfig
from clearhead.recipe import ResolvedTraining
from clearhead.tasks.examples import Judged
from clearhead.tasks.language_modelling.batching import batches_to_judge, epoch_batches, full_batch, padding_of
from clearhead.tasks.language_modelling.describing import description, first_use
from clearhead.tasks.language_modelling.examples import TextExamples, TextSet
from clearhead.tasks.language_modelling.samples import continued
from clearhead.tasks.language_modelling.scoring import scores_of
from clearhead.tasks.objective import Objective
from clearhead.tasks.task import AnyTask
from clearhead.text import Tokenizer


def output_weight(model: DecoderOnly) -> Tensor:
    """The matrix of the last linear layer, (vocabulary, width)."""
    return model.output.matrix.weight


def _hidden_states(model: DecoderOnly, batch: TextBatch) -> Tensor:
    return model.hidden_states(batch.ids, segments=batch.segments)


def _batches_to_judge(
    training: ResolvedTraining, corpus: PreparedText, tokenizer: Tokenizer, max_length: int
) -> Iterator[TextBatch]:
    return batches_to_judge(corpus, max_length, 0, training.batch_tokens, padding_of(tokenizer))


def _scores(task: AnyTask, judged: Judged[TextSet]) -> TextScores:
    """What the loss is by the text; nothing is written, as a text has no right continuation."""
    [one] = judged.sets
    nats = judged.loss * one.corpus.tokens
    return scores_of(nats, one.corpus, judged.tokenizers[0], judged.config.max_length, 0)


NEXT_TOKEN: Final = Objective[DecoderOnlyConfig, DecoderOnly, TextBatch](
    examples=TextExamples,
    hidden_states=_hidden_states,
    output_weight=output_weight,
    full_batch=full_batch,
    batches=epoch_batches,
    batches_to_judge=_batches_to_judge,
    scores=_scores,
    samples=continued,
    describe=description,
    first_use=first_use,
)
