"""How many tokens a model predicts right, by torch and by counting."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from clearhead.errors import DataError
from clearhead.evaluation import MaskedScores
from clearhead.recipe import Recipe
from clearhead.tasks import tallies
from clearhead.tasks.tallies import Tally, tally_of
from clearhead.training.run_inputs import prepare_run


@torch.no_grad()
def test_of_a_language_model(language_recipe: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = prepare_run(language_recipe("line"))
    model, [judged] = inputs.untrained_model().eval(), inputs.validation
    loss, right, count = 0.0, 0, 0
    for number in range(len(judged.corpus)):
        ids = torch.tensor(judged.corpus.documents[number].tolist())
        logits = model(ids[None, :-1])[0]
        loss += float(F.cross_entropy(logits, ids[1:], reduction="sum"))
        right += int((logits.argmax(-1) == ids[1:]).sum())
        count += len(ids) - 1
    monkeypatch.setattr(tallies, "_CHUNK", 7)
    found = tally_of(inputs.task, model, inputs.task.batches_to_judge(inputs.recipe, judged.corpus, inputs.tokenizers))
    assert (found.right, found.tokens) == (right, count)
    assert found.loss == pytest.approx(loss, rel=1e-5)


def test_together_and_as_scores() -> None:
    assert (Tally(2.0, 1, 4) + Tally(1.0, 2, 2)).of_masked() == MaskedScores(0.5, 0.5, 6)


def test_of_nothing() -> None:
    with pytest.raises(DataError, match="nothing of the validation text is masked and predicted; give more text"):
        Tally().of_masked()
