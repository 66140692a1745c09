"""One process at a time: a run folder belongs to the run that writes to it."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from clearhead.errors import TrainingError
from clearhead.training.checkpoint import disk_errors

# What file systems without locks say, such as some of networks: two runs in one folder are their owner's concern there.
_NO_LOCKS = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL, errno.ENOSYS}


@contextlib.contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the run folder, which is made where it is not there, until the block ends or the process does.

    The lock is a file in it, which goes with the lock; one that a killed process left is of no matter. A folder that
    was made and stayed empty is removed again. Raises TrainingError where another process holds it.
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
    # Without a soft lock: its file would outlive a killed process, and refuse the folder to everybody.
    lock = FileLock(folder / ".lock", mode=0o666, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise TrainingError(
            f"--out {folder}: another process is training into it; wait until it ends, or name another folder"
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            with disk_errors(folder):
                raise
    try:
        yield
    finally:
        # While it is held: whoever has opened the file in the meantime sees that it is gone, and makes another.
        with contextlib.suppress(OSError):
            Path(lock.lock_file).unlink()
        lock.release()
