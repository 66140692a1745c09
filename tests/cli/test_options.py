"""The options that several commands share."""

from collections.abc import Callable
from typing import Any

import pytest

SHARED = {
    "--to LANG": ["translate", "score", "evaluate"],
    "--beam-size N": ["translate", "evaluate"],
    "--length-penalty NAME": ["translate", "score", "evaluate"],
    "--batch-tokens N": ["translate", "score", "evaluate"],
}


@pytest.mark.parametrize(("option", "command"), [(option, one) for option, names in SHARED.items() for one in names])
def test_each_is_worded_the_same(clearhead: Callable[..., Any], option: str, command: str) -> None:
    assert option in clearhead(command, "--help").out.decode()
