"""How much memory is free, and how much a piece of work takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clearhead.training import memory

MIB = 2**20
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="read from /proc")


MEASURED = """
from clearhead.training import memory
before = memory.resident()
large = memory.most_resident(lambda: bytearray(b"x") * (64 * 2**20))
small = memory.most_resident(lambda: bytearray(b"x") * 2**20)
print(before, large, small)
"""


@on_linux
def test_what_a_piece_of_work_takes() -> None:
    """64 MiB that are written to, and afterwards 1 of them: the greatest number is forgotten in between.

    In a process of its own: one that has run many tests holds freed memory, which the work would take first.
    """
    said = subprocess.run([sys.executable, "-c", MEASURED], check=True, capture_output=True, text=True).stdout
    before, large, small = map(int, said.split())
    assert 60 * MIB < large - before < 90 * MIB
    assert small < large - 30 * MIB


@on_linux
def test_what_is_free_here() -> None:
    found = memory.free_memory()
    assert found is not None
    # The kernel's own count of pages, by another door; a container may have less.
    assert 16 * MIB < found <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


class Files:
    """What stands in the files of a machine that is made up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._folder = folder
        monkeypatch.setattr(memory, "_PROCESS", folder / "self")
        monkeypatch.setattr(memory, "_GROUPS", folder / "cgroup")
        monkeypatch.setattr(memory, "_of_machine", lambda: 900)
        self.write("self/cgroup", "9:name=systemd:/\n4:memory:/docker/abc\n0::/user.slice/job\n")

    def write(self, name: str, text: str) -> None:
        (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / name).write_text(text)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Files:
    return Files(monkeypatch, tmp_path)


class TestContainers:
    def test_without_a_limit_it_is_the_machines(self, files: Files) -> None:
        assert memory.free_memory() == 900
        files.write("cgroup/user.slice/job/memory.max", "max\n")
        files.write("cgroup/user.slice/job/memory.current", "100\n")
        assert memory.free_memory() == 900

    @pytest.mark.parametrize("place", ["", "user.slice/", "user.slice/job/"])
    def test_the_limit_of_a_group_or_of_one_that_holds_it(self, files: Files, place: str) -> None:
        """500 of which 300 are used, 50 of those for files that need not stay."""
        files.write(f"cgroup/{place}memory.max", "500\n")
        files.write(f"cgroup/{place}memory.current", "300\n")
        files.write(f"cgroup/{place}memory.stat", "anon 250\ninactive_file 50\n")
        assert memory.free_memory() == 250

    @pytest.mark.parametrize("place", ["", "docker/abc/"])
    def test_the_first_version(self, files: Files, place: str) -> None:
        files.write(f"cgroup/memory/{place}memory.limit_in_bytes", "500\n")
        files.write(f"cgroup/memory/{place}memory.usage_in_bytes", "300\n")
        assert memory.free_memory() == 200

    def test_the_machine_may_have_less_than_the_limit(self, files: Files) -> None:
        files.write("cgroup/memory.max", "5000\n")
        files.write("cgroup/memory.current", "300\n")
        assert memory.free_memory() == 900

    def test_a_limit_that_is_passed(self, files: Files) -> None:
        files.write("cgroup/memory.max", "500\n")
        files.write("cgroup/memory.current", "600\n")
        assert memory.free_memory() == 0


def test_where_nothing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another system."""
    monkeypatch.setattr(memory, "_PROCESS", tmp_path)
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    monkeypatch.setattr(memory, "_of_machine", lambda: None)
    done: list[int] = []
    assert memory.free_memory() is None
    assert memory.resident() is None
    (tmp_path / "clear_refs").mkdir()
    assert memory.most_resident(lambda: done.append(1)) is None
    assert done == [], "nothing is tried in vain"


def test_a_machine_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 pages of 4 KiB; or not even that is told."""
    monkeypatch.setattr(memory, "_in_kilobytes", lambda path, name: None)
    monkeypatch.setattr("os.sysconf", {"SC_AVPHYS_PAGES": 1_000, "SC_PAGE_SIZE": 4_096}.__getitem__)
    assert memory._of_machine() == 4_096_000

    def unknown(name: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr("os.sysconf", unknown)
    assert memory._of_machine() is None
