"""What cannot work is said in one line, before a step is taken."""

from collections.abc import Callable
from typing import Any

import pytest

from clearhead.errors import RecipeError
from clearhead.recipe import Recipe
from clearhead.training.run_inputs import prepare_run


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {"width": 15, "heads": 2}}, "model: width=15 is not divisible by heads=2"),
        ({"model": {"masked_head": "plain"}}, "model.masked_head=plain fills masked places, which task=classification"),
        ({"data": {"train": {"table": "train.tsv", "columns": [1]}}}, "columns: [1] are 1, but task=classification"),
        ({"data": {"validate": {"table": "val.tsv", "columns": [1, 2, 3]}}}, "columns: [1, 2, 3] are 3, but"),
        ({"data": {"labels": ["even"]}}, "data.labels are to be two or more, and each another one; leave the key out"),
        ({"data": {"labels": ["even", "even"]}}, "data.labels are to be two or more"),
        ({"training": {"packing": True}}, "training.packing=true puts several texts into a row"),
        ({"training": {"batch_tokens": 8}}, "a text has 13 tokens, more than training.batch_tokens=8; raise it"),
    ],
)
def test_mistakes(table_recipe: Callable[..., Recipe], changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        prepare_run(table_recipe(**changes))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
