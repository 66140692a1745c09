"""Worksheets as data: small whole numbers, blanks, and an answer key with the sum that makes each answer."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.byhand.making import TOPICS, make_sheet, read_sizes
    from clearhead.byhand.matrices import read_matrices
    from clearhead.byhand.sheet import Cell, Matrix, Section, Sheet
    from clearhead.byhand.texts import LANGUAGES, Texts
    from clearhead.byhand.traced import sheet_from

__all__ = [
    "LANGUAGES",
    "TOPICS",
    "Cell",
    "Matrix",
    "Section",
    "Sheet",
    "Texts",
    "make_sheet",
    "read_matrices",
    "read_sizes",
    "sheet_from",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "making": ("TOPICS", "make_sheet", "read_sizes"),
        "matrices": ("read_matrices",),
        "sheet": ("Cell", "Matrix", "Section", "Sheet"),
        "traced": ("sheet_from",),
        "texts": ("LANGUAGES", "Texts"),
    },
)
