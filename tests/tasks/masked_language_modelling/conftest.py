"""A recipe of masked lines."""

from collections.abc import Callable
from typing import Any

import pytest

from clearhead.recipe import Recipe


@pytest.fixture
def masked_recipe(language_recipe: Callable[..., Recipe]) -> Callable[..., Recipe]:
    """A tiny recipe of an encoder-only model; `training` and other keys may be changed."""

    def make(documents: str = "line", training: dict[str, Any] | None = None, **changes: Any) -> Recipe:
        model = {
            "width": 16, "heads": 2, "inner_width": 32, "layers": 1, "max_length": 16, "dropout": 0.0,
            "attention_dropout": 0.0,
        }  # fmt: skip
        masking = {"masking": {"share": 0.3}}
        values = {"task": "masked-language-modelling", "model": model, **changes}
        return language_recipe(documents, masking | (training or {}), **values)

    return make
