"""Which classes there are: tests/interop/test_importing.py compares each with transformers."""

import pytest

from clearhead.errors import InteropError
from clearhead.interop.classes import CLASSES, class_named

from .conftest import CLASSES as TESTED


def test_every_class_is_tested_against_transformers() -> None:
    own = {"bert", "distilbert", "electra", "gpt2", "llama", "mistral", "qwen2", "qwen3", "roberta", "xlm-roberta"}
    assert own <= {name.partition(",")[0] for name in TESTED}
    assert own <= CLASSES.keys()


@pytest.mark.parametrize("name", ["t6", 3, ["bert"]])
def test_another_is_refused_with_those_there_are(name: object) -> None:
    with pytest.raises(InteropError, match=r"^config\.json has model_type=.*; clearhead imports .*bert, "):
        class_named(name, "config.json")


def test_a_class_that_nobody_says_is_asked_for() -> None:
    with pytest.raises(
        InteropError, match=r"has no model_type, and the tensors do not say it; write one into it, of .*bert"
    ):
        class_named(None, "config.json")
