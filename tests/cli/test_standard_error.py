"""faults.md A10 and A11: standard error may be closed, or its reader may leave; the command goes on."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clearhead.cli.standard_error import LastingStream, lasting_standard_error, say_at_once

# The line that is not UTF-8 makes `translate` say something on standard error.
LINES = b"one\ncaf\xe9\nthree\n"


def translate(model: Path, redirection: str) -> subprocess.CompletedProcess[bytes]:
    command = f'"$0" -m clearhead translate "$1" {redirection}'
    return subprocess.run(["sh", "-c", command, sys.executable, str(model)], input=LINES, capture_output=True)


def test_nothing_but_translations_comes_out_where_standard_error_is_closed(run_folder: Path) -> None:
    told = translate(run_folder, "")
    silent = translate(run_folder, "2>&-")
    assert b"line 2 is not UTF-8" in told.stderr
    assert (silent.returncode, silent.stdout) == (0, told.stdout)
    assert silent.stdout.count(b"\n") == 3


def test_a_full_disk_under_standard_error_stops_nothing(run_folder: Path) -> None:
    assert translate(run_folder, "2>/dev/full").returncode == 0


class Failing(io.TextIOBase):
    """A stream whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


class Interrupted(io.TextIOBase):
    """A stream in the middle of a write, as a signal's handler finds it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def write(self, text: str) -> int:
        raise RuntimeError("reentrant call")

    def fileno(self) -> int:
        return self.descriptor


@pytest.mark.parametrize("closed", [Failing(), None])
def test_printing_never_fails(closed: io.TextIOBase | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", closed)
    with lasting_standard_error():
        print("lost", file=sys.stderr, flush=True)
        assert not sys.stderr.isatty()
    assert sys.stderr is closed


def test_a_signal_may_speak_while_the_stream_is_being_written_to() -> None:
    read, write = os.pipe()
    try:
        LastingStream(Interrupted(write)).write("stopping")
        assert os.read(read, 100) == b"stopping"
    finally:
        os.close(read)
        os.close(write)


class Interrupting(io.RawIOBase):
    """A file that is written to; while it takes what comes first, a signal's handler speaks."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self.said = descriptor, False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.descriptor

    def write(self, data: object) -> int:
        written = os.write(self.descriptor, bytes(data))  # type: ignore[call-overload]
        if not self.said:
            self.said = True
            say_at_once("stopping")
        return written


def test_what_a_handler_says_while_a_line_is_flushed_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A print would leave its text in the text stream, and lose it where the buffer below refuses to be written to."""
    read, write = os.pipe()
    raw = Interrupting(write)
    stream = io.TextIOWrapper(io.BufferedWriter(raw), line_buffering=True)
    monkeypatch.setattr(sys, "stderr", LastingStream(stream))
    try:
        print("step 6", file=sys.stderr, flush=True)
        assert os.read(read, 100) == b"step 6\nstopping\n"
    finally:
        os.close(read)
        os.close(write)
        raw.write = lambda data: len(data)  # type: ignore[method-assign, assignment, arg-type]
        stream.close()


def test_closed_descriptors_are_not_taken_by_files(tmp_path: Path) -> None:
    """A file that became descriptor 2 would get what C libraries write there."""
    code = (
        "from clearhead.cli.standard_error import lasting_standard_error\n"
        "with lasting_standard_error(): print(open('data', 'w').fileno())"
    )
    command = ["sh", "-c", '"$0" -c "$1" 2>&- <&-', sys.executable, code]
    assert int(subprocess.run(command, capture_output=True, cwd=tmp_path, check=True).stdout) > 2
