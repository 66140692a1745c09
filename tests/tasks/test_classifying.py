"""From probabilities to a label."""

import numpy as np
import pytest

from clearhead.tasks.classifying import as_label


def test_the_most_probable_is_the_label() -> None:
    found = as_label(np.array([0.25, 0.5, 0.25], np.float32), ("no", "yes", "perhaps"))
    assert (found.label, found.probability) == ("yes", 0.5)
    assert dict(found.probabilities) == {"no": 0.25, "yes": 0.5, "perhaps": 0.25}
    with pytest.raises(TypeError):
        found.probabilities["no"] = 1.0  # type: ignore[index]
