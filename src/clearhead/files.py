"""Writing files and folders so that a reader sees the old or the new, never half of one."""

import contextlib
import ctypes
import errno
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2

_DRAFT, _ASIDE = ".draft-", ".aside-"


def cache_folder() -> Path:
    """Where what can be made again is kept: `CLEARHEAD_CACHE`, else `clearhead` in the user's cache folder.

    A user without a home, as in some containers, has it among the temporary files.
    """
    chosen = os.environ.get("CLEARHEAD_CACHE")
    if chosen:
        return Path(chosen)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clearhead"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / "clearhead-cache"


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def publish_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; when the block ends well, sync it and rename it into place."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder; name a file in it", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path)
    draft.touch()
    usual = draft.stat().st_mode
    try:
        yield draft
        # Some libraries write files that nobody else may read.
        draft.chmod(usual)
        _sync(draft)
        draft.replace(path)
        _sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


@contextlib.contextmanager
def publish_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path` to fill; when the block ends well, sync it and put it in place of `path`.

    Where the system can exchange two names in one step (Linux), a folder that was there is replaced without a moment
    in which neither exists; elsewhere the old one steps aside first, and `remove_drafts` brings it back after a kill
    between the two renames. Raises NotADirectoryError where `path` is a file.
    """
    if path.is_file():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path)
    draft.mkdir()
    try:
        yield draft
        for item in sorted(draft.rglob("*")):
            if item.is_file():
                # Some libraries write files that nobody else may read. A folder's rights tell what is usual here.
                item.chmod(draft.stat().st_mode & 0o666)
            _sync(item)
        _sync(draft)
        _put_in_place(draft, path)
        _sync(path.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def remove_drafts(folder: Path) -> None:
    """Remove what a killed process left half-written in `folder`. Call it only where one process writes."""
    for aside in folder.glob(f".*{_ASIDE}*"):
        original = folder / aside.name[1:].partition(_ASIDE)[0]
        if original.exists():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.rename(original)
    for leftover in folder.glob(f".*{_DRAFT}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def _draft(path: Path, kind: str = _DRAFT) -> Path:
    # Two threads of one process may write the same name (two first uses of a cache), so the process id is not enough.
    return path.parent / f".{path.name}{kind}{os.getpid()}-{os.urandom(4).hex()}"


def _put_in_place(draft: Path, path: Path) -> None:
    try:
        draft.rename(path)
        return
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST} and not (os.name == "nt" and path.is_dir()):
            raise
    if not _exchange(draft, path):
        aside = _draft(path, _ASIDE)
        path.rename(aside)
        draft.rename(path)
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(
        renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), ctypes.c_uint(_RENAME_EXCHANGE)) == 0
    )


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder to sync it.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems (of networks, of containers) cannot sync a folder; the rename holds there all the same.
        if not (path.is_dir() and error.errno in {errno.EINVAL, errno.ENOTSUP}):
            raise
    finally:
        os.close(descriptor)
