"""What is no text is told by its first bytes (faults.md B6). The files are made by their own libraries, or by hand."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from clearhead.reading import foreign_format, is_binary


def zipped(*names: str, mimetype: str = "") -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        if mimetype:
            # OpenDocument: the first file, stored as it is.
            archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        for name in names:
            archive.writestr(name, "content " * 99)
    return memory.getvalue()


def tarred() -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return memory.getvalue()


OPEN = "application/vnd.oasis.opendocument."
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
FORMATS = [
    (zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), "is a workbook; save its sheet as text"),
    (zipped("[Content_Types].xml", "word/document.xml"), "is a word processor's document; save it as plain text"),
    (zipped("content.xml", mimetype=OPEN + "spreadsheet"), "is a workbook; save its sheet as text"),
    (zipped("content.xml", mimetype=OPEN + "text"), "is a word processor's document"),
    (zipped("ppt/presentation.xml"), "is a presentation"),
    (zipped("train.en", "train.fr"), "is a zip archive; unpack it"),
    (zipped(), "is a zip archive; unpack it"),
    (OLD + "Workbook".encode("utf-16-le"), "is a workbook of the old Office format"),
    (OLD + "WordDocument".encode("utf-16-le"), "is a word processor's document of the old Office format"),
    # HWP 5.0's own specification: the storages of its file, and the signature in its FileHeader.
    (OLD + "BodyText".encode("utf-16-le"), "is a word processor's document (HWP); save it as plain text"),
    (OLD + b"HWP Document File" + bytes(15), "is a word processor's document (HWP); save it as plain text"),
    (zipped("Contents/section0.xml", mimetype="application/hwp+zip"), "is a word processor's document (HWPX); save it"),
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is a PDF"),
    (b"{\\rtf1\\ansi Hello}", "is a Rich Text document"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", "is an image"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "is an image"),
    (b"GIF89a\x01\x00", "is an image"),
    (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "is an image"),
    (b"BZh91AY&SY\x00\x00", "is a bzip2 archive"),
    (b"\xfd7zXZ\x00\x00", "holds another xz file; unpack it once with xz -d"),
    (b"\x28\xb5\x2f\xfd\x04\x00", "holds another Zstandard file; unpack it once with zstd -d"),
    (b"PAR1\x15\x04\x15\x00", "is a Parquet file"),
    (gzip.compress(b"one\n", mtime=0), "holds another gzip file"),
    (tarred(), "is a tar archive"),
]


@pytest.mark.parametrize(("content", "expected"), FORMATS)
def test_a_format_is_named(tmp_path: Path, content: bytes, expected: str) -> None:
    """By its content alone, as from a pipe, and with the file at hand."""
    (tmp_path / "text.txt").write_bytes(content)
    for path in (None, tmp_path / "text.txt"):
        found = foreign_format(content, path)
        assert found is not None
        assert found.startswith(expected)


def test_a_workbook_whose_name_stands_far_behind_is_one(tmp_path: Path) -> None:
    names = [f"docProps/{number}.xml" for number in range(99)]
    content = zipped(*names, "xl/workbook.xml")
    (tmp_path / "a.xlsx").write_bytes(content)
    found = foreign_format(content[:1000], tmp_path / "a.xlsx")
    assert found is not None
    assert found.startswith("is a workbook")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BZhang is here.",
        "PAR1 is a word.",
        "GIF89a is a format.",
        "PK is my name.",
        "RIFF raff",
        "{",
        "%PDF",
        "안녕",
    ],
)
def test_text_is_none(text: str) -> None:
    assert foreign_format(text.encode()) is None


def test_many_control_characters_are_binary() -> None:
    assert is_binary(bytes(range(256)) * 4)
    assert not is_binary(b"\xe9\x00" * 9)
    assert not is_binary(b"caf\xe9\tau lait\r\n" * 999)
