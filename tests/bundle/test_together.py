"""What several models give in the place of one."""

from pathlib import Path

import numpy as np
import pytest

from clearhead.bundle import Bundle, ensemble, load
from clearhead.errors import UsageError
from clearhead.model import EncoderDecoder


@pytest.fixture
def other(two_languages: Bundle) -> Bundle:
    """Another seed of a model with the same vocabulary."""
    first = two_languages
    return Bundle(
        EncoderDecoder(first.config, seed=9).eval(), first.source_tokenizer, first.target_tokenizer, first.recipe,
        settings=first.settings,
    )  # fmt: skip


def test_scores_are_those_of_the_mean(two_languages: Bundle, other: Bundle) -> None:
    """And the search reports what scoring gives."""
    together = ensemble([two_languages, other])
    own = [one.score(["one two"], ["un"], "fr")[0].token_log_probabilities for one in (two_languages, other)]
    [found] = together.score(["one two"], ["un"], "fr")
    np.testing.assert_allclose(np.exp(found.token_log_probabilities), np.exp(own).mean(0), atol=1e-12)
    [[best]] = together.search(["one two"], "fr")
    [[rough]] = together.search(["one two"], "fr", exact=False)
    assert best.log_probability == pytest.approx(rough.log_probability, abs=1e-4)
    assert together._serving.parameters == 2 * two_languages._serving.parameters


def test_there_is_no_one_model_of_it(tmp_path: Path) -> None:
    street = load("street")
    together = ensemble([street, street])
    for ask in (
        lambda: together.model,
        lambda: together.save(tmp_path / "b"),
        lambda: together.trace("I sleep.", "fr"),
    ):
        with pytest.raises(UsageError, match="an ensemble has no model of its own, but 2"):
            ask()
    assert "2,145,280 parameters" in repr(together)
