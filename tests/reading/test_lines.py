"""Lines as bytes: what is one, and whether the next is there."""

import gzip
import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearhead.errors import DataError
from clearhead.reading import Lines, decoded, open_lines


def blocks(*parts: bytes) -> Lines:
    """Lines of a stream that gives its bytes in these parts, and has always more to read."""
    rest = iter(parts)
    return Lines(lambda size: next(rest, b""), lambda seconds: True)


@given(st.lists(st.binary(min_size=1, max_size=6), max_size=8))
def test_as_a_plain_reference_has_them(parts: list[bytes]) -> None:
    """By bytes.split, whatever the blocks are; the module's docstring says what is cut off."""
    content = b"".join(parts)
    expected = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    expected = [line.removesuffix(b"\r") for line in (expected if expected[-1] else expected[:-1])]
    lines = blocks(*parts)
    lines.fill(len(content) + 1)
    assert list(lines) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), packed=st.booleans())
def test_a_file_of_any_bytes_is_refused_at_once_or_has_all_its_lines(
    tmp_path: Path, content: bytes, packed: bool
) -> None:
    """As many as `wc -l` counts, and a last one without an end."""
    (tmp_path / "text").write_bytes(gzip.compress(content) if packed else content)
    try:
        with open_lines(tmp_path / "text", "text") as lines:
            count = sum(1 for _ in lines)
    except DataError:
        return
    content = content.removeprefix(b"\xef\xbb\xbf")
    assert count == content.count(b"\n") + (content != b"" and not content.endswith(b"\n"))


def test_a_mark_that_comes_in_parts() -> None:
    lines = blocks(b"\xef", b"\xbb", b"\xbfone\n", b"two")
    lines.fill(4)
    assert list(lines) == [b"one", b"two"]


def test_lines_longer_than_a_block(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"x" * 10_000_000 + b"\ny")
    with open_lines(tmp_path / "text", "text") as lines:
        assert [len(line) for line in lines] == [10_000_000, 1]


@pytest.mark.parametrize("damage", [lambda raw: raw[:-9], lambda raw: raw[:20] + b"!" + raw[21:], lambda raw: b"plain"])
def test_no_whole_gzip(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    (tmp_path / "text.gz").write_bytes(damage(gzip.compress(bytes(range(10, 90)) * 99)))
    with (
        pytest.raises(DataError, match="text is not a whole gzip file"),
        open_lines(tmp_path / "text.gz", "text") as lines,
    ):
        list(lines)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"One line\n", "(it begins with 4F 6E, not with 1F 8B)"),
        (gzip.compress(b"one\n", mtime=0) + b"rest", "(what follows its end is no gzip)"),
    ],
)
def test_bytes_are_not_shown_as_python_writes_them(tmp_path: Path, content: bytes, message: str) -> None:
    """RFC 1952: gzip's mark is 1F 8B."""
    (tmp_path / "text.gz").write_bytes(content)
    with pytest.raises(DataError) as error, open_lines(tmp_path / "text.gz", "text") as lines:
        list(lines)
    assert message in str(error.value)
    assert "b'" not in str(error.value)


def test_two_gzip_files_one_after_the_other(tmp_path: Path) -> None:
    """As `cat a.gz b.gz` writes them; gzip's own format."""
    (tmp_path / "text").write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    with open_lines(tmp_path / "text", "text") as lines:
        assert list(lines) == [b"one", b"two"]


class TestPipe:
    """faults.md B9: what is there is not kept waiting for what is not."""

    @pytest.fixture
    def pipe(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
        """The end to write to; the other is standard input."""
        read, write = os.pipe()
        with os.fdopen(read, encoding="utf-8") as stream:
            monkeypatch.setattr(sys, "stdin", stream)
            yield write

    def test_a_line_is_there_when_it_is_whole(self, pipe: int) -> None:
        os.write(pipe, b"one\ntwo\nthr")
        with open_lines(None, "standard input") as lines:
            assert next(lines) == b"one"
            assert lines.is_there()
            assert next(lines) == b"two"
            assert not lines.is_there()
            os.write(pipe, b"ee\n")
            assert lines.is_there()
            assert next(lines) == b"three"
            assert not lines.is_there()
            os.close(pipe)
            assert lines.is_there()
            assert list(lines) == []

    @pytest.mark.skipif(sys.platform == "win32", reason="needs pipes that do not wait")
    def test_a_pipe_that_does_not_wait_has_not_ended(self, pipe: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is not there yet looks like the end to `read1`."""
        os.set_blocking(sys.stdin.fileno(), False)
        waited, real = [], select.select

        def writes_then_waits(*asked: Any) -> Any:
            if not waited:
                os.write(pipe, b"one\n")
                os.close(pipe)
            waited.append(asked)
            return real(*asked)

        monkeypatch.setattr(select, "select", writes_then_waits)
        with open_lines(None, "standard input") as lines:
            assert list(lines) == [b"one"]
        assert waited

    def test_gzip(self, pipe: int) -> None:
        os.write(pipe, gzip.compress(b"one\ntwo\n"))
        os.close(pipe)
        with open_lines(None, "standard input") as lines:
            assert list(lines) == [b"one", b"two"]


def test_lines_as_text_and_the_one_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes("é\n".encode() + b"one\nt\xff\n")
    with open_lines(tmp_path / "text", "text") as lines:
        texts = decoded(lines, "text")
        assert [next(texts), next(texts)] == ["é", "one"]
        with pytest.raises(DataError, match=r"text: line 3 is not UTF-8 \(byte 0xFF at 2\)"):
            next(texts)
