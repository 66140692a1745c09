"""A folder of the cache is filled once."""

from pathlib import Path

import pytest

from clearhead.data.caching import from_cache, identity, key_of
from clearhead.errors import DataError


def read(folder: Path) -> str | None:
    return (folder / "a").read_text() if (folder / "a").exists() else None


def test_it_is_filled_once(tmp_path: Path) -> None:
    filled: list[Path] = []

    def fill(draft: Path) -> None:
        filled.append(draft)
        (draft / "a").write_text("here")

    assert [from_cache(tmp_path / "x", read, fill) for _ in range(2)] == ["here", "here"]
    assert len(filled) == 1
    assert filled[0] != tmp_path / "x"


def test_what_cannot_be_written_or_read_is_said(tmp_path: Path) -> None:
    def fail(draft: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match=r"cannot keep the corpus's ids in .* \(No space left on device\); make room"):
        from_cache(tmp_path / "x", read, fail)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DataError, match="cannot be read back just after"):
        from_cache(tmp_path / "x", read, lambda draft: None)


def test_a_name_is_made_from_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("one")
    assert identity(tmp_path / "a") == identity(tmp_path / "b")
    (tmp_path / "b").write_text("two")
    assert identity(tmp_path / "a") != identity(tmp_path / "b")
    assert key_of([1, "a"]) == key_of((1, "a")) != key_of([1, "b"])
    assert len(key_of(1)) == 32
