"""One process at a time: a run folder belongs to the run that writes to it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from clearhead.errors import TrainingError
from clearhead.training.checkpoint import disk_errors

try:
    import fcntl
except ImportError:  # Windows has no such lock, and two runs in one folder are their owner's concern there.
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the run folder, which is made where it is not there, until the block ends or the process does.

    The lock is on the folder itself: nothing of it is left on the disk. A folder that was made and stayed empty is
    removed again. Raises TrainingError where another process holds it.
    """
    if folder.is_file():
        raise TrainingError(f"--out {folder} is a file; name a folder for the run")
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with _locked(folder):
            yield
    finally:
        for one in made:
            with contextlib.suppress(OSError):
                one.rmdir()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    with disk_errors(folder):
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Some file systems (of networks) have no locks, or none on folders.
        with contextlib.suppress(OSError):
            _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise TrainingError(
            f"--out {folder}: another process is training into it; wait until it ends, or name another folder"
        ) from None
