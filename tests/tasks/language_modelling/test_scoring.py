"""Every token is scored once, from the context that is told."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from clearhead.errors import UsageError
from clearhead.evaluation import TextScores
from clearhead.recipe import Recipe
from clearhead.tasks.language_modelling.scoring import score_text
from clearhead.training.run_inputs import prepare_run
from clearhead.training.validation import validate


@torch.no_grad()
@pytest.mark.parametrize("documents", ["file", "line"])
@pytest.mark.parametrize("context", [0, 5, None])
def test_it_is_the_loss_of_each_token_by_itself(
    language_recipe: Callable[..., Recipe], documents: str, context: int | None
) -> None:
    """Token by token, from its own window, with torch's cross-entropy."""
    inputs = prepare_run(language_recipe(documents))
    model, tokenizer, corpus = inputs.untrained_model().eval(), inputs.source_tokenizer, inputs.validation[0].corpus
    found = score_text(model, corpus, tokenizer, context)
    stride = 16 - (8 if context is None else context)
    nats = 0.0
    for number in range(len(corpus)):
        ids = torch.tensor(corpus.documents[number].tolist())
        for place in range(1, len(ids)):
            window = max(0, math.ceil((place - 16) / stride)) * stride
            logits = model(ids[None, window:place])[0, -1]
            nats += float(F.cross_entropy(logits, ids[place]))
    assert found.nats == pytest.approx(nats, rel=1e-5)
    assert found.tokens == corpus.tokens
    text = [tokenizer.decode(corpus.documents[number]) for number in range(len(corpus))]
    assert found.characters == found.utf8_bytes == sum(len(one) + 1 for one in text)
    assert (found.least_context, found.most_context) == (17 - stride, 16)


def test_a_context_that_leaves_nothing_to_score(language_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(language_recipe())
    with pytest.raises(UsageError, match="context=16 leaves no room, as the model reads 16; give 15 or fewer"):
        score_text(inputs.untrained_model(), inputs.validation[0].corpus, inputs.source_tokenizer, 16)


def test_a_validation_tells_the_same(language_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(language_recipe())
    model = inputs.untrained_model().eval()
    found, alone = validate(model, inputs), score_text(model, inputs.validation[0].corpus, inputs.source_tokenizer, 0)
    assert isinstance(found.scores, TextScores)
    assert found.scores.nats == pytest.approx(alone.nats, rel=1e-5)
    assert found.scores.loss == pytest.approx(found.loss)
    assert (found.scores.characters, found.scores.least_context) == (alone.characters, 1)
