"""Which class a model gives each of some texts whose classes are known."""

import torch

from clearhead.evaluation import ClassScores, count_classes
from clearhead.tasks.classification.examples import LabelledSet
from clearhead.tasks.classification.learning import pooled_vectors, weight_and_bias
from clearhead.tasks.examples import Judged


@torch.inference_mode()
def class_scores(judged: Judged[LabelledSet]) -> ClassScores:
    """Those of a run's validation."""
    labels = judged.recipe.data.labels
    assert labels is not None, "a run that is judged has them"
    right: list[int] = []
    given: list[int] = []
    for batch in (batch for one in judged.sets for batch in judged.batches(one.corpus)):
        logits = pooled_vectors(judged.model, batch) @ weight_and_bias(judged.model).T
        given += logits.argmax(dim=-1).flatten().tolist()
        right += batch.target_output.flatten().tolist()
    return count_classes(labels, right, given)
