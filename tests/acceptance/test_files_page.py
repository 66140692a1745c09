"""docs/files.md runs as written, and what it promises comes of it."""

from pathlib import Path

import pytest

from .pages import blocks, run_blocks

PAGE = "files.md"


@pytest.mark.slow
def test_the_page_runs_as_written(tmp_path: Path) -> None:
    run_blocks(PAGE, tmp_path)
    assert (tmp_path / "files" / "bundle" / "model.safetensors").is_file()


def test_it_has_commands() -> None:
    """Were the pattern to miss them, the test above would pass on nothing."""
    assert "clearhead train" in blocks(PAGE)[0]
