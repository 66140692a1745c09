"""Whether a file is text in UTF-8 as a whole, or is refused before its first line (faults.md B6, B8)."""

import pytest

from clearhead.errors import DataError
from clearhead.reading import check_text, check_utf8, odd_line

KOREAN = "안녕하세요. 오늘은 날씨가 좋습니다.\n".encode("cp949")
FRENCH = "Elle a été privée d'électricité.\n".encode("latin-1")


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (KOREAN, r"text is not UTF-8; it looks like CP949 \(Korean Windows\): convert it with iconv -f CP949 -t UTF-8"),
        (b"one\n" * 999 + KOREAN * 3, "it looks like CP949"),
        (FRENCH, "it looks like LATIN1"),
        (b"one\n" * 99 + b"caf\xe9 au lait\n" * 3, "it looks like LATIN1"),
        (bytes(range(256)) * 8, "text is binary, not text"),
    ],
)
def test_a_file_in_another_encoding_is_refused(head: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_utf8(head, "text")


KOREAN_OF_DOS = "안녕하세요. 오늘은 날씨가 좋습니다.\n저는 학생입니다.\n".encode("johab")


@pytest.mark.parametrize(
    "head",
    [KOREAN_OF_DOS, KOREAN_OF_DOS * 40, b"OK\n" + KOREAN_OF_DOS * 9, (KOREAN_OF_DOS * 2).replace(b"\n", b"\r\n\r\n")],
)
def test_a_file_in_no_known_encoding_is_refused(head: bytes) -> None:
    """faults.md B6: JOHAB, Korean before Windows, became nonsense with exit 0."""
    with pytest.raises(DataError, match=r"^text is in no encoding that clearhead knows; save it as UTF-8$"):
        check_utf8(head, "text")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        KOREAN_OF_DOS[:36],
        b"one\ntwo\n" + KOREAN_OF_DOS,
        "동물은 너무 피곤해서 길을 건너지 않았다".encode()[:-1],
        b"this line is of more than forty bytes, and one is \x81",
        b"one\ntwo",
        "안녕\n".encode() * 3 + b"caf\xe9\n" * 9,
        b"one\ncaf\xe9\nthree\n",
        b"one\n\xff\xfe\xc3\ntwo\n\xed\xa0\x80\n",
        "été\n".encode() + "안".encode()[:2],
        "안".encode()[:2],
    ],
)
def test_odd_lines_among_others_are_not_refused(head: bytes) -> None:
    check_text(head, "text")
    check_utf8(head, "text")


@pytest.mark.parametrize("head", [b"one\rtwo\rthree", b"one\rtwo", "하나\r둘입니다\r".encode(), b"one\rtwo\rthree\n"])
def test_old_line_ends_are_refused(head: bytes) -> None:
    with pytest.raises(DataError, match=r"^text has CR line ends, .*; convert it with tr '\\r' '\\n' < FILE > NEW$"):
        check_text(head, "text")


@pytest.mark.parametrize(
    "head", [b"one\rtwo\n", b"one\r\ntwo\r\n", b"one\r\r\ntwo\r\r\n", b"one\r", b"\r\r\r", b"a\rb\n"]
)
def test_a_cr_within_a_line_is_text(head: bytes) -> None:
    check_text(head, "text")


def test_another_format_is_refused_by_its_name() -> None:
    with pytest.raises(DataError, match="text is a PDF; copy its text"):
        check_text(b"%PDF-1.4\n", "text")
    with pytest.raises(DataError, match="text is in UTF-16, expected UTF-8; convert it with iconv -f UTF-16 -t UTF-8"):
        check_text("one\n".encode("utf-16"), "text")


def test_an_odd_line_is_told_with_its_place() -> None:
    """é in Latin-1 is the byte E9."""

    def told(line: bytes, head: bytes) -> str:
        with pytest.raises(UnicodeDecodeError) as raised:
            line.decode()
        return str(odd_line("text", 1234, line, raised.value, head))

    assert told(b"caf\xe9", b"").startswith("text: line 1,234 is not UTF-8 (byte 0xE9 at 4); it looks like LATIN1 (")
    assert "CP949" in told(KOREAN[:-1], b"one\n" + KOREAN)
    assert told(b"\xff\xfe\xc3", b"").endswith("; correct or remove the line, or convert the file to UTF-8 with iconv")
