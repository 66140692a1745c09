"""Which class a model gives each of some texts whose classes are known."""

from collections.abc import Iterable, Sequence

import torch

from clearhead.data import LabelledBatch, LabelledTexts
from clearhead.evaluation import ClassScores, count_classes
from clearhead.model import EncoderOnly
from clearhead.tasks.classification.batching import batches_to_judge
from clearhead.tasks.classification.examples import LabelledSet
from clearhead.tasks.classification.learning import pooled_vectors, weight_and_bias
from clearhead.tasks.examples import Judged

BATCH_TOKENS = 2048


def class_scores(judged: Judged[LabelledSet]) -> ClassScores:
    """Those of a run's validation."""
    labels = judged.recipe.data.labels
    assert labels is not None, "a run that is judged has them"
    batches = (batch for one in judged.sets for batch in judged.batches(one.corpus))
    return _scores(judged.model, batches, labels)


def score_labelled(model: EncoderOnly, corpus: LabelledTexts, labels: Sequence[str], padding: int) -> ClassScores:
    """Those of a corpus. The model is to be in `eval` mode."""
    device = next(model.parameters()).device
    batches = (batch.to(device) for batch in batches_to_judge(corpus, BATCH_TOKENS, padding))
    return _scores(model, batches, labels)


@torch.inference_mode()
def _scores(model: EncoderOnly, batches: Iterable[LabelledBatch], labels: Sequence[str]) -> ClassScores:
    right: list[int] = []
    given: list[int] = []
    for batch in batches:
        logits = pooled_vectors(model, batch) @ weight_and_bias(model).T
        given += logits.argmax(dim=-1).flatten().tolist()
        right += batch.target_output.flatten().tolist()
    return count_classes(labels, right, given)
