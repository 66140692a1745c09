"""Lines in, lines out: one for each, in order, whatever bytes they hold."""

import contextlib
import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from clearhead.errors import DataError
from clearhead.files import publish_file

if TYPE_CHECKING:
    import clearhead

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read(path: Path | None, quiet: bool = False) -> Iterator[str]:
    """The lines of a file (gzip where its name ends in .gz), or of standard input for None.

    Bytes that are not UTF-8 become U+FFFD, and standard error is told of the line unless `quiet`; a byte order mark at
    the start is no part of the first line. Only a newline ends a line (not U+2028 and its kin, which may stand inside
    one), so that lines in and lines out match those that other programs count. Raises DataError where the file cannot
    be read.
    """
    try:
        with _source(path) as source:
            for number, line in enumerate(source):
                content = line.removeprefix(_BYTE_ORDER_MARK) if number == 0 else line
                yield _text(content.removesuffix(b"\n").removesuffix(b"\r"), None if quiet else number + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"input {path} is not a whole gzip file ({error}); fetch it again, or drop .gz") from error
    except OSError as error:
        name = path or "from standard input"
        raise DataError(f"input {name} cannot be read ({error.strerror}); name a text file by --in") from error


def _text(line: bytes, number: int | None) -> str:
    """A line as text; where it is not UTF-8 that is said of its number, if there is one."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        place = f"line {number} is not UTF-8 (its byte {error.start + 1}), and what cannot be read is replaced"
        if number is not None:
            print(f"clearhead: {place}; convert the text, as in: iconv -f LATIN1 -t UTF-8", file=sys.stderr)
        return line.decode("utf-8", errors="replace")


def write(lines: Iterable[str], path: Path | None) -> None:
    """Write lines to a file, which is there when it is whole, or for None to standard output, each as it comes."""
    try:
        with _sink(path) as sink:
            for line in lines:
                sink.write(one_line(line).encode("utf-8", errors="replace") + b"\n")
                sink.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        name = path or "to standard output"
        raise DataError(f"output {name} cannot be written ({error.strerror}); check its folder and the disk") from error


def one_line(text: str) -> str:
    """A text as one line: what would end a line becomes a space."""
    return text.replace("\r", " ").replace("\n", " ")


def note_cuts(bundle: "clearhead.Bundle", texts: Sequence[str], before: int = 0) -> None:
    """Say on standard error which lines, the first being `before` + 1, are too long for the model and are cut."""
    limit = bundle.model.config.max_length
    for number in bundle.too_long(texts):
        print(
            f"clearhead: line {before + number + 1} is longer than the model's {limit} tokens; its rest is left out",
            file=sys.stderr,
        )


def note_unreadable(bundle: "clearhead.Bundle", texts: Sequence[str], before: int = 0) -> None:
    """Say on standard error which lines, the first being `before` + 1, are in a script that the model never read."""
    numbers = bundle.unreadable(texts)
    if not numbers:
        return
    named = ", ".join(str(before + number + 1) for number in numbers[:3])
    more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
    lines = f"lines {named}{more} are" if len(numbers) > 1 else f"line {named} is"
    scripts = ", ".join(script.capitalize() for script in bundle.readable_scripts)
    print(
        f"clearhead: {lines} in a script that this model never learned to read, so what it writes there means nothing; "
        f"it reads {scripts}",
        file=sys.stderr,
    )


@contextlib.contextmanager
def _source(path: Path | None) -> Iterator[IO[bytes]]:
    if path is None:
        if sys.stdin is None:
            raise DataError("standard input is closed; name a file by --in")
        yield sys.stdin.buffer
        return
    with path.open("rb") as file, gzip.open(file) if path.suffix == ".gz" else file as lines:
        yield lines  # type: ignore[misc]  # a gzip file is one of bytes, too


@contextlib.contextmanager
def _sink(path: Path | None) -> Iterator[IO[bytes]]:
    if path is None:
        if sys.stdout is None:
            raise DataError("standard output is closed; name a file by --out")
        yield sys.stdout.buffer
        return
    real = path.resolve()
    if real.exists() and not real.is_file():
        with real.open("wb") as file:  # A pipe or a terminal; a folder's error says what it is.
            yield file
        return
    real.parent.stat()  # A folder with a mistyped name is not made.
    # Beside its place, since it may be the very file that is read, and a half of it would look like a whole.
    with publish_file(real) as draft, draft.open("wb") as file:
        yield file
