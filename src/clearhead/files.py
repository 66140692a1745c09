"""Writing files and folders so that a reader sees the old or the new, never half of one."""

import contextlib
import ctypes
import errno
import functools
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2

_DRAFT, _ASIDE = ".draft-", ".aside-"
_DRAFT_NAME = re.compile(r"\..+\.(?:draft|aside)-(?P<process>\d+)-(?P<host>[0-9a-f]{8})[0-9a-f]{8}", re.DOTALL)
# What a file that was opened refuses to be written for: a full disk, a quota, a size.
_REFUSED_WRITES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def cache_folder() -> Path:
    """Where what can be made again is kept: `CLEARHEAD_CACHE`, else `clearhead` in the user's cache folder.

    A user without a home, as in some containers, has a folder of their own among the temporary files.
    """
    chosen = os.environ.get("CLEARHEAD_CACHE")
    if chosen:
        return Path(chosen)
    # Where it was on macOS and Windows, too, before platformdirs said so.
    before = Path(os.path.expanduser("~/.cache/clearhead"))  # noqa: PTH111  Path's raises where there is no home.
    if not os.environ.get("XDG_CACHE_HOME") and before.is_absolute() and before.is_dir():
        return before
    from platformdirs import user_cache_path  # Most commands need no cache.

    with contextlib.suppress(RuntimeError):
        place = user_cache_path("clearhead", appauthor=False)
        if place.is_absolute():
            return place
    return Path(tempfile.gettempdir()) / f"clearhead-{os.getuid() if hasattr(os, 'getuid') else 'cache'}"


def not_own(path: Path) -> str | None:
    """Why code must not be loaded from this file or folder: somebody else could have put it there. None where it may.

    It must be the user's, and so must a link to it; nobody else may write to it; and no folder above it may be one in
    which everybody can put things in each other's place.
    """
    if not hasattr(os, "geteuid"):
        return None
    try:
        for found in {path.lstat(), path.stat()}:
            if found.st_uid != os.geteuid():
                return f"{path} belongs to another user"
        if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return f"others may write to {path}"
        for folder in path.resolve().parents:
            mode = folder.stat().st_mode
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                return f"others may replace what is in {folder}"
    except OSError as error:
        return f"{path}: {error.strerror}"
    return None


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def publish_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; when the block ends well, sync it and rename it into place.

    A link stays, and what it points to is replaced. A device or a pipe is no name that could be exchanged: what was
    written is copied into it. An OSError names `path`, not the draft.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder; name a file in it", str(path))
    with _named(path):
        if path.exists() and not path.is_file():
            with _poured(path) as draft:
                yield draft
        else:
            with _renamed(path) as draft:
                yield draft


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # A refused write does not say where.
        is_refused = error.filename is None and error.errno in _REFUSED_WRITES
        if is_refused or (isinstance(error.filename, str) and _DRAFT in error.filename):
            error.filename, error.filename2 = str(path), None
        raise


@contextlib.contextmanager
def _poured(path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="clearhead-") as folder:
        draft = Path(folder) / f"draft{path.suffix}"
        draft.touch()
        yield draft
        try:
            with draft.open("rb") as written, path.open("wb") as file:
                shutil.copyfileobj(written, file)
        except OSError as error:
            error.filename = str(path)  # A refused write does not say where.
            raise


@contextlib.contextmanager
def _renamed(path: Path) -> Iterator[Path]:
    path = _place(path)
    draft = _draft(path)
    draft.touch()
    usual = draft.stat().st_mode
    try:
        yield draft
        _set_mode(draft, usual)
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
    between the two renames. A link stays, and what it points to is replaced. Raises NotADirectoryError where `path` is
    a file.
    """
    if path.is_file():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    path = _place(path)
    draft = _draft(path)
    draft.mkdir()
    try:
        yield draft
        for item in sorted(draft.rglob("*")):
            if item.is_file():
                # A folder's rights tell what is usual here.
                _set_mode(item, draft.stat().st_mode & 0o666)
            _sync(item)
        _sync(draft)
        _put_in_place(draft, path)
        _sync(path.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Remove a folder so that it is never seen half removed: it gets a draft's name first.

    What cannot be removed stays, under one name or the other; `remove_drafts` tries again.
    """
    draft = _draft(path)
    try:
        path.rename(draft)
    except OSError:
        return
    shutil.rmtree(draft, ignore_errors=True)


def remove_drafts(folder: Path) -> None:
    """Remove what a killed process left half-written in `folder`. Call it only where one process writes."""
    for kind in (_ASIDE, _DRAFT):
        for leftover in folder.glob(f".*{kind}*"):
            _remove_draft(leftover)


def _remove_abandoned_drafts(folder: Path) -> None:
    """Remove the drafts of processes of this machine that are no more. Others may be writing in `folder`."""
    with contextlib.suppress(OSError):
        # By the whole names: the folder may be anybody's, and hold other hidden files.
        names = [(entry.name, match) for entry in os.scandir(folder) if (match := _DRAFT_NAME.fullmatch(entry.name))]
        for name, match in names:
            if match["host"] == _host() and not _is_alive(int(match["process"])):
                _remove_draft(folder / name)


def _remove_draft(leftover: Path) -> None:
    name = leftover.name
    if _DRAFT in name and not leftover.is_dir():
        with contextlib.suppress(OSError):
            leftover.unlink(missing_ok=True)
        return
    # A folder that had stepped aside for its successor, which never came.
    original = leftover.parent / name[1:].partition(_ASIDE)[0]
    if _ASIDE in name and not original.exists():
        leftover.rename(original)
    else:
        shutil.rmtree(leftover, ignore_errors=True)


def _is_alive(process: int) -> bool:
    if os.name == "nt":
        return True  # Nothing there asks without a risk: a signal of 0 is Ctrl-C.
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # It is somebody else's, or no number of a process.
        return True
    return True


@functools.cache
def _host() -> str:
    """A name for where the numbers of processes mean what they mean here: a folder may be shared by machines."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())  # A container has numbers of its own.
    except OSError:
        space = ""
    name = os.uname().nodename if hasattr(os, "uname") else ""
    return hashlib.sha256(os.fsencode(f"{name} {space}")).hexdigest()[:8]


def _place(path: Path) -> Path:
    """Where `path` really is, a link followed, in a folder that is there and holds no abandoned drafts."""
    if path.is_symlink():
        path = Path(os.path.realpath(path))  # Path.resolve raises RuntimeError at a link to itself.
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned_drafts(path.parent)
    return path


def _draft(path: Path, kind: str = _DRAFT) -> Path:
    # What steps aside comes back under its name; of a draft's a part will do, as names have a greatest length.
    name = path.name if kind == _ASIDE else path.name[:40]
    # Two threads of one process may write the same name (two first uses of a cache), so the process id is not enough.
    return path.parent / f".{name}{kind}{os.getpid()}-{_host()}{os.urandom(4).hex()}"


def _set_mode(file: Path, mode: int) -> None:
    """Let those read a file who may read others here: some libraries write files that nobody else may read."""
    # Some file systems (of networks, of other systems' disks) refuse, since they have no rights to set.
    with contextlib.suppress(OSError):
        file.chmod(stat.S_IMODE(mode))


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
