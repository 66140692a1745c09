"""Text files, line by line: the only place that decides what a line is.

A line ends at "\\n" and nowhere else: U+2028, form feeds and their like are text, so that lines in are lines out.
"""

import difflib
import gzip
import itertools
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Final

from clearhead.errors import DataError
from clearhead.text import is_blank

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_GZIP_MARK: Final = b"\x1f\x8b"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 text file (gzip where its name ends in .gz), without their ends; constant memory.

    A "\\r" before the "\\n" and a byte order mark at the start of the file are no part of a line. A last line
    without "\\n" counts.

    Raises:
        DataError: the file is missing or is a folder (at once); it is empty, is broken gzip, or has a line that is
            not UTF-8 (when that line is reached).
    """
    check_file(path)
    return _decoded_lines(path)


def read_pairs(source: Path, target: Path) -> Iterator[tuple[str, str]]:
    """The pairs of lines of two files that have one line for each other.

    Raises:
        DataError: as `read_lines`; or one file has more lines than the other (after the last pair).
    """
    return _pairs(source, target, read_lines(source), read_lines(target))


def check_file(path: Path) -> None:
    """Raise a DataError that helps if there is no such file."""
    try:
        _check_file(path)
    except OSError as error:  # Such as a folder that may not be searched, or a name that is too long.
        raise _unreadable(path, error) from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise DataError(f"{path} is a folder; expected a text file or .gz in it{_some_files(path)}")
    if path.exists():
        return
    if not path.parent.is_dir():
        raise DataError(f"{path} does not exist, nor does its folder {path.parent}; check the path")
    names = [item.name for item in path.parent.iterdir() if item.is_file()]
    close = difflib.get_close_matches(path.name, names, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"check the path{_some_files(path.parent)}"
    raise DataError(f"{path} does not exist; {remedy}")


def _some_files(folder: Path) -> str:
    names = sorted(item.name for item in folder.iterdir() if item.is_file() and not item.name.startswith("."))
    return f", which has {', '.join(names[:5])}{', …' if len(names) > 5 else ''}" if names else ""


def _decoded_lines(path: Path) -> Iterator[str]:
    number = 0
    for number, line in enumerate(_raw_lines(path), start=1):
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _not_utf8(path, number, line, error.start) from error
    if number == 0:
        raise DataError(f"{path} is empty (0 lines); expected one sentence a line")


def _raw_lines(path: Path) -> Iterator[bytes]:
    try:
        with _open(path) as file:
            # A binary file is split at b"\n" only.
            for number, line in enumerate(file):
                content = line.removeprefix(_BYTE_ORDER_MARK) if number == 0 else line
                if content:
                    yield content.removesuffix(b"\n").removesuffix(b"\r")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is not a whole gzip file ({error}); fetch it again, or drop .gz from its name if it is plain text"
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"cannot read {path} ({error.strerror or error}); check its permissions and its disk")


def _open(path: Path) -> BufferedIOBase:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _not_utf8(path: Path, number: int, line: bytes, position: int) -> DataError:
    if number == 1 and line.startswith(_GZIP_MARK):
        remedy = "the file is gzip: give it a name that ends in .gz"
    elif number == 1 and line.startswith(_UTF16_MARKS):
        remedy = "the file looks like UTF-16: convert it with iconv -f UTF-16 -t UTF-8"
    else:
        remedy = "correct or remove the line, or convert the file with iconv, such as iconv -f LATIN1 -t UTF-8"
    return DataError(
        f"{path}: line {number:,} is not UTF-8 (byte 0x{line[position]:02X} at {position + 1:,}); {remedy}"
    )


def _pairs(
    source: Path, target: Path, source_lines: Iterator[str], target_lines: Iterator[str]
) -> Iterator[tuple[str, str]]:
    first_blank = None
    counts = [0, 0]
    for number, (one, other) in enumerate(itertools.zip_longest(source_lines, target_lines), start=1):
        counts = [number if one is not None else counts[0], number if other is not None else counts[1]]
        if one is None or other is None:
            continue  # Count on to the end, so that the message has both counts.
        if first_blank is None and (is_blank(one) or is_blank(other)):
            first_blank = number
        yield one, other
    if counts[0] != counts[1]:
        blank = f"first pair with a blank line: line {first_blank:,}" if first_blank else "no pair has a blank line"
        raise DataError(
            f"{source} has {counts[0]:,} lines but {target} has {counts[1]:,}; "
            f"parallel files must have one line for each other; {blank}"
        )
