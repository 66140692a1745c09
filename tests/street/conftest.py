"""One corpus for all tests of the folder: drawing it costs seconds."""

import pytest

from clearhead.street import Corpus, generate


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """Large enough for every phenomenon, word and pair to be there many times."""
    return generate(24_000, seed=1)
