"""Documents of text files to learn from or be judged by: whole files, paragraphs or lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clearhead.data.corpus import read_lines
from clearhead.errors import DataError
from clearhead.text import is_blank

Documents = Literal["file", "paragraph", "line"]


@dataclass(frozen=True)
class TextFile:
    """A file of text, or a part of it.

    documents: what of it is one document. A file is one as it is, each line with its end; paragraphs are separated by
    blank lines; lines and paragraphs have no line end at their end, and those that are blank are none.
    start, stop: which part of it, as shares from 0 to 1: of a file that is one document its characters, else of the
    documents.
    """

    path: Path
    documents: Documents = "file"
    start: float = 0.0
    stop: float = 1.0

    def __str__(self) -> str:
        return str(self.path)


def read_documents(file: TextFile) -> Iterator[str]:
    """The documents of a file, or of the part of it, in their order; none is blank.

    Raises DataError as `read_lines` does.
    """
    if file.documents == "file":
        text = "".join(f"{line}\n" for line in read_lines(file.path))
        part = text[int(len(text) * file.start) : int(len(text) * file.stop)]
        return iter([] if is_blank(part) else [part])
    if (file.start, file.stop) == (0.0, 1.0):
        return _parts(file)
    count = sum(1 for _ in _parts(file))
    first, end = int(count * file.start), int(count * file.stop)
    return (one for number, one in enumerate(_parts(file)) if first <= number < end)


def read_all(files: Sequence[TextFile]) -> Iterator[str]:
    """The documents of all files, one file after the other. Raises DataError where there is none."""
    is_empty = True
    for file in files:
        for document in read_documents(file):
            is_empty = False
            yield document
    if is_empty:
        names = ", ".join(map(str, files))
        if any((one.start, one.stop) != (0.0, 1.0) for one in files):
            raise DataError(
                f"{names}: too short to keep a share of it back to validate with, as one part has no text; give more "
                "text, or name a text in data.validate"
            )
        raise DataError(f"{names}: there is no text but blank lines; check the file")


def _parts(file: TextFile) -> Iterator[str]:
    lines = read_lines(file.path)
    if file.documents == "line":
        return (line for line in lines if not is_blank(line))
    return _paragraphs(lines)


def _paragraphs(lines: Iterator[str]) -> Iterator[str]:
    found: list[str] = []
    for line in lines:
        if not is_blank(line):
            found.append(line)
        elif found:
            yield "\n".join(found)
            found = []
    if found:
        yield "\n".join(found)
