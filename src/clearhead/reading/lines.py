"""The lines of a file or of standard input, as bytes: the only place that decides what a line is.

A line ends at "\n" and nowhere else: U+2028, form feeds and a "\r" within it are text, so that lines in are lines out.
A "\r" before the "\n" and a byte order mark at the start of the file are no part of a line. A last line without "\n"
counts.
"""

import contextlib
import io
import os
import select
import stat
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, final

from clearhead.errors import DataError
from clearhead.reading.checking import check_text, odd_line
from clearhead.reading.compression import (
    MARK_BYTES,
    Read,
    compression_named,
    compression_of,
    uncompressed,
)

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
# So much is looked at before the first line is handed out, where it is there.
_HEAD: Final = 1 << 18
_BLOCK: Final = 1 << 18
# Where input comes in blocks as large as this, the next one is waited for so many seconds: a program that writes all it
# has is not asked for one block at a time.
_BULK, _PATIENCE = 4096, 0.01


@contextlib.contextmanager
def open_lines(path: Path | None, name: str) -> "Iterator[Lines]":
    """The lines of a file, or for None of standard input; what is compressed is unpacked, whatever the file is called.

    Raises DataError where that is no text in UTF-8 or beside it (`check_text`), or no whole compressed file; OSError
    where it cannot be read. `name` is what a message calls it.
    """
    with contextlib.ExitStack() as stack:
        lines = _unpacked(path, name, stack)
        lines.fill(_HEAD)
        check_text(lines.head, name, path)
        yield lines


@contextlib.contextmanager
def open_blocks(path: Path, name: str) -> Iterator[Iterator[bytes]]:
    """The bytes of a file, block by block, unpacked as by `open_lines`, whose errors it raises but for what text is."""
    with contextlib.ExitStack() as stack:
        yield _unpacked(path, name, stack).blocks()


def _unpacked(path: Path | None, name: str, stack: contextlib.ExitStack) -> "Lines":
    read, is_readable = _opened(path, stack)
    lines = Lines(read, is_readable)
    lines.fill(MARK_BYTES)
    if compression := compression_of(lines.head):
        return Lines(uncompressed(compression, lines.head, read, name), is_readable)
    if path is not None and (named := compression_named(path.name)) and lines.head:
        # The mark of gzip is two bytes, that of the others more.
        begins, expected = _bytes(lines.head[: len(named.mark)]), _bytes(named.mark)
        raise named.refusal(name, f"it begins with {begins}, not with {expected}")
    return lines


@final
class Lines:
    """Lines as bytes, without their ends; constant memory but for the longest line.

    Attributes:
        head: what has been read so far, until the first line is asked for.
    """

    def __init__(self, read: Read, is_readable: Callable[[float], bool]) -> None:
        self.head = b""
        self._read, self._is_readable = read, is_readable
        self._whole: deque[bytes] = deque()
        self._parts: list[bytes] = []  # of a line that has not ended
        self._ended = self._begun = False
        self._last = 0

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> bytes:
        self._begin()
        while not self._whole and not self._ended:
            self._add(self._block())
        if not self._whole:
            raise StopIteration
        return self._whole.popleft().removesuffix(b"\r")

    def blocks(self) -> Iterator[bytes]:
        """The bytes as they are, in place of the lines."""
        if self.head:
            yield self.head
        while not self._ended and (block := self._block()):
            yield block

    def is_there(self) -> bool:
        """Whether the next line, or the end, is there without waiting for whoever writes."""
        self._begin()
        while not self._whole and not self._ended and self._is_readable(_PATIENCE if self._last >= _BULK else 0.0):
            self._add(self._block())
        return bool(self._whole) or self._ended

    def fill(self, size: int) -> None:
        """Read `size` bytes into `head`, fewer where no more are there and a line is."""
        blocks, count, has_line = [self.head], len(self.head), b"\n" in self.head
        while count < size and not self._ended and not (has_line and not self._is_readable(0.0)):
            blocks.append(block := self._block())
            count += len(block)
            has_line = has_line or b"\n" in block
        self.head = b"".join(blocks)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            head, self.head = self.head.removeprefix(BYTE_ORDER_MARK), b""
            # A block may end within the mark where somebody types it byte by byte; `fill` waits for a line.
            self._add(head)

    def _block(self) -> bytes:
        block = self._read(_BLOCK)
        self._ended = not block
        self._last = len(block)
        return block

    def _add(self, block: bytes) -> None:
        first, *others = block.split(b"\n")
        self._parts.append(first)
        if others:
            *whole, rest = [b"".join(self._parts), *others]
            self._whole.extend(whole)
            self._parts = [rest]
        if self._ended and (last := b"".join(self._parts)):
            self._whole.append(last)
            self._parts = []


def decoded(lines: Lines, name: str) -> Iterator[str]:
    """The lines as text. Raises DataError, with the line's number and the remedy, for one that is not UTF-8."""
    head = lines.head
    for number, line in enumerate(lines, start=1):
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise odd_line(name, number, line, error, head) from error


def _bytes(content: bytes) -> str:
    return content.hex(" ").upper()


def _opened(path: Path | None, stack: contextlib.ExitStack) -> tuple[Read, Callable[[float], bool]]:
    if path is not None:
        file: Any = stack.enter_context(path.open("rb"))
        return file.read1, _readability(file)
    if sys.stdin is None:
        raise DataError("standard input is closed; name a file by --in")
    typed: Any = sys.stdin.buffer
    if sys.stdin.isatty():
        # A line at a time, and nobody knows when the next one comes.
        return lambda _: next(typed, b""), lambda _: False
    return _waiting(typed), _readability(typed)


def _waiting(stream: Any) -> Read:
    """Read a stream whose other end was told not to wait, too: what is not there yet would look like the end."""
    try:
        descriptor = stream.fileno()
        if os.get_blocking(descriptor):
            return stream.read1
    except (OSError, ValueError, AttributeError):
        return stream.read1
    return lambda size: (select.select([descriptor], [], []), stream.read1(size))[1]


def _readability(stream: Any) -> Callable[[float], bool]:
    """Whether a stream can be read without waiting, asked with the seconds that one is ready to wait."""
    try:
        descriptor = stream.fileno()
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return lambda _: True
    except (OSError, ValueError, io.UnsupportedOperation):
        return lambda _: True  # Such as bytes in memory.

    def is_readable(seconds: float) -> bool:
        try:
            return bool(select.select([descriptor], [], [], seconds)[0])
        except (OSError, ValueError):
            return False  # Windows selects among sockets only: what was read so far is answered.

    return is_readable
