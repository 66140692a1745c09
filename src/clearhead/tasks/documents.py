"""Which files of a recipe hold documents, for all tasks that learn from documents."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from clearhead.data import DocumentFile, TableFile, TextFile, read_lines, read_table
from clearhead.errors import DataError
from clearhead.recipe import Data, Recipe, TableSettings, TextSettings
from clearhead.recipe.values import Section

# The column of a table that has the text, where a recipe names none.
_USUAL_COLUMN: Final = 1


def document_file(data: Data, corpus: Section, start: float = 0.0, stop: float = 1.0) -> DocumentFile:
    """The file that an item of a recipe's corpora names, or a part of it."""
    folder = Path(data.folder or ".")
    if isinstance(corpus, TableSettings):
        return TableFile(folder / corpus.table, corpus.columns or (_USUAL_COLUMN,), start, stop, corpus.header)
    assert isinstance(corpus, TextSettings)
    return TextFile(folder / corpus.text, corpus.documents, start, stop)


def document_corpora(corpora: Sequence[Section]) -> list[TextSettings | TableSettings]:
    """Those of a recipe's corpora that name documents, in their order; a share of the others names none."""
    return [one for one in corpora if isinstance(one, TextSettings | TableSettings)]


def file_names(data: Data) -> list[str]:
    """The files that a recipe names, in its folder."""
    corpora = document_corpora((*data.train, *data.validation))
    return [one.table if isinstance(one, TableSettings) else one.text for one in corpora]


def first_words(recipe: Recipe, count: int) -> list[str]:
    """The first words of the texts that can be typed into a terminal, all from one line; none where none can be read.

    The files of a recipe may be gone by the time that its model is used.
    """
    try:
        for line in _lines(document_file(recipe.data, document_corpora(recipe.data.train)[0])):
            # An option begins with a hyphen, and a terminal obeys what is not printable.
            if words := [word for word in line.split() if word[0] != "-" and word.isprintable()]:
                return words[:count]
    except DataError:
        pass
    return []


def _lines(file: DocumentFile) -> Iterator[str]:
    return (cell for row in read_table(file) for cell in row) if isinstance(file, TableFile) else read_lines(file.path)
