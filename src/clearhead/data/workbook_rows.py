"""Workbooks (.xlsx): the rows of the first sheet, read one at a time."""

import importlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clearhead.data.corpus import check_file
from clearhead.errors import DataError
from clearhead.text import is_blank


def workbook_cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The number, from 1, and the cells of each row of the first sheet that is not blank.

    A formula's cell has the value that was computed last. All rows have the cells of the widest before them, as a
    workbook keeps no empty ones. Memory is constant, but for the workbook's own list of texts.

    Raises DataError where the package for it is missing, or the file is no whole workbook.
    """
    check_file(path)
    try:
        library = importlib.import_module("openpyxl")
    except ImportError:
        raise DataError(
            f"{path} is a workbook, which needs the package openpyxl; install it with: pip install 'clearhead[xlsx]'"
        ) from None
    try:
        workbook = library.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, library.utils.exceptions.InvalidFileException) as error:
        why = str(error).partition("\n")[0][:80]
        raise DataError(f"{path} is no workbook that can be read ({why}); save it again as .xlsx") from error
    width = 0
    try:
        for number, values in enumerate(workbook.worksheets[0].iter_rows(values_only=True), start=1):
            cells = [_text(value) for value in values]
            if any(not is_blank(cell) for cell in cells):
                width = max(width, len(cells))
                yield number, cells + [""] * (width - len(cells))
    finally:
        workbook.close()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()  # As the sheet shows it.
    return " ".join(str(value).splitlines())
