"""Lines in, lines out, whatever bytes they hold."""

import gzip
import io
import re
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clearhead.bundle import Bundle
from clearhead.cli import lines
from clearhead.errors import DataError
from clearhead.reading.formats import foreign_format


def read(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[str]:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        return list(lines.read(None))


class Breaking(io.RawIOBase):
    """A stream of some lines, which breaks off with an error of the disk."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if not self.content:
            raise OSError(5, "Input/output error")
        count = min(len(buffer), len(self.content))
        buffer[:count], self.content = self.content[:count], self.content[count:]
        return count


class TestReading:
    @pytest.mark.parametrize("looks_ahead", [False, True])
    def test_an_error_of_the_disk_after_some_lines_is_told_in_one(
        self, monkeypatch: pytest.MonkeyPatch, looks_ahead: bool
    ) -> None:
        stream = io.TextIOWrapper(io.BufferedReader(Breaking(b"a\n" * (1 << 18))))
        monkeypatch.setattr(sys, "stdin", stream)
        found = 0

        def read_all(texts: lines.Texts) -> None:
            nonlocal found
            for text in texts:
                found += text == "a"
                assert not looks_ahead or texts.is_there()

        with pytest.raises(DataError, match=r"^input from standard input cannot be read \(Input/output error\)"):
            read_all(lines.read(None))
        assert found == 1 << 18

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"", []),
            (b"a", ["a"]),
            (b"a\n", ["a"]),
            (b"\n\n", ["", ""]),
            (b"a\r\nb\r\n", ["a", "b"]),
            (b"a\rb\n", ["a\rb"]),
            ("a\u2028b\u0085c\x0bd\x0ce\x1cf\n".encode(), ["a\u2028b\u0085c\x0bd\x0ce\x1cf"]),
            (b"\x00\n", ["\x00"]),
            (b"a\xffb\n", ["a\ufffdb"]),
            (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", ["a", "\ufeffb"]),
        ],
    )
    def test_only_a_newline_ends_a_line(
        self, monkeypatch: pytest.MonkeyPatch, content: bytes, expected: list[str]
    ) -> None:
        assert read(monkeypatch, content) == expected

    @given(st.binary(max_size=40))
    def test_as_many_as_wc_counts(self, content: bytes) -> None:
        """`wc -l` counts newlines; a last line without one is a line too. What begins as an archive does is refused."""
        assume(foreign_format(content) is None)
        with pytest.MonkeyPatch.context() as monkeypatch:
            expected = content.count(b"\n") + (not content.endswith(b"\n") and content != b"")
            assert len(read(monkeypatch, content)) == expected

    def test_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"a\nb")
        assert list(lines.read(tmp_path / "a")) == ["a", "b"]

    def test_gzip(self, tmp_path: Path) -> None:
        (tmp_path / "a.gz").write_bytes(gzip.compress(b"a\nb\n"))
        assert list(lines.read(tmp_path / "a.gz")) == ["a", "b"]

    def test_gzip_by_another_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """faults.md B6."""
        (tmp_path / "a.txt").write_bytes(gzip.compress(b"a\nb\n"))
        assert list(lines.read(tmp_path / "a.txt")) == ["a", "b"]
        assert read(monkeypatch, gzip.compress(b"a\nb\n")) == ["a", "b"]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("one\ntwo\n".encode("utf-16"), "is in UTF-16, expected UTF-8; convert it with iconv -f UTF-16 -t UTF-8"),
            ("오늘은 날씨가 좋습니다.\n".encode("cp949"), "is not UTF-8; it looks like CP949 (Korean Windows)"),
            (b"one\rtwo\rthree\r", "has CR line ends"),
            (b"PK\x03\x04" + bytes(26) + b"xl/workbook.xml", "is a workbook; save its sheet as text"),
        ],
    )
    def test_what_is_no_text_in_utf8_as_a_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
    ) -> None:
        """faults.md B6 and B8: nonsense with exit 0 before. From a file and from a pipe."""
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(DataError, match=re.escape(f"input {tmp_path / 'a'} {message}")):
            next(lines.read(tmp_path / "a"))
        with pytest.raises(DataError, match=re.escape(f"standard input {message}")):
            read(monkeypatch, content)

    def test_half_of_a_gzip_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.gz").write_bytes(gzip.compress(b"a\nb\n" * 999)[:-9])
        with pytest.raises(DataError, match="is not a whole gzip file"):
            list(lines.read(tmp_path / "a.gz"))

    def test_a_closed_standard_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", None)
        with pytest.raises(DataError, match="standard input is closed; name a file by --in"):
            list(lines.read(None))


class TestWriting:
    def test_one_newline_a_line(self, tmp_path: Path) -> None:
        lines.write(["a", "", "b\nc", "d\re", "é\u2028"], tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == "a\n\nb c\nd e\né\u2028\n".encode()

    @pytest.mark.parametrize("name", ["out.gz", "out.GZ"])
    def test_a_name_in_gz_is_gzip(self, tmp_path: Path, name: str) -> None:
        """faults.md B7. Twice the same bytes: neither the name nor the time is in it."""
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir()
            lines.write(["one", "two"] * 999, tmp_path / folder / name)
        packed = (tmp_path / "a" / name).read_bytes()
        assert gzip.decompress(packed) == b"one\ntwo\n" * 999
        assert packed == (tmp_path / "b" / name).read_bytes()
        assert len(packed) < 200
        assert list(lines.read(tmp_path / "a" / name)) == ["one", "two"] * 999

    def test_half_of_a_pair_of_surrogates(self, tmp_path: Path) -> None:
        lines.write(["\ud800"], tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == b"?\n"

    def test_the_file_that_is_read(self, tmp_path: Path) -> None:
        """`--in a --out a` must not empty a before it was read."""
        (tmp_path / "a").write_bytes(b"a\nb\n")
        lines.write((line.upper() for line in lines.read(tmp_path / "a")), tmp_path / "a")
        assert (tmp_path / "a").read_bytes() == b"A\nB\n"

    def test_an_error_leaves_what_was_there(self, tmp_path: Path) -> None:
        def broken():  # type: ignore[no-untyped-def]
            yield "a"
            raise KeyboardInterrupt

        (tmp_path / "out").write_text("old")
        with pytest.raises(KeyboardInterrupt):
            lines.write(broken(), tmp_path / "out")
        assert (tmp_path / "out").read_text() == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["out"]

    def test_through_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real").write_text("old")
        (tmp_path / "link").symlink_to(tmp_path / "real")
        lines.write(["new"], tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_text() == "new\n"

    def test_what_is_no_file_is_not_replaced(self) -> None:
        lines.write(["a"], Path("/dev/null"))
        assert not Path("/dev/null").is_file()

    def test_a_closed_standard_output(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdout", None)
        with pytest.raises(DataError, match="standard output is closed; name a file by --out"):
            lines.write(["a"], None)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["one", "1" * 99], "line 2002 is longer than the model's 64 tokens; its rest is left out"),
        (["1" * 99] * 2, "lines 2001, 2002 are longer than the model's 64 tokens; the rest of each is left out"),
        (["1" * 99] * 1_500, "lines 2001, 2002, 2003 and 1,497 more are longer than the model's 64 tokens; the rest of "
         "each is left out"),
    ],
)  # fmt: skip
def test_cuts_are_noted(two_languages: Bundle, capsys: pytest.CaptureFixture[str], texts: list[str], said: str) -> None:
    """In one line, however many they are: 300 long lines were 300 notes."""
    lines.note_cuts(two_languages, texts, before=2000)
    assert capsys.readouterr().err == f"clearhead: {said}\n"
    lines.note_cuts(two_languages, ["one"])
    assert capsys.readouterr().err == ""


def test_lines_that_are_not_utf_8_are_named_or_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file with 300 stray bytes was 300 notes."""
    text = "d\u00e9j\u00e0 vu\n".encode()
    read(monkeypatch, text * 900 + b"a\xffb\n" * 3)
    assert [line.split(" is ")[0] for line in capsys.readouterr().err.splitlines()] == [
        "clearhead: line 901", "clearhead: line 902", "clearhead: line 903",
    ]  # fmt: skip
    assert read(monkeypatch, text * 900 + b"a\xffb\n" * 1_503)[-1] == "a\ufffdb"
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 4
    assert said[3] == "clearhead: 1,500 more lines were not UTF-8, and what could not be read was replaced"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"I am a student.\r\nThanks\rYes\r\n", "line 2 has a CR between words, which ends no line; "),
        (b"one\n" * 2_000 + b"a\rb\n" * 1_500, "1,500 lines, the first of them 2,001, have a CR between words, which "),
        (b"one\r\n\rtwo\r\r\n \r \r\nthree\r\n", ""),
    ],
)
def test_a_cr_within_a_line_is_noted_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    """faults.md B8: "Yes" was lost in silence. The line stays one line."""
    assert len(read(monkeypatch, content)) == content.count(b"\n")
    noted = capsys.readouterr().err
    assert noted.startswith(f"clearhead: {said}" if said else "")
    assert noted.count("\n") == bool(said)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["a student", "학생입니다"], "line 2002 is"),
        (["학생", "학생"], "lines 2001, 2002 are"),
        (["학생"] * 5, "lines 2001, 2002, 2003 and 2 more are"),
    ],
)
def test_what_cannot_be_read_is_noted(
    street: Bundle, capsys: pytest.CaptureFixture[str], texts: list[str], said: str
) -> None:
    """faults.md B5: Korean into French, by a model that never read Korean."""
    tokenizer = street.source_tokenizer
    bundle = Bundle(street.model, tokenizer, tokenizer, street.recipe, source_scripts=("LATIN",))
    lines.note_unreadable(bundle, texts, before=2000)
    assert capsys.readouterr().err == (
        f"clearhead: {said} in a script that this model never learned to read, so what comes of it "
        "may mean nothing; it reads Latin\n"
    )
    lines.note_unreadable(bundle, ["a student", "", "👍"])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("content", "message"), [(b"%PDF-1.7\n", "is a PDF"), ("가".encode("utf-16"), "is in UTF-16")])
def test_a_file_that_is_no_text_is_refused_before_a_model_is_loaded(
    tmp_path: Path, content: bytes, message: str
) -> None:
    """What loads may begin to compile, and said so before it said what is wrong."""
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError, match=message):
        lines.require_there(tmp_path / "a")
