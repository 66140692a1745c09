"""A terminology file, and what `clearhead translate` does with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.cli.terms import read_terms
from clearhead.errors import DataError

Run = Callable[..., Any]


def test_a_line_is_a_term_a_tab_and_its_translation(tmp_path: Path) -> None:
    """Blank lines say nothing, and the same line twice is no contradiction."""
    (tmp_path / "terms.tsv").write_text("dog\tchien\n\nhot dog \t hot-dog\ndog\tchien\n", encoding="utf-8")
    assert read_terms(tmp_path / "terms.tsv") == {"dog": "chien", "hot dog": "hot-dog"}
    assert read_terms(None) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("dog chien\n", r"line 1: 'dog chien' is no pair; write a source term, a tab"),
        ("dog\tchien\ncat\t\n", r"line 2: 'cat\\t' is no pair"),
        ("a\tb\tc\n", "line 1: .* is no pair"),
        ("dog\tchien\ndog\tclebs\n", "line 2: 'dog' is 'clebs' here and 'chien' before; leave one"),
    ],
)
def test_what_is_no_terminology_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "terms.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_terms(tmp_path / "terms.tsv")


def test_a_file_that_is_not_there_is_asked_for_by_its_own_option(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.tsv cannot be read \(No such file.*\); name a text file by --terms$"):
        read_terms(tmp_path / "none.tsv")


def test_translations_hold_what_is_asked_for(clearhead: Run, tmp_path: Path) -> None:
    (tmp_path / "terms.tsv").write_text("student\tétudiante\n", encoding="utf-8")
    given = b"I am a student.\nI see the dog.\n"
    result = clearhead("translate", "street", "--to", "fr", "--terms", tmp_path / "terms.tsv", stdin=given)
    assert (result.code, result.err) == (0, "")
    assert result.lines == ["Je suis étudiante.", "Je vois le chien."]
    asked = ("--contain", "dans le parc", "--length-penalty", "none")
    held = clearhead("translate", "street", "--to", "fr", *asked, stdin=b"I saw the dog yesterday.\n")
    assert held.lines == ["J'ai vu le chien dans le parc hier."]


def test_what_is_no_language_is_kept(clearhead: Run) -> None:
    given = b"{name}, I am a student.\nI see the dog.\n"
    result = clearhead("translate", "street", "--to", "fr", "--keep", "--length-penalty", "none", stdin=given)
    assert (result.code, result.err) == (0, "")
    assert result.lines == ["{name}, je suis étudiant.", "Je vois le chien."]


def test_what_is_drawn_cannot_be_told_what_to_hold(clearhead: Run) -> None:
    result = clearhead("translate", "street", "--to", "fr", "--contain", "le", "--sample", stdin=b"a\n")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "leave --terms, --contain and --keep out" in result.err
