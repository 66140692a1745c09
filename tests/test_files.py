"""Atomic files and folders."""

import errno
import hashlib
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from clearhead import files
from clearhead.files import cache_folder, publish_file, publish_folder, remove_drafts, remove_folder, sha256


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

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
    def test_a_refused_write_says_where(self, tmp_path: Path, number: int) -> None:
        """write(2) knows no name: "a file: No space left on device"."""
        with pytest.raises(OSError, match="it is full") as caught, publish_file(tmp_path / "a"):
            raise OSError(number, "it is full")
        assert caught.value.filename == str(tmp_path / "a")


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


KILLED = """
import os, signal, sys
from pathlib import Path
from clearhead.files import publish_file, publish_folder
with globals()[sys.argv[1]](Path(sys.argv[2])) as draft:
    os.kill(os.getpid(), signal.SIGKILL)
"""


class TestLinks:
    """faults.md C10: a link stays, and what it points to is replaced."""

    @pytest.mark.parametrize("is_there", [True, False])
    def test_to_a_folder(self, tmp_path: Path, is_there: bool) -> None:
        target = tmp_path / "disk" / "real"
        if is_there:
            target.mkdir(parents=True)
            (target / "old").touch()
        (tmp_path / "a").symlink_to(target)
        with publish_folder(tmp_path / "a") as draft:
            (draft / "new").touch()
        assert (tmp_path / "a").is_symlink()
        assert names(target) == ["new"]
        assert (names(tmp_path), names(tmp_path / "disk")) == (["a", "disk"], ["real"])

    @pytest.mark.parametrize("is_there", [True, False])
    def test_to_a_file(self, tmp_path: Path, is_there: bool) -> None:
        target = tmp_path / "disk" / "real"
        if is_there:
            target.parent.mkdir()
            target.write_text("old")
        (tmp_path / "a").symlink_to(target)
        with publish_file(tmp_path / "a") as draft:
            draft.write_text("new")
        assert (tmp_path / "a").is_symlink()
        assert target.read_text() == "new"
        assert (names(tmp_path), names(tmp_path / "disk")) == (["a", "disk"], ["real"])


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.EINVAL, errno.EROFS])
def test_a_file_system_without_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """faults.md C10: it refuses to set them; what was written is kept all the same."""

    def refuse(self: Path, mode: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "chmod", refuse)
    with publish_folder(tmp_path / "a") as folder:
        (folder / "b").write_text("1")
    with publish_file(tmp_path / "c") as file:
        file.write_text("2")
    assert ((tmp_path / "a" / "b").read_text(), (tmp_path / "c").read_text()) == ("1", "2")


@pytest.mark.parametrize("publish", ["publish_file", "publish_folder"])
def test_the_longest_name(tmp_path: Path, publish: str) -> None:
    """A draft's name is no longer than the name that a file system takes: 255 bytes."""
    path = tmp_path / ("x" * 255)
    with getattr(files, publish)(path) as draft:
        if publish == "publish_file":
            draft.write_text("1")
    assert names(tmp_path) == [path.name]


class TestRemoving:
    """faults.md C10: a folder that goes is never half there under its own name."""

    def test_it_goes(self, tmp_path: Path) -> None:
        (tmp_path / "a" / "b").mkdir(parents=True)
        remove_folder(tmp_path / "a")
        assert names(tmp_path) == []

    def test_a_kill_in_the_middle(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "a").mkdir()
        for name in ("1", "2", "3"):
            (tmp_path / "a" / name).touch()

        def killed(path: Path, ignore_errors: bool) -> None:
            (path / "1").unlink()
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(shutil, "rmtree", killed)
            with pytest.raises(KeyboardInterrupt):
                remove_folder(tmp_path / "a")
        assert not (tmp_path / "a").exists()
        remove_drafts(tmp_path)
        assert names(tmp_path) == []

    def test_what_cannot_be_renamed_stays_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "1").touch()

        def refuse(self: Path, target: Path) -> Path:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(Path, "rename", refuse)
        remove_folder(tmp_path / "a")
        assert names(tmp_path / "a") == ["1"]


class TestDrafts:
    @pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
    @pytest.mark.parametrize("publish", ["publish_file", "publish_folder"])
    def test_the_next_writer_removes_those_of_a_killed_process(self, tmp_path: Path, publish: str) -> None:
        """faults.md C10: whatever it writes there itself."""
        subprocess.run([sys.executable, "-c", KILLED, publish, tmp_path / "a"], check=False)
        (left,) = tmp_path.iterdir()
        assert left.name.startswith(".a.draft-")
        with publish_file(tmp_path / "b") as draft:
            draft.write_text("1")
        assert names(tmp_path) == ["b"]

    def test_those_of_a_living_process_and_of_other_machines_stay(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Their processes' numbers mean nothing here; and a file of somebody's own is no draft."""
        mine = tmp_path / ".notes.draft-2-for-me"
        mine.touch()
        with publish_file(tmp_path / "a") as living:
            with publish_file(tmp_path / "b"):
                pass
            assert living.exists()
            with monkeypatch.context() as patch:
                patch.setattr(files, "_is_alive", lambda process: False)
                patch.setattr(files, "_host", lambda: "0" * 8)
                with publish_file(tmp_path / "c"):
                    pass
                assert living.exists()
        assert names(tmp_path) == [mine.name, "a", "b", "c"]

    def test_who_is_alive(self) -> None:
        """This process; one that belongs to somebody else, as the first of all does; no process at all."""
        done = subprocess.Popen([sys.executable, "-c", ""])
        done.wait()
        assert [files._is_alive(one) for one in (os.getpid(), 1, done.pid, 10**30)] == [True, True, False, True]

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

    @pytest.mark.parametrize("base", ["", "relative", "./cache"])
    def test_a_relative_cache_is_none(self, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """faults.md A4: the XDG base directory specification says that a relative path is to be ignored."""
        monkeypatch.delenv("CLEARHEAD_CACHE")
        monkeypatch.setenv("XDG_CACHE_HOME", base)
        monkeypatch.setenv("HOME", "/home/somebody")
        assert cache_folder() == Path("/home/somebody/.cache/clearhead")

    @pytest.mark.skipif(not hasattr(os, "getuid"), reason="every user has a home here")
    @pytest.mark.parametrize("home", [None, "nowhere"])
    def test_without_a_home_each_user_has_a_folder_of_his_own(
        self, home: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """faults.md A4. The system knows none, and the environment none or a relative one."""
        import pwd

        monkeypatch.delenv("CLEARHEAD_CACHE")
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.delenv("HOME", raising=False)
        monkeypatch.setattr(pwd, "getpwuid", lambda number: {}[number])
        if home is not None:
            monkeypatch.setenv("HOME", home)
        assert cache_folder().name == f"clearhead-{os.getuid()}"

    def test_on_macos_it_is_in_the_library_unless_there_is_one_of_before(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Apple's File System Programming Guide: ~/Library/Caches."""
        import platformdirs
        import platformdirs.macos

        monkeypatch.delenv("CLEARHEAD_CACHE")
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setattr(platformdirs, "PlatformDirs", platformdirs.macos.MacOS)
        assert cache_folder() == tmp_path / "Library" / "Caches" / "clearhead"
        (tmp_path / ".cache" / "clearhead").mkdir(parents=True)
        assert cache_folder() == tmp_path / ".cache" / "clearhead"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """The error names what was given, and no draft was made."""
    with pytest.raises(IsADirectoryError) as raised, publish_file(tmp_path):
        pytest.fail("there is nothing to write to")
    assert raised.value.filename == str(tmp_path)
    assert not list(tmp_path.parent.glob(".*draft*"))


class TestDevices:
    """faults.md A17: every file that a command writes goes through `publish_file`."""

    def test_a_pipe_is_written_into(self, tmp_path: Path) -> None:
        """As /dev/stdout or a named pipe is: what stands there is not replaced by a file."""
        os.mkfifo(tmp_path / "pipe")
        reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        with publish_file(tmp_path / "pipe") as draft:
            draft.write_text("said")
        assert os.read(reader, 100) == b"said"
        os.close(reader)
        assert [one.name for one in tmp_path.iterdir()] == ["pipe"]
        assert not (tmp_path / "pipe").is_file()

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
    def test_a_full_disk(self) -> None:
        with pytest.raises(OSError, match="No space left") as raised, publish_file(Path("/dev/full")) as draft:
            draft.write_text("said")
        assert raised.value.errno == errno.ENOSPC
        assert Path("/dev/full").is_char_device()

    def test_an_error_names_what_was_given(self, tmp_path: Path) -> None:
        def refuse(draft: Path) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", str(draft))

        with pytest.raises(PermissionError) as raised, publish_file(tmp_path / "a") as draft:
            refuse(draft)
        assert raised.value.filename == str(tmp_path / "a")
