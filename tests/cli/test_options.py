"""The options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

SHARED = {
    "--to LANG": ["translate", "score", "evaluate"],
    "--beam-size N": ["translate", "evaluate"],
    "--length-penalty NAME": ["translate", "score", "evaluate"],
    "--batch-tokens N": ["translate", "score", "evaluate"],
    "--device": ["translate", "score", "evaluate"],
}


@pytest.mark.parametrize(("option", "command"), [(option, one) for option, names in SHARED.items() for one in names])
def test_each_is_worded_the_same(clearhead: Callable[..., Any], option: str, command: str) -> None:
    assert option in clearhead(command, "--help").out.decode()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has what is asked for")
@pytest.mark.parametrize("command", ["translate", "score", "evaluate"])
def test_a_device_that_is_not_there_is_one_plain_line(
    clearhead: Callable[..., Any], run_folder: Path, corpus: Path, command: str
) -> None:
    files = [] if command == "translate" else [corpus / "val.en", corpus / "val.fr"]
    result = clearhead(command, run_folder, *files, "--device", "cuda")
    assert (result.code, result.out) == (2, b"")
    assert result.err.startswith("clearhead: device='cuda' cannot be used (")
    assert result.err.endswith("); choose cpu, or cuda where there is one\n")
    assert result.err.count("\n") == 1
