"""docs/starting.md runs as written, and its two commands end in a model."""

from pathlib import Path

import pytest

from .pages import blocks, run_blocks

PAGE = "starting.md"


@pytest.mark.slow
def test_the_page_runs_as_written(tmp_path: Path) -> None:
    run_blocks(PAGE, tmp_path)
    assert (tmp_path / "runs" / "train-en-fr" / "bundle" / "model.safetensors").is_file()


def test_it_has_commands() -> None:
    """Were the pattern to miss them, the test above would pass on nothing."""
    assert [line.split()[1] for line in blocks(PAGE)[0].splitlines()[:3]] == ["corpus", "init", "train"]
