"""Lines in, lines out: one for each, in order, whatever bytes they hold."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from clearhead.errors import DataError


def read(path: Path | None) -> Iterator[str]:
    """The lines of a file, or of standard input for None. Bytes that are not UTF-8 become U+FFFD.

    Only a newline ends a line (not U+2028 and its kin, which may stand inside one), so that lines in and lines out
    match those that other programs count. Raises DataError where the file cannot be read.
    """
    with _source(path) as source:
        for line in source:
            text = line.removesuffix(b"\n").removesuffix(b"\r")
            yield text.decode("utf-8", errors="replace")


def write(lines: Iterable[str], path: Path | None) -> None:
    """Write lines to a file, or to standard output for None, each as soon as it comes."""
    with _sink(path) as sink:
        for line in lines:
            sink.write(one_line(line).encode("utf-8") + b"\n")
            sink.flush()


def one_line(text: str) -> str:
    """A text as one line: what would end a line becomes a space."""
    return text.replace("\r", " ").replace("\n", " ")


@contextlib.contextmanager
def _source(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(
            f"input {path} cannot be read ({error.strerror}); name a text file, or leave --in out"
        ) from None
    with file:
        yield file


@contextlib.contextmanager
def _sink(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise DataError(
            f"output {path} cannot be written ({error.strerror}); name a file in a folder that exists"
        ) from None
    with file:
        yield file
