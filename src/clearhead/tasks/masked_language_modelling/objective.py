"""Masked language modelling: an encoder-only model predicts the masked pieces of a text from all the others."""

from typing import Final

from clearhead.data import MaskedBatch
from clearhead.evaluation import MaskedScores
from clearhead.model import EncoderOnly, EncoderOnlyConfig
from clearhead.tasks.examples import Judged
from clearhead.tasks.language_modelling.examples import TextExamples, TextSet
from clearhead.tasks.masked_language_modelling.batching import batches_to_judge, epoch_batches, full_batch
from clearhead.tasks.masked_language_modelling.describing import description, first_use
from clearhead.tasks.masked_language_modelling.learning import predicting_vectors, weight_and_bias
from clearhead.tasks.objective import Objective
from clearhead.tasks.tallies import tally_of
from clearhead.tasks.task import AnyTask


def _scores(task: AnyTask, judged: Judged[TextSet]) -> MaskedScores:
    """How many masked pieces are found; no text could be compressed by that, as a piece has seen all others."""
    [one] = judged.sets
    return tally_of(task, judged.model, judged.batches(one.corpus)).of_masked()


def _refusal(config: EncoderOnlyConfig) -> str | None:
    if config.masked_head != "none":
        return None
    return "model.masked_head=none leaves nothing to predict masked pieces with; choose transform or plain"


MASKED_PIECES: Final = Objective[EncoderOnlyConfig, EncoderOnly, MaskedBatch](
    examples=TextExamples,
    hidden_states=predicting_vectors,
    output_weight=weight_and_bias,
    full_batch=full_batch,
    batches=epoch_batches,
    batches_to_judge=batches_to_judge,
    scores=_scores,
    describe=description,
    first_use=first_use,
    reads_end=True,
    refusal=_refusal,
)
