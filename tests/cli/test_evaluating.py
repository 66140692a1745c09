"""Whoever evaluates a model in another task's way is told its own."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from clearhead.cli.evaluating import columns_of, require_task, require_use
from clearhead.errors import UsageError
from clearhead.tasks import TASKS


def bundle(task: str) -> Any:
    return cast(Any, SimpleNamespace(settings=SimpleNamespace(task=task)))


@pytest.mark.parametrize("task", TASKS)
def test_each_task(task: str) -> None:
    """In one line, of every task that there is."""
    require_task(bundle(task), [task], "SOURCE")
    other = "translation" if task != "translation" else "classification"
    with pytest.raises(UsageError, match=r"^this model ") as caught:
        require_task(bundle(task), [other], "SOURCE")
    assert "\n" not in str(caught.value)


def test_its_own_way_is_named() -> None:
    with pytest.raises(UsageError, match=r"classifies texts, and is evaluated by --table FILE; leave --text FILE out"):
        require_task(bundle("classification"), ["language-modelling"], "--text FILE")


def test_what_answers_has_no_length_penalty() -> None:
    require_use("translation", {"--to": "fr", "--length-penalty": "gnmt:1"})
    require_use("chat", {"--to": None, "--beam-size": 4})
    with pytest.raises(UsageError, match=r"a model that answers has no use for --length-penalty gnmt:1; leave it out"):
        require_use("chat", {"--length-penalty": "gnmt:1"})


def test_columns_by_number_or_name() -> None:
    assert columns_of(None) == ()
    assert columns_of("1, text,3") == (1, "text", 3)
    for named in ("1", "0,1", "text,", ""):
        with pytest.raises(UsageError, match="names no two columns"):
            columns_of(named)
