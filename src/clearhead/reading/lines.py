"""The lines of a file or of standard input, as bytes: the only place that decides what a line is.

A line ends at "\n" and nowhere else: U+2028, form feeds and a "\r" within it are text, so that lines in are lines out.
A "\r" before the "\n" and a byte order mark at the start of the file are no part of a line. A last line without "\n"
counts.
"""

import contextlib
import gzip
import io
import os
import select
import stat
import sys
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, final

from clearhead.errors import DataError
from clearhead.reading.checking import check_text, odd_line
from clearhead.reading.formats import GZIP_MARK, is_gzip

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
# So much is looked at before the first line is handed out, where it is there.
_HEAD: Final = 1 << 18
_BLOCK: Final = 1 << 18
# Where input comes in blocks as large as this, the next one is waited for so many seconds: a program that writes all it
# has is not asked for one block at a time.
_BULK, _PATIENCE = 4096, 0.01
# Reads so many bytes or fewer, as many as are there; none at the end.
Read = Callable[[int], bytes]


@contextlib.contextmanager
def open_lines(path: Path | None, name: str) -> "Iterator[Lines]":
    """The lines of a file, or for None of standard input; gzip is unpacked, whatever the file is called.

    Raises DataError where that is no text in UTF-8 or beside it (`check_text`), or no whole gzip; OSError where it
    cannot be read. `name` is what a message calls it.
    """
    with contextlib.ExitStack() as stack:
        read, is_readable = _opened(path, stack)
        lines = Lines(read, name, is_readable)
        lines.fill(4)
        if is_gzip(lines.head):
            unpacked = stack.enter_context(gzip.GzipFile(fileobj=_Joined(lines.head, read)))
            lines = Lines(unpacked.read1, name, is_readable)
        elif path is not None and path.suffix == ".gz" and lines.head:
            raise not_gzip(name, f"it begins with {_bytes(lines.head[:2])}, not with {_bytes(GZIP_MARK)}")
        lines.fill(_HEAD)
        check_text(lines.head, name, path)
        yield lines


@final
class Lines:
    """Lines as bytes, without their ends; constant memory but for the longest line.

    Attributes:
        head: what has been read so far, until the first line is asked for.
    """

    def __init__(self, read: Read, name: str, is_readable: Callable[[float], bool]) -> None:
        self.head = b""
        self._read, self._name, self._is_readable = read, name, is_readable
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
        try:
            block = self._read(_BLOCK)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise not_gzip(self._name, _gzip_problem(error)) from error
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


def not_gzip(name: str, why: str) -> DataError:
    return DataError(
        f"{name} is not a whole gzip file ({why}); fetch it again, or drop .gz from its name if it is plain text"
    )


def _gzip_problem(error: Exception) -> str:
    """What the library says, but for the bytes that it shows as Python writes them."""
    return "what follows its end is no gzip" if str(error).startswith("Not a gzipped file") else str(error)


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


@final
class _Joined(io.RawIOBase):
    """What has been read of a stream, and then its rest: gzip reads it from the start."""

    def __init__(self, head: bytes, read: Read) -> None:
        self._head, self._read = head, read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._head[: len(buffer)] or self._read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(block)] = block
        return len(block)
