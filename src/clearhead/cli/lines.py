"""Lines in, lines out: one for each, in order, whatever bytes they hold."""

import contextlib
import gzip
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast, final

from clearhead.errors import DataError
from clearhead.files import publish_file
from clearhead.reading import REMEDY_FOR_RETURNS, Lines, check_utf8, find_table, fitting, open_lines

if TYPE_CHECKING:
    import clearhead


# So many lines tell whether they are a table.
TABLE_LINES = 1000
# Of so many lines that are not UTF-8 each is named, of all others their number.
MOST_SAID = 3


def read(path: Path | None, quiet: bool = False, option: str = "--in") -> "Texts":
    """The lines of a file (gzip too), or of standard input for None; `reading.lines` says what a line is.

    Bytes that are not UTF-8 become U+FFFD, and standard error is told of it unless `quiet`, so that lines in and
    lines out match. Raises DataError where the file cannot be read, or is as a whole no text in UTF-8, before a line
    is handed out. option: by which the file was named.
    """
    return Texts(path, quiet, option)


def require_there(path: Path | None) -> None:
    """Raise DataError where `read` could not begin. A pipe is not touched: it can be read only once."""
    try:
        if path is not None and (path.is_dir() or not path.exists() or path.is_file()):
            with open_lines(path, _name(path)) as lines:
                check_utf8(lines.head, _name(path))
    except OSError as error:
        raise _unreadable(path, error) from error


def _name(path: Path | None) -> str:
    return "standard input" if path is None else f"input {path}"


def _unreadable(path: Path | None, error: OSError, option: str = "--in") -> DataError:
    place = path or "from standard input"
    return DataError(f"input {place} cannot be read ({error.strerror}); name a text file by {option}")


@final
class Texts:
    """What `read` returns: an iterator of lines that knows whether the next one is there."""

    def __init__(self, path: Path | None, quiet: bool, option: str = "--in") -> None:
        self._path, self._quiet, self._option = path, quiet, option
        self._lines: Lines | None = None
        self._texts = self._decoded()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._texts)

    def is_there(self) -> bool:
        """Whether the next line, or the end, is there without waiting for whoever writes."""
        try:
            return self._lines is None or self._lines.is_there()
        except OSError as error:
            raise _unreadable(self._path, error, self._option) from error

    def _decoded(self) -> Iterator[str]:
        name = _name(self._path)
        replaced = returns = first_return = 0
        # The tokenizers of that room are imported with it, and take time.
        from clearhead.text import has_inner_return

        try:
            with open_lines(self._path, name) as lines:
                check_utf8(lines.head, name)
                self._lines = lines
                for number, line in enumerate(lines, start=1):
                    try:
                        text = line.decode("utf-8")
                    except UnicodeDecodeError as error:
                        text = line.decode("utf-8", errors="replace")
                        replaced += 1
                        if not self._quiet and replaced <= MOST_SAID:
                            _note_replaced(line, number, error)
                    if has_inner_return(text):
                        returns, first_return = returns + 1, first_return or number
                    yield text
        except OSError as error:
            raise _unreadable(self._path, error, self._option) from error
        if not self._quiet and replaced > MOST_SAID:
            more = f"{replaced - MOST_SAID:,} more lines were not UTF-8"
            print(f"clearhead: {more}, and what could not be read was replaced", file=sys.stderr)
        if not self._quiet and returns:
            _note_returns(first_return, returns)


def _note_replaced(line: bytes, number: int, error: UnicodeDecodeError) -> None:
    """Say of a line that it is not UTF-8, and the remedy."""
    place = f"line {number} is not UTF-8 (its byte {error.start + 1}), and what cannot be read is replaced"
    encoding = fitting(line)
    remedy = f"convert the text, as in: iconv -f {encoding.name} -t UTF-8" if encoding else "correct the line"
    print(f"clearhead: {place}; {remedy}", file=sys.stderr)


def _note_returns(first: int, count: int) -> None:
    """Say once that a line end of old Macs ends no line here, so that what follows it may be lost."""
    place = f"line {first:,} has" if count == 1 else f"{count:,} lines, the first of them {first:,}, have"
    print(f"clearhead: {place} a CR between words, which ends no line; {REMEDY_FOR_RETURNS}", file=sys.stderr)


def write(lines: Iterable[str], path: Path | None, at_once: bool = False) -> None:
    """Write lines to a file, which is there when it is whole, or for None to standard output, each as it comes.

    A file whose name ends in .gz is compressed. at_once: nobody waits for the first line; `head` may leave after it.
    """
    try:
        # Somebody may wait for each line; nobody sees a file before it is whole, and gzip would pack each line alone.
        is_followed = path is None or _is_stream(path)
        lines = ["\n".join(map(one_line, lines))] if at_once else map(one_line, lines)
        with destination(path) as sink:
            for line in lines:
                sink.write(line.encode("utf-8", errors="replace") + b"\n")
                if is_followed:
                    sink.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        name = path or "to standard output"
        raise DataError(f"output {name} cannot be written ({error.strerror}); check its folder and the disk") from error


def write_pieces(pieces: Iterable[str]) -> None:
    """Write the pieces of one text to standard output, each as it comes, and a line end."""
    try:
        with destination(None) as sink:
            for piece in pieces:
                sink.write(piece.encode("utf-8", errors="replace"))
                sink.flush()
            sink.write(b"\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DataError(f"output to standard output cannot be written ({error.strerror}); check the disk") from error


def one_line(text: str) -> str:
    """A text as one line: what would end a line becomes a space."""
    return text.replace("\r", " ").replace("\n", " ")


def note_cuts(bundle: "clearhead.Bundle", texts: Sequence[str], before: int = 0, paragraphs: bool = False) -> None:
    """Say on standard error which lines, the first being `before` + 1, are too long for the model and are cut.

    paragraphs: whether each sentence of a line is read by itself.
    """
    numbers = bundle.too_long(texts, paragraphs=True) if paragraphs else bundle.too_long(texts)
    if not numbers:
        return
    verbs = ("has a sentence", "have a sentence") if paragraphs else ("is", "are")
    lines, rest = _lines(numbers, before, verbs), "the rest of each" if len(numbers) > 1 else "its rest"
    print(
        f"clearhead: {lines} longer than the model's {bundle.config.max_length} tokens; {rest} is left out",
        file=sys.stderr,
    )


def note_table(texts: Sequence[str], name: str = "the input") -> None:
    """Say on standard error that lines are those of a table, each of which is taken for one sentence."""
    if table := find_table(texts[:TABLE_LINES]):
        print(f"clearhead: {name} {table.what}, and each is taken for one sentence; {table.remedy}", file=sys.stderr)


def note_files(bundle: "clearhead.Bundle", files: Mapping[Path, Sequence[str]]) -> None:
    """Say on standard error of files with pairs, the sources first, which are tables, and which sources are cut.

    A file that is named twice is spoken of once.
    """
    for path, texts in files.items():
        note_table(texts, str(path))
    note_cuts(bundle, next(iter(files.values())))


def note_swapped(
    bundle: "clearhead.Bundle", sources: Sequence[str], targets: Sequence[str], name: str, written: Sequence[str] = ()
) -> bool:
    """Say on standard error that two files seem to be swapped; whether they do.

    name: what the command calls the second. written: what the model wrote for the first, where it was asked to: of two
    languages in one script nothing else tells which one it reads.
    """
    # The tokenizers of that room are imported with it, and take time.
    from clearhead.text import are_like_sources

    unread, unread_targets = (len(bundle.unreadable(texts)) / len(texts) for texts in (sources, targets))
    if unread > 0.5 > unread_targets:
        why = f"the model reads the script of {name} and not that of SOURCE"
    elif written and are_like_sources(sources, targets, written):
        why = f"the translations are in the language of SOURCE and not in that of {name}"
    else:
        return False
    language = f", or --to is not {name}'s language" if bundle.languages else ""
    print(
        f"clearhead: SOURCE and {name} seem to be swapped: {why}; the order is MODEL SOURCE {name}{language}",
        file=sys.stderr,
    )
    return True


def note_unreadable(bundle: "clearhead.Bundle", texts: Sequence[str], before: int = 0) -> bool:
    """Say on standard error which lines, the first being `before` + 1, are in a script that the model never read.

    Whether there are any: once is enough for a whole file.
    """
    numbers = bundle.unreadable(texts)
    if not numbers:
        return False
    lines, scripts = _lines(numbers, before), ", ".join(script.capitalize() for script in bundle.readable_scripts)
    print(
        f"clearhead: {lines} in a script that this model never learned to read, so what comes of it "
        f"may mean nothing; it reads {scripts}",
        file=sys.stderr,
    )
    return True


def _lines(numbers: Sequence[int], before: int, verbs: tuple[str, str] = ("is", "are")) -> str:
    """Lines as the beginning of a sentence: however many there are, it is short. verbs: of one, and of several."""
    named = ", ".join(str(before + number + 1) for number in numbers[:3])
    more = f" and {len(numbers) - 3:,} more" if len(numbers) > 3 else ""
    return f"lines {named}{more} {verbs[1]}" if len(numbers) > 1 else f"line {named} {verbs[0]}"


@contextlib.contextmanager
def destination(path: Path | None) -> Iterator[IO[bytes]]:
    """What bytes are written to: standard output, a pipe, or a file that is there when it is whole."""
    if path is None:
        if sys.stdout is None:
            raise DataError("standard output is closed; name a file by --out")
        yield sys.stdout.buffer
        return
    real = path.resolve()
    if _is_stream(real):
        # A pipe or a terminal; a folder's error says what it is.
        with real.open("wb") as file, _compressed(path, file) as lines:
            yield lines
        return
    real.parent.stat()  # A folder with a mistyped name is not made.
    # Beside its place: a half of it would look like a whole.
    with publish_file(real) as draft, draft.open("wb") as file, _compressed(path, file) as lines:
        yield lines


def _is_stream(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _compressed(path: Path, file: IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    """What to write to, so that a file whose name ends in .gz is one: the same lines, the same bytes."""
    if path.suffix.lower() != ".gz":
        return contextlib.nullcontext(file)
    # The file's name and the time, which gzip would keep, say nothing of the lines.
    return cast(AbstractContextManager[IO[bytes]], gzip.GzipFile("", "wb", fileobj=file, mtime=0))
