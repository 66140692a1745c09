"""The mean of several models' probabilities, of whole targets."""

import numpy as np
import pytest
import torch

from clearhead.decoding import SearchOptions, score_ids
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.tasks.translation.averaged import Averaged


def model(seed: int, max_length: int) -> EncoderDecoder:
    config = TransformerConfig(
        width=16, heads=2, inner_width=24, encoder_layers=1, decoder_layers=1, source_vocabulary=9,
        target_vocabulary=9, max_length=max_length, dropout=0.0,
    )  # fmt: skip
    return EncoderDecoder(config, seed=seed).eval()


def test_it_scores_by_the_mean_of_probabilities() -> None:
    """In one batch with another pair, which is shorter."""
    models, options = [model(1, 20), model(2, 12)], SearchOptions(begin=1, end=2)
    together = Averaged(models)
    assert together.config.max_length == 12
    found = score_ids(together, [[5, 6, 2], [7, 2]], [[3, 4, 5], [8]], options)
    alone = [score_ids(one, [[5, 6, 2], [7, 2]], [[3, 4, 5], [8]], options) for one in models]
    for number, one in enumerate(found):
        own = [np.exp(each[number].token_log_probabilities) for each in alone]
        np.testing.assert_allclose(np.exp(one.token_log_probabilities), np.mean(own, axis=0), atol=1e-6)


def test_one_model_twice_is_that_model() -> None:
    one = model(3, 12)
    source, target = torch.tensor([[5, 6, 2]]), torch.tensor([[1, 3, 4]])
    with torch.no_grad():
        expected = one(source, target).log_softmax(-1)
        assert Averaged([one, one])(source, target, None).numpy() == pytest.approx(expected.numpy(), abs=1e-6)
