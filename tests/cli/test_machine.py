"""Settings of the whole process."""

import os
import platform
import subprocess
import sys

import pytest

from clearhead.cli.machine import keep_freed_memory, start_no_idle_threads, wait_briefly


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert not keep_freed_memory()


FREED = """
import os, sys
from clearhead.cli.machine import keep_freed_memory
if sys.argv[1:]:
    print(keep_freed_memory())
large = b"x" * (256 << 20)
del large
print(int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that is asked to")
def test_a_large_buffer_that_was_freed_stays() -> None:
    """faults.md E. 256 MiB, in processes of their own: without being asked to, glibc gives them back."""
    left = [
        subprocess.run([sys.executable, "-c", FREED, *asked], check=True, capture_output=True, text=True).stdout.split()
        for asked in ([], ["asked"])
    ]
    assert left[1][0] == "True"
    assert int(left[1][1]) - int(left[0][0]) > 200 << 20


@pytest.mark.parametrize("name", ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"])
def test_who_has_said_how_threads_wait_is_obeyed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for one in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(name, "active")
    before = dict(os.environ)
    wait_briefly()
    assert dict(os.environ) == before


def test_threads_wait_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "")
    for one in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(one, raising=False)
    wait_briefly()
    assert 0 < int(os.environ["GOMP_SPINCOUNT"]) <= 100_000


@pytest.mark.parametrize(("said", "kept"), [(None, "1"), ("3", "3")])
def test_no_idle_threads_unless_somebody_wants_them(
    monkeypatch: pytest.MonkeyPatch, said: str | None, kept: str
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    if said is not None:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", said)
    start_no_idle_threads()
    assert os.environ["OPENBLAS_NUM_THREADS"] == kept
