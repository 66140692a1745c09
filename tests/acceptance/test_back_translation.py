"""docs/back-translation.md runs as written, and synthetic pairs teach what the true ones alone do not."""

import re
from pathlib import Path

import pytest

import clearhead

from .pages import blocks, run_blocks

PAGE = "back-translation.md"


@pytest.mark.slow
def test_the_page_runs_as_written(tmp_path: Path) -> None:
    printed = run_blocks(PAGE, tmp_path)
    back, mono = ((tmp_path / name).read_text(encoding="utf-8").splitlines() for name in ("back.en", "mono.fr"))
    assert len(back) == len(mono) == 400
    assert printed[2] == "le ventilateur de la cave est cassé\n"
    alone, forward = map(float, re.findall(r"([\d.]+) %", printed[3]))
    assert alone < 90 < forward
    assert clearhead.load(tmp_path / "forward").source_tokenizer.symbols == ("synthetic",)
    assert clearhead.load(tmp_path / "alone").source_tokenizer.symbols == ()


def test_it_has_commands_and_both_languages_the_same() -> None:
    """Were the pattern to miss them, the test above would pass on nothing."""
    assert sum(text.count("clearhead train") for text in blocks(PAGE)) == 3
    assert blocks(PAGE) == blocks(PAGE.replace(".md", ".ko.md"))
