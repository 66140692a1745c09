"""docs/several-languages.md runs as written: each direction is judged, and asked for."""

import json
import re
from pathlib import Path

import pytest

from .pages import blocks, run_blocks

PAGE = "several-languages.md"


@pytest.mark.slow
def test_the_page_runs_as_written(tmp_path: Path) -> None:
    printed = run_blocks(PAGE, tmp_path)
    validation = json.loads(printed[1].splitlines()[0])["validation"]
    assert validation["others"].keys() == {"fr", "en", "ko"}
    # What chooses the model is all three together.
    losses = [one["loss"] for one in validation["others"].values()]
    assert min(losses) < validation["loss"] < max(losses)
    assert len(re.findall(r"^model ", printed[1], re.MULTILINE)) == 2
    french, korean, english = printed[2].splitlines()
    assert re.search("[가-힣]", korean)
    assert not re.search("[가-힣]", french + english)
    assert len({french, korean, english}) == 3


def test_it_has_commands_and_both_languages_the_same() -> None:
    """Were the pattern to miss them, the test above would pass on nothing."""
    assert "clearhead train" in blocks(PAGE)[0]
    assert blocks(PAGE) == blocks(PAGE.replace(".md", ".ko.md"))
