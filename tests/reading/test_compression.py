"""Compressed files: told by their first bytes, read block by block, refused where they are not whole."""

import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.errors import DataError
from clearhead.reading import compression, open_blocks, open_lines
from clearhead.reading.compression import compression_named, compression_of, is_gzip

CONTENT = "".join(f"line {number} 보기\n" for number in range(50_000)).encode()
# Made by zstd 1.5: `printf 'one\ntwo\n' | zstd -c`, so that what is read needs no package to be written.
ZSTANDARD = bytes.fromhex("28b52ffd04584100006f6e650a74776f0ae6a60e40")


def test_gzip() -> None:
    assert is_gzip(gzip.compress(b""))
    assert not is_gzip(b"\x1f\x8b")
    assert not is_gzip(b"\x1f\x8b\x08\xff")
    assert not is_gzip(b"one")


@pytest.mark.parametrize(
    ("head", "name"),
    [(gzip.compress(b"one"), "gzip"), (lzma.compress(b"one"), "xz"), (ZSTANDARD, "Zstandard"), (b"one\n", None)],
    ids=["gzip", "xz", "zstandard", "text"],  # gzip's header has the time, and the processes of a run name tests alike.
)
def test_a_format_is_told_by_its_mark(head: bytes, name: str | None) -> None:
    found = compression_of(head)
    assert (found and found.name) == name


def test_a_format_is_named_by_an_ending() -> None:
    named = [compression_named(name) for name in ("a.tsv.GZ", "a.xz", "a.jsonl.zst", "a.csv")]
    assert [one and one.name for one in named] == ["gzip", "xz", "Zstandard", None]


@pytest.mark.parametrize("packed", [gzip.compress, lzma.compress])
def test_lines_and_blocks_of_a_file(tmp_path: Path, packed: Callable[[bytes], bytes]) -> None:
    """Whatever it is called, and of two streams one after the other as `cat` joins them."""
    (tmp_path / "text").write_bytes(packed(CONTENT) + packed(b"last\n"))
    with open_lines(tmp_path / "text", "text") as lines:
        assert b"\n".join(lines) == CONTENT + b"last"
    with open_blocks(tmp_path / "text", "text") as blocks:
        assert b"".join(blocks) == CONTENT + b"last\n"


def test_zeros_between_streams_of_xz(tmp_path: Path) -> None:
    """The format of xz, section 2.2: stream padding."""
    (tmp_path / "text").write_bytes(lzma.compress(b"one\n") + bytes(8) + lzma.compress(b"two\n") + bytes(4))
    with open_lines(tmp_path / "text", "text") as lines:
        assert list(lines) == [b"one", b"two"]


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-9], lambda raw: raw[:40] + b"!!" + raw[42:], lambda raw: b"plain"]
)
def test_no_whole_xz(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    (tmp_path / "text.xz").write_bytes(damage(lzma.compress(CONTENT)))
    with (
        pytest.raises(DataError, match=r"text is not a whole xz file \(.+\); fetch it again, or drop \.xz") as error,
        open_lines(tmp_path / "text.xz", "text") as lines,
    ):
        list(lines)
    assert "\n" not in str(error.value)


def test_zstandard_without_its_package_is_one_line_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "_zstandard_module", lambda: None)
    (tmp_path / "text.zst").write_bytes(ZSTANDARD)
    with (
        pytest.raises(DataError, match=r"text is a Zstandard file, .* with: pip install 'clearhead\[zstd\]'$"),
        open_lines(tmp_path / "text.zst", "text"),
    ):
        pass


@pytest.mark.skipif(compression._zstandard_module() is None, reason="needs Zstandard")
def test_zstandard(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(2 * ZSTANDARD)
    with open_lines(tmp_path / "text", "text") as lines:
        assert list(lines) == [b"one", b"two", b"one", b"two"]
    (tmp_path / "text").write_bytes(ZSTANDARD[:-3])
    with (
        pytest.raises(DataError, match=r"text is not a whole Zstandard file \(its end is missing\)"),
        open_lines(tmp_path / "text", "text") as lines,
    ):
        list(lines)
