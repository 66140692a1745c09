"""What is written for the lines of a search."""

import io
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.cli.found import LineFiles, best, greet, with_confidence, write_found
from clearhead.errors import DataError, UsageError
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


class TestLineFiles:
    def test_each_line_of_a_file_has_one(self, two_languages: Bundle, tmp_path: Path) -> None:
        (tmp_path / "글").write_text("one\n\ntwo three\n", encoding="utf-8")
        files = LineFiles(tmp_path / "글", tmp_path / "번역", True, "sentence")
        files.write(two_languages, "fr", {"beam_size": 1, "exact": False}, best)
        written = (tmp_path / "번역").read_text(encoding="utf-8").split("\n")
        assert written == [*two_languages.translate(["one", "", "two three"], "fr", beam_size=1), ""]

    def test_typed_texts_stand_in_place_of_lines(
        self, two_languages: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """And nobody is told to type."""
        files = LineFiles(None, tmp_path / "out", False, "text", ["one"])
        files.check(Path("street"))
        files.write(two_languages, "fr", {"beam_size": 1}, best)
        assert (tmp_path / "out").read_text(encoding="utf-8") == two_languages.translate(
            "one", "fr", beam_size=1
        ) + "\n"
        assert capsys.readouterr().err == ""

    def test_what_would_be_lost_or_is_not_there(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("one\n", encoding="utf-8")
        a, missing = tmp_path / "a", tmp_path / "없음"
        with pytest.raises(UsageError, match="is the file that is read as --in"):
            LineFiles(a, a, True, "sentence").check(Path("street"))
        with pytest.raises(UsageError, match="is the file that is read as --terms"):
            LineFiles(None, a, True, "sentence").check(Path("street"), {"--terms": a})
        with pytest.raises(DataError, match="없음"):
            LineFiles(missing, None, True, "sentence").check(Path("street"))
