"""What a file is that is no text: told by its first bytes, whatever its name says."""

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from clearhead.reading.compression import compression_of

_AS_TEXT: Final = (
    "save its sheet as text: File > Save As > CSV UTF-8, and name that as a table in a recipe, or make a file of each "
    "column as docs/tutorial.md does, one sentence a line"
)
_AS_PLAIN: Final = "save it as plain text in UTF-8, one sentence a line"
_MAGIC: Final = (
    (b"%PDF-", "a PDF", "copy its text into a text file in UTF-8, one sentence a line"),
    (b"{\\rtf", "a Rich Text document", _AS_PLAIN),
    (b"BZh", "a bzip2 archive", "unpack it with bunzip2"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it first"),
    (b"\x89PNG\r\n\x1a\n", "an image", "give a text file"),
    (b"\xff\xd8\xff", "an image", "give a text file"),
    (b"GIF87a", "an image", "give a text file"),
    (b"GIF89a", "an image", "give a text file"),
    (b"SQLite format 3\x00", "an SQLite database", "export its text, one sentence a line"),
    (b"PAR1", "a Parquet file", "name it as a table in a recipe, or write its columns as text"),
    (b"\x7fELF", "a program", "give a text file"),
)
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Parts of a zip file by their names, and what it is then.
_OFFICE: Final = (
    (r"xl/|mimetypeapplication/vnd\.oasis\.opendocument\.spreadsheet", "a workbook", _AS_TEXT),
    (r"word/|mimetypeapplication/vnd\.oasis\.opendocument\.text", "a word processor's document", _AS_PLAIN),
    (r"mimetypeapplication/hwp\+zip", "a word processor's document (HWPX)", _AS_PLAIN),
    (r"ppt/|mimetypeapplication/vnd\.oasis\.opendocument\.presentation", "a presentation", _AS_PLAIN),
)
# The share of control characters from which, and the number of bytes for which bytes that are no UTF-8 are no text.
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_BINARY_SHARE, _BINARY_BYTES = 0.05, 1024


def foreign_format(head: bytes, path: Path | None = None) -> str | None:
    """What a file that begins with `head` is, and the remedy, as in "is a PDF; …"; None where it may be text."""
    if compression := compression_of(head):
        return f"holds another {compression.name} file; unpack it once with {compression.unpack}"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(head, path)
    if head.startswith(_OLD_OFFICE):
        suffix = path.suffix.lower() if path else ""
        if suffix == ".hwp" or b"HWP Document File" in head or "BodyText".encode("utf-16-le") in head:
            return f"is a word processor's document (HWP); {_AS_PLAIN}"
        is_document = suffix == ".doc" or "WordDocument".encode("utf-16-le") in head
        what, remedy = ("a word processor's document", _AS_PLAIN) if is_document else ("a workbook", _AS_TEXT)
        return f"is {what} of the old Office format; {remedy}"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "is an image; give a text file"
    if head[257:262] == b"ustar":
        return "is a tar archive; unpack it with tar -xf"
    return next((f"is {what}; {remedy}" for magic, what, remedy in _MAGIC if _begins(head, magic)), None)


def is_binary(head: bytes) -> bool:
    """Whether bytes that are not UTF-8 are no text in any other encoding either."""
    return len(head) >= _BINARY_BYTES and len(_CONTROLS.findall(head)) > _BINARY_SHARE * len(head)


def _begins(head: bytes, magic: bytes) -> bool:
    # What is made of letters alone may begin a sentence; then the next bytes are no text.
    return head.startswith(magic) and (not magic.isalnum() or bool(_CONTROLS.search(head[:64])))


def _zip(head: bytes, path: Path | None) -> str:
    names = "".join(_names_in(head, path))
    for pattern, what, remedy in _OFFICE:
        if re.search(pattern, names):
            return f"is {what}; {remedy}"
    return "is a zip archive; unpack it with unzip, and give a text file in it"


def _names_in(head: bytes, path: Path | None) -> Iterable[str]:
    """The names of what a zip file holds, as far as they can be had, and what an OpenDocument's `mimetype` says."""
    found = re.findall(rb"PK\x03\x04.{26}((?:xl|word|ppt)/|mimetypeapplication/[\w.+-]+)", head, re.DOTALL)
    yield from (one.decode("latin-1") for one in found)
    if path is None or not path.is_file():
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield from archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return
