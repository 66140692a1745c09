"""The mean of vectors, of length 1."""

from typing import Any

import numpy as np

from clearhead.tasks.embedding import embeddings


def test_by_hand() -> None:
    """(6, 8) and (0, 0) have the mean (3, 4), of length 5. Where all is 0 there is no direction."""
    nobody: Any = None
    found = embeddings(nobody, [], [np.array([[6, 8], [0, 0]], np.float32), np.zeros((3, 2), np.float32)], 1)
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 0]], atol=1e-7)
    assert found[0].dtype == np.float32
