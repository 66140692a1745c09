"""faults.md A10: what cannot be printed is an error, for every command; a reader that left is none."""

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.cli.app import main
from clearhead.cli.standard_output import NamedStream, named_standard_output

# All that print something of their own on standard output.
COMMANDS = [
    "--help",
    "--version",
    "translate {model} --in {en}",
    "score {model} {en} {fr}",
    "evaluate {model} {en} {fr}",
    "byhand softmax",
    "train {recipe} --print-recipe",
    # They take seconds each.
    *(
        pytest.param(command, marks=pytest.mark.slow)
        for command in (
            "translate {model} --in {en} --n-best",
            "evaluate {model} {en} {fr} --json",
            "byhand softmax --md {tmp}/sheet.md",
            "corpus street --out {tmp}/street --pairs 3",
            "shortlist {model} {en} {fr} --out {tmp}/shortlist",
            "check",
        )
    ),
]


class Failing(io.RawIOBase):
    """A descriptor to which nothing can be written."""

    def __init__(self, number: int) -> None:
        self.number = number

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        raise OSError(self.number, "No space left on device") if self.number != errno.EPIPE else BrokenPipeError


def failing(number: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(Failing(number)), encoding="utf-8")


@pytest.fixture
def run(
    run_folder: Path,
    corpus: Path,
    recipe_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    compiled_already: None,
) -> Callable[[str, object], tuple[int, str]]:
    places = {
        "model": run_folder,
        "en": corpus / "val.en",
        "fr": corpus / "val.fr",
        "recipe": recipe_file,
        "tmp": tmp_path,
    }

    def run(command: str, standard_output: object) -> tuple[int, str]:
        err = io.StringIO()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", standard_output)
            patch.setattr(sys, "stderr", err)
            return main(command.format(**places).split()), err.getvalue()

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_what_cannot_be_printed_is_an_error(command: str, run: Callable[[str, object], tuple[int, str]]) -> None:
    """Closed (`>&-`) and full (`> /dev/full`): one line and exit code 2, never 0 with the results lost."""
    for stream, why in ((None, "closed"), (failing(errno.ENOSPC), "No space left on device")):
        code, said = run(command, stream)
        assert (code, said.count("\n")) == (2, 1), said
        assert said.startswith("clearhead: ")
        assert "standard output" in said
        assert why in said


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_left_is_no_error(command: str, run: Callable[[str, object], tuple[int, str]]) -> None:
    """As in `| head`: quietly, with the exit code that a shell gives a process that SIGPIPE ended, 128 + 13."""
    assert run(command, failing(errno.EPIPE)) == (141, "")


def test_richs_way_of_leaving_is_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """`clearhead demo | head -1`: rich ends the process with 1."""
    from rich.console import Console

    def prints(arguments: list[str]) -> int:
        Console().print("table")
        return 0

    monkeypatch.setattr("clearhead.cli.app._run", prints)
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main([]) == 141


def test_a_command_that_prints_nothing_does_not_ask(
    run: Callable[[str, object], tuple[int, str]], tmp_path: Path
) -> None:
    assert run("byhand softmax --quiet --md {tmp}/sheet.md", None) == (0, "")
    assert run("translate {model} --in {en} --out {tmp}/out", None) == (0, "")
    assert (tmp_path / "out").read_text().count("\n") == 6


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        (">&-", 2, b"clearhead: standard output: it is closed; "),
        (">/dev/full", 2, b"clearhead: standard output: No space left on device; "),
        (">/dev/full 2>/dev/full", 2, b""),
        (">&- 2>&-", 2, b""),
        ("2>/dev/full", 0, b""),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_as_a_process(redirection: str, code: int, said: bytes) -> None:
    """Nor does Python complain once more at its end, which would be exit code 120."""
    command = ["sh", "-c", f'"$0" -m clearhead --version {redirection}', sys.executable]
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == code
    assert done.stderr.startswith(said)
    assert done.stderr.count(b"\n") == bool(said)


def test_all_else_is_the_streams_own(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", stream)
    with named_standard_output():
        print("é")
        assert sys.stdout.encoding == "latin-1"
        assert not sys.stdout.isatty()
    assert sys.stdout is stream
    stream.flush()
    assert stream.buffer.getvalue() == b"\xe9\n"  # type: ignore[attr-defined]
    assert not NamedStream(None).isatty()
