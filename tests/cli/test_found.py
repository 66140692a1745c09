"""What is written for the lines of a search."""

import io
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from clearhead.cli.found import best, greet, with_confidence, write_found
from clearhead.tasks.translation import Translation

HALF = Translation("하나\n둘", 0.0, -1.386294, (5, 2), (-0.693147, -0.693147), True)


def test_a_line_for_each_and_the_search_ends(tmp_path: Path) -> None:
    """The geometric mean of two halves is a half; what would end a line is a space."""
    is_closed = []

    def found() -> Generator[list[Translation], None, None]:
        try:
            yield [HALF]
            yield [HALF]
        finally:
            is_closed.append(True)

    write_found(found(), with_confidence, tmp_path / "out")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "0.5000\t하나 둘\n" * 2
    assert is_closed == [True]
    assert list(best(0, [HALF])) == ["하나\n둘"]


def test_somebody_at_a_terminal_is_told_what_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal: Any = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", terminal)
    greet(Path("file"), "text")
    assert capsys.readouterr().err == ""
    greet(None, "text")
    assert capsys.readouterr().err == "Type a text and Enter; end with Ctrl-D.\n"
