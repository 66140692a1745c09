"""`clearhead export`: tests/interop compares what it makes with other programs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from clearhead.cli.export_model import Format
from clearhead.interop.exporting import FORMATS

Run = Callable[..., Any]


def test_a_bundle_becomes_a_folder_and_a_report(clearhead: Run, tmp_path: Path) -> None:
    place = tmp_path / "theirs"
    result = clearhead("export", "street", "--to", "huggingface", "--out", str(place))
    assert (result.code, result.err) == (0, "")
    assert result.lines[0] == "PegasusForConditionalGeneration: 1,072,640 numbers"
    assert result.lines[-1] == f"{place}: for huggingface"
    assert json.loads((place / "config.json").read_text(encoding="utf-8"))["model_type"] == "pegasus"
    again = clearhead("export", "street", "--to", "huggingface", "--out", str(place))
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "exists and is not empty" in again.err


def test_the_formats_are_those_that_are_written() -> None:
    assert get_args(Format) == tuple(FORMATS)
