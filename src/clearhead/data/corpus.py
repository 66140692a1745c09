"""Pairs of text files to learn from or be judged by: what cannot be read is refused, with the line and the remedy."""

import difflib
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from clearhead.errors import DataError
from clearhead.reading import decoded, find_table, open_blocks, open_lines
from clearhead.text import is_blank

# So many lines tell whether a file is a table, and in which language it is.
LOOKED_AT: Final = 1000


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 text file (gzip too), without their ends; `reading.lines` says what a line is.

    Raises:
        DataError: the file is missing or is a folder (at once); it is empty, is no text in UTF-8, is broken gzip, or
            has a line that is not UTF-8 (when that line is reached).
    """
    _check_exists(path)
    return _decoded_lines(path)


def read_blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file that is no text, block by block; what is compressed is unpacked.

    Raises DataError where it is missing, cannot be read, or is not whole.
    """
    check_file(path)
    try:
        with open_blocks(path, str(path)) as blocks:
            yield from blocks
    except OSError as error:
        raise _unreadable(path, error) from error


def read_pairs(source: Path, target: Path) -> Iterator[tuple[str, str]]:
    """The pairs of lines of two files that have one line for each other.

    Raises:
        DataError: as `read_lines`; or one file has more lines than the other (after the last pair).
    """
    return _pairs(source, target, read_lines(source), read_lines(target))


def check_file(path: Path) -> None:
    """Raise a DataError that helps if there is no such file, or if it is a pipe, which can be read only once."""
    _check_exists(path)
    if not path.is_file():
        raise DataError(
            f"{path} is a pipe or a device, which can be read only once; give a file: write it into one first, as in "
            "zcat FILE.gz > FILE (a .gz file needs no unpacking)"
        )


def _check_exists(path: Path) -> None:
    try:
        _check_is_there(path)
    except OSError as error:  # Such as a folder that may not be searched, or a name that is too long.
        raise _unreadable(path, error) from error


def _check_is_there(path: Path) -> None:
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
    """What a folder has, in a few words; nothing of `/`: its files are the system's, and no text is among them."""
    if folder.resolve() == folder.resolve().parent:
        return ""
    names = sorted(item.name for item in folder.iterdir() if item.is_file() and not item.name.startswith("."))
    return f", which has {', '.join(names[:5])}{', …' if len(names) > 5 else ''}" if names else ""


def _decoded_lines(path: Path) -> Iterator[str]:
    is_empty = True
    try:
        with open_lines(path, str(path)) as lines:
            for line in decoded(lines, str(path)):
                is_empty = False
                yield line
    except OSError as error:
        raise _unreadable(path, error) from error
    if is_empty:
        raise DataError(f"{path} is empty (0 lines); expected a line or more")


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"cannot read {path} ({error.strerror or error}); check its permissions and its disk")


def _pairs(
    source: Path, target: Path, source_lines: Iterator[str], target_lines: Iterator[str]
) -> Iterator[tuple[str, str]]:
    first_blank = None
    counts = [0, 0]
    rest_is_blank = True
    for number, (one, other) in enumerate(itertools.zip_longest(source_lines, target_lines), start=1):
        counts = [number if one is not None else counts[0], number if other is not None else counts[1]]
        if one is None or other is None:
            # Count on to the end, so that the message has both counts.
            rest_is_blank = rest_is_blank and is_blank(one or other or "")
            continue
        if first_blank is None and (is_blank(one) or is_blank(other)):
            first_blank = number
        yield one, other
    if counts[0] != counts[1]:
        _refuse_table(source, target, counts)
        longer = source if counts[0] > counts[1] else target
        hint = f"; first pair with a blank line: line {first_blank:,}" if first_blank else ""
        if rest_is_blank:
            hint = f"; what {longer} has from line {min(counts) + 1:,} on is blank: remove it"
        raise DataError(
            f"{source} has {counts[0]:,} lines but {target} has {counts[1]:,}; "
            f"parallel files must have one line for each other{hint}"
        )


def _refuse_table(source: Path, target: Path, counts: Sequence[int]) -> None:
    """Raise DataError where one of two files that have other numbers of lines is a table: that is why."""
    for path in dict.fromkeys((source, target)):
        if table := find_table(itertools.islice(read_lines(path), LOOKED_AT)):
            raise DataError(
                f"{path} {table.what} ({source} has {counts[0]:,} lines, {target} {counts[1]:,}); {table.remedy}"
            )
