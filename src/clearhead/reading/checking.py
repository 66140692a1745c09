"""Whether a file is text in UTF-8, by its first bytes and line by line; what it is else, and the remedy."""

from pathlib import Path
from typing import Final

from clearhead.errors import DataError
from clearhead.reading.encodings import fitting, foreign_encoding, is_utf8
from clearhead.reading.formats import foreign_format, is_binary

# What makes of every "\r" a line end, as odd ones may be among those of Windows.
REMEDY_FOR_RETURNS: Final = r"make line ends of them with perl -pe 's/\r\n?/\n/g' FILE > NEW"
# A few stray bytes do not make a file one of another encoding.
_FEW: Final = 3
# Bytes that no encoding fits are refused where there are more than a line or two of them, and so many are no UTF-8.
_LEAST_BYTES, _LEAST_SHARE, _LEAST_LINES = 41, 0.2, 0.9


def check_text(head: bytes, name: str, path: Path | None = None) -> None:
    """Raise a DataError where a file that begins with `head` is another format or UTF-16, or its lines end in CR."""
    if what := foreign_format(head, path):
        raise DataError(f"{name} {what}")
    if encoding := foreign_encoding(head):
        raise DataError(f"{name} is in {encoding}, expected UTF-8; {encoding.remedy(name)}")
    if _ends_in_cr(head):
        raise DataError(
            f"{name} has CR line ends, those of old Macs, so that it is one line; convert it with "
            r"tr '\r' '\n' < FILE > NEW"
        )


def check_utf8(head: bytes, name: str) -> None:
    """Raise a DataError where the lines in `head` are in another encoding or none; odd ones among others may pass."""
    lines = _whole_lines(head)
    odd = [line for line in lines if not is_utf8(line)]
    fine = sum(1 for line in lines if not line.isascii()) - len(odd)
    if not odd or 10 * fine >= len(odd):
        return
    if is_binary(head):
        raise DataError(f"{name} is binary, not text; give a text file in UTF-8, one sentence a line")
    encoding = fitting(b"\n".join(odd))
    are_most = 2 * len(odd) > sum(1 for line in lines if line.strip())
    if encoding and encoding.evidence >= _FEW and (are_most or len(odd) >= _FEW):
        raise DataError(f"{name} is not UTF-8; it looks like {encoding}: {encoding.remedy(name)}")
    visible = sum(1 for line in lines if line.strip(b"\0 \t\r\f\v"))
    if len(odd) >= _LEAST_LINES * visible and _is_foreign(b"\n".join(odd)):
        raise DataError(f"{name} is in no encoding that clearhead knows; save it as UTF-8")


def _is_foreign(lines: bytes) -> bool:
    """Whether lines are another encoding throughout: a stray byte or half a character leaves the rest of a line."""
    text = lines.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    good = sum(1 for one in text if not one.isascii()) - bad
    return len(lines) >= _LEAST_BYTES and bad > good and bad >= _LEAST_SHARE * len(text)


def _ends_in_cr(head: bytes) -> bool:
    """Whether "\r" ends the lines: more do without a "\n" than with one, and there are words between them."""
    alone = head.count(b"\r") - head.count(b"\r\n")
    if alone <= head.count(b"\n"):
        return False
    words = (part.strip() for part in head.split(b"\r"))
    return sum(len(part) > 1 and is_utf8(part) and part.decode()[0].isalnum() for part in words) > 1


def odd_line(name: str, number: int, line: bytes, error: UnicodeDecodeError, head: bytes) -> DataError:
    """The error for a line, counted from 1, that is not UTF-8, in a file that begins with `head`."""
    others = [one for one in _whole_lines(head) if not is_utf8(one)]
    if is_binary(head):
        remedy = "the file looks binary: give a text file"
    elif encoding := fitting(b"\n".join([line, *others])) or fitting(line):
        remedy = f"it looks like {encoding}: {encoding.remedy(name)}"
    else:
        remedy = "correct or remove the line, or convert the file to UTF-8 with iconv"
    return DataError(
        f"{name}: line {number:,} is not UTF-8 (byte 0x{line[error.start]:02X} at {error.start + 1:,}); {remedy}"
    )


def _whole_lines(head: bytes) -> list[bytes]:
    return (head.rpartition(b"\n")[0] or head).split(b"\n")
