"""A recipe of a model that reads both ways."""

from collections.abc import Callable
from typing import Any

import pytest

from clearhead.recipe import Recipe


@pytest.fixture
def two_way_recipe(language_recipe: Callable[..., Recipe]) -> Callable[..., Recipe]:
    """A tiny recipe; batches: how many of them are masked. `training` and other keys may be changed."""

    def make(
        documents: str = "line", training: dict[str, Any] | None = None, batches: float = 0.5, **changes: Any
    ) -> Recipe:
        masking = {"masking": {"share": 0.3, "batches": batches}}
        model = {"width": 16, "heads": 2, "inner_width": 32, "layers": 2, "max_length": 16, "positions": "rotary"}
        values = {"task": "masked-next-token", "model": model, **changes}
        return language_recipe(documents, masking | (training or {}), **values)

    return make
