"""A run folder belongs to one process at a time."""

import contextlib
import errno
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from clearhead.errors import TrainingError
from clearhead.training.run_lock import run_lock

HOLD = """
import sys
from pathlib import Path
from clearhead.training.run_lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_one_is_told(tmp_path: Path) -> None:
    with (
        run_lock(tmp_path),
        pytest.raises(TrainingError, match=rf"^--out {tmp_path}: another process is training into it; wait until "),
        run_lock(tmp_path),
    ):
        pass


def test_a_process_that_is_killed_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(TrainingError, match="another process is training into it"), run_lock(tmp_path):
            pass
        process.kill()
    assert (tmp_path / ".lock").exists()
    with run_lock(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_one_after_the_other(tmp_path: Path) -> None:
    for _ in range(2):
        with run_lock(tmp_path / "run"):
            (tmp_path / "run" / "file").touch()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["file"], "the lock leaves nothing behind"


def test_a_folder_that_stays_empty_goes(tmp_path: Path) -> None:
    with contextlib.suppress(ValueError), run_lock(tmp_path / "runs" / "first"):
        assert (tmp_path / "runs" / "first").is_dir()
        raise ValueError("no data")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    with run_lock(tmp_path / "mine"):
        pass
    assert (tmp_path / "mine").is_dir(), "it was there before"


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS])
def test_a_file_system_without_locks(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(descriptor: int, operation: int) -> None:
        raise OSError(number, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refused)
    with run_lock(tmp_path), run_lock(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_another_takes_over_is_one(tmp_path: Path) -> None:
    """Who waits with the file open, as the one that holds it ends, does not share it with whoever comes next."""
    late = FileLock(tmp_path / ".lock")
    with run_lock(tmp_path), pytest.raises(Timeout):
        late.acquire(timeout=0)
    with late, pytest.raises(TrainingError, match="another process is training into it"), run_lock(tmp_path):
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="is a file; name a folder for the run"), run_lock(tmp_path / "file"):
        pass
    with pytest.raises(TrainingError, match="cannot be written"), run_lock(tmp_path / "file" / "run"):
        pass
