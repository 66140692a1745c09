"""What is logged while a command runs, as plain lines on standard error."""

import logging

import pytest

from clearhead.cli import notes
from clearhead.native import compiler
from clearhead.training import budget


def logged(quiet: bool, capsys: pytest.CaptureFixture[str]) -> list[str]:
    with notes.logs_as_lines(quiet):
        logging.getLogger("clearhead.somewhere").warning("%s needs a C compiler", "int8")
        logging.getLogger("clearhead.somewhere").info("nobody asked")
        logging.getLogger("another.library").warning("a line\nand its end\x1b[31m")
        logging.getLogger(compiler.__name__).info("compiling")
        logging.getLogger(budget.__name__).info("found")
        logging.getLogger(compiler.__name__).debug("no compiler")
    return capsys.readouterr().err.splitlines()


def test_warnings_and_what_takes_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert logged(False, capsys) == [
        "clearhead: int8 needs a C compiler",
        "clearhead: a line and its end\\x1b[31m",
        "clearhead: compiling",
        "clearhead: found",
    ]


def test_quiet_leaves_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.split()[1] for line in logged(True, capsys)] == ["int8", "a"]


def test_afterwards_logging_is_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    before = list(logging.getLogger().handlers), logging.getLogger(compiler.__name__).level
    with pytest.raises(KeyboardInterrupt), notes.logs_as_lines(quiet=False):
        raise KeyboardInterrupt
    assert (list(logging.getLogger().handlers), logging.getLogger(compiler.__name__).level) == before


def test_a_plain_line() -> None:
    assert notes.plain("a\nb\u2028c\x1b[1m é") == "a b c\\x1b[1m é"


def test_a_long_one_is_cut_in_its_middle() -> None:
    """A name of 9,000 characters came back whole; what was wrong with it, and the remedy, were far apart."""
    assert notes.plain("x" * 700) == "x" * 700
    assert len(notes.plain("\x00" * 699)) == 700
    assert (
        notes.plain(f"recipe {'x' * 9_000} is no file; check it")
        == f"recipe {'x' * 443} … {'x' * 226} is no file; check it"
    )
