"""Masked next-token prediction: a decoder-only model that is GPT in some batches and BERT in the others.

A masked piece is predicted at the place before it, as a next token is, so that both have the same stack and head.
Source: Charpentier and Samuel 2024, "GPT or BERT: why not both?" (arXiv 2410.24159).
"""

from typing import Final

from clearhead.data import TwoWayBatch
from clearhead.evaluation import TwoWayScores
from clearhead.model import DecoderOnly, DecoderOnlyConfig
from clearhead.tasks.examples import Judged
from clearhead.tasks.language_modelling.describing import description, first_use
from clearhead.tasks.language_modelling.examples import TextExamples, TextSet
from clearhead.tasks.language_modelling.objective import output_weight
from clearhead.tasks.language_modelling.samples import continued
from clearhead.tasks.language_modelling.scoring import scores_of
from clearhead.tasks.masked_next_token.batching import batches_to_judge, epoch_batches, full_batch
from clearhead.tasks.masked_next_token.learning import hidden_states
from clearhead.tasks.objective import Objective
from clearhead.tasks.tallies import Tally, tally_of
from clearhead.tasks.task import AnyTask


def _scores(task: AnyTask, judged: Judged[TextSet]) -> TwoWayScores:
    """What the loss of next tokens is by the text, and how many masked pieces are found."""
    [one] = judged.sets
    found = {False: Tally(), True: Tally()}
    for batch in judged.batches(one.corpus):
        found[batch.is_masked] += tally_of(task, judged.model, [batch])
    text = scores_of(found[False].loss, one.corpus, judged.tokenizers[0], judged.config.max_length, 0)
    return TwoWayScores(text, found[True].of_masked())


def _refusal(config: DecoderOnlyConfig) -> str | None:
    if config.positions != "relative":
        return None
    return (
        "model.positions=relative tells a decoder-only model nothing of what comes after, which masked batches see; "
        "choose rotary, learned, sinusoidal or alibi"
    )


MASKED_NEXT_TOKEN: Final = Objective[DecoderOnlyConfig, DecoderOnly, TwoWayBatch](
    examples=TextExamples,
    hidden_states=hidden_states,
    output_weight=output_weight,
    full_batch=full_batch,
    batches=epoch_batches,
    batches_to_judge=batches_to_judge,
    scores=_scores,
    samples=continued,
    describe=description,
    first_use=first_use,
    reads_end=True,
    refusal=_refusal,
)
