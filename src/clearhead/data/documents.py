"""Documents to learn from or be judged by: whole files of text, paragraphs or lines, or the cells of a column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clearhead.data.corpus import read_lines
from clearhead.data.parts import all_of, part_of
from clearhead.data.tables import TableFile, read_table
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


DocumentFile = TextFile | TableFile


def read_documents(file: DocumentFile) -> Iterator[str]:
    """The documents of a file, or of the part of it, in their order; none is blank.

    A table's are the cells of its columns, of which it has one. Raises DataError as `read_lines` and `read_table` do.
    """
    if isinstance(file, TableFile):
        return (cell for row in read_table(file) for cell in row if not is_blank(cell))
    if file.documents == "file":
        text = "".join(f"{line}\n" for line in read_lines(file.path))
        part = text[int(len(text) * file.start) : int(len(text) * file.stop)]
        return iter([] if is_blank(part) else [part])
    return part_of(file, lambda: _parts(file))


def read_all(files: Sequence[DocumentFile]) -> Iterator[str]:
    """The documents of all files, one file after the other. Raises DataError where there is none."""
    return all_of(files, read_documents, "there is no text but blank lines", "text", "text")


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
