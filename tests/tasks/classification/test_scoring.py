"""Which class each text is given: as many as one at a time."""

from collections.abc import Callable

import torch

from clearhead.evaluation import ClassScores
from clearhead.recipe import Recipe
from clearhead.training.run_inputs import prepare_run
from clearhead.training.validation import validate


def test_a_validation_counts_classes(table_recipe: Callable[..., Recipe]) -> None:
    """One text at a time, by the model's own method."""
    inputs = prepare_run(table_recipe({"batch_tokens": 16}, data={"validate": {"table": "train.tsv"}}))
    model = inputs.untrained_model().eval()
    corpus = inputs.validation[0].corpus
    counts = [[0, 0], [0, 0]]
    with torch.inference_mode():
        for number, right in enumerate(corpus.classes.tolist()):
            states = model.hidden_states(torch.tensor([corpus.texts[number].tolist()]))
            counts[right][int(model.class_logits(states).argmax())] += 1
    expected = ClassScores(("even", "odd"), tuple(map(tuple, counts)))
    assert validate(model, inputs).scores == expected
