"""Atomic files and folders."""

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest

from clearhead import files
from clearhead.files import cache_folder, publish_file, publish_folder, remove_drafts, sha256


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_sha256(tmp_path: Path) -> None:
    """FIPS 180-4's example: "abc"."""
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hashlib.sha256(b"abc").hexdigest() == sha256(tmp_path / "abc")


class TestFile:
    def test_it_is_there_when_the_block_ends(self, tmp_path: Path) -> None:
        with publish_file(tmp_path / "new" / "a") as draft:
            draft.write_text("1")
            assert not (tmp_path / "new" / "a").exists()
        assert (tmp_path / "new" / "a").read_text() == "1"
        assert names(tmp_path / "new") == ["a"]

    def test_an_error_leaves_the_old(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("old")

        def write_half() -> None:
            with publish_file(tmp_path / "a") as draft:
                draft.write_text("half")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            write_half()
        assert (tmp_path / "a").read_text() == "old"
        assert names(tmp_path) == ["a"]


class TestFolder:
    @pytest.mark.parametrize("can_exchange", [True, False])
    def test_a_folder_is_replaced_whole(
        self, tmp_path: Path, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not can_exchange:
            monkeypatch.setattr(files, "_exchange", lambda one, other: False)
        for text in ("old", "new"):
            with publish_folder(tmp_path / "a") as draft:
                (draft / text).write_text(text)
        assert names(tmp_path) == ["a"]
        assert names(tmp_path / "a") == ["new"]

    def test_an_error_leaves_the_old(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "old").touch()

        def fill_half() -> None:
            with publish_folder(tmp_path / "a") as draft:
                (draft / "half").touch()
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fill_half()
        assert names(tmp_path / "a") == ["old"]
        assert names(tmp_path) == ["a"]

    def test_a_file_is_not_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("mine")
        with pytest.raises(NotADirectoryError), publish_folder(tmp_path / "a"):
            pass
        assert (tmp_path / "a").read_text() == "mine"

    def test_a_file_system_that_cannot_sync_folders(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fsync(descriptor: int) -> None:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "Invalid argument")

        monkeypatch.setattr(os, "fsync", fsync)
        with publish_folder(tmp_path / "a") as draft:
            (draft / "b").touch()
        assert names(tmp_path / "a") == ["b"]


def test_whoever_may_read_other_files_may_read_these(tmp_path: Path) -> None:
    """Also where the library that wrote them keeps them to their owner, as safetensors does."""
    (tmp_path / "usual").touch()
    usual = stat.S_IMODE((tmp_path / "usual").stat().st_mode)
    with publish_folder(tmp_path / "folder") as draft:
        (draft / "a").touch(mode=0o600)
    with publish_file(tmp_path / "b") as draft:
        draft.unlink()
        draft.touch(mode=0o600)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "folder" / "a", tmp_path / "b")] == [usual] * 2


class TestDrafts:
    def test_what_a_kill_left_is_removed(self, tmp_path: Path) -> None:
        (tmp_path / ".a.draft-1-ab").mkdir()
        (tmp_path / ".a.draft-1-ab" / "half").touch()
        (tmp_path / ".b.draft-2-cd").touch()
        (tmp_path / "mine").touch()
        remove_drafts(tmp_path)
        assert names(tmp_path) == ["mine"]

    def test_a_kill_between_two_renames_loses_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where names cannot be exchanged, the old folder steps aside; killed then, it comes back."""
        with publish_folder(tmp_path / "a") as draft:
            (draft / "old").touch()
        monkeypatch.setattr(files, "_exchange", lambda one, other: False)
        rename, calls = Path.rename, []

        def killed_at_the_third(self: Path, target: Path) -> Path:
            calls.append(target)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return rename(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", killed_at_the_third)
            with pytest.raises(KeyboardInterrupt), publish_folder(tmp_path / "a") as draft:
                (draft / "new").touch()
        assert not (tmp_path / "a").exists()
        remove_drafts(tmp_path)
        assert names(tmp_path) == ["a"]
        assert names(tmp_path / "a") == ["old"]

    def test_an_old_folder_whose_successor_came_goes(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / ".a.aside-1-ab").mkdir()
        remove_drafts(tmp_path)
        assert names(tmp_path) == ["a"]

    def test_no_folder_no_drafts(self, tmp_path: Path) -> None:
        remove_drafts(tmp_path / "none")


class TestCache:
    def test_the_variable_names_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLEARHEAD_CACHE", "/somewhere")
        assert cache_folder() == Path("/somewhere")

    def test_else_the_users_cache(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The XDG base directory specification: XDG_CACHE_HOME, else ~/.cache; empty is unset."""
        monkeypatch.delenv("CLEARHEAD_CACHE")
        monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
        assert cache_folder() == Path("/xdg/clearhead")
        monkeypatch.setenv("XDG_CACHE_HOME", "")
        monkeypatch.setenv("HOME", "/home/somebody")
        assert cache_folder() == Path("/home/somebody/.cache/clearhead")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """The error names what was given, and no draft was made."""
    with pytest.raises(IsADirectoryError) as raised, publish_file(tmp_path):
        pytest.fail("there is nothing to write to")
    assert raised.value.filename == str(tmp_path)
    assert not list(tmp_path.parent.glob(".*draft*"))
