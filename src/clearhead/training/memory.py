"""How much memory is free, and how much this process has taken at most, as Linux tells it; elsewhere nobody knows."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

_PROCESS = Path("/proc/self")
_GROUPS = Path("/sys/fs/cgroup")
# Of version 2 and of version 1: the folder, the limit, what is used of it, and what of that is given back when needed.
_FILES = (
    ("", "memory.max", "memory.current", "inactive_file"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def free_memory() -> int | None:
    """How many bytes may be taken before the system swaps or a container's limit ends the process."""
    found = [_of_machine(), *_of_containers()]
    known = [one for one in found if one is not None]
    return max(0, min(known)) if known else None


def resident() -> int | None:
    """How many bytes of this process are in memory now."""
    return _in_kilobytes(_PROCESS / "status", "VmRSS")


def most_resident(work: Callable[[], None]) -> int | None:
    """How many bytes of this process were in memory at most while `work` ran."""
    try:
        # Forgets the greatest number so far.
        (_PROCESS / "clear_refs").write_text("5")
    except OSError:
        return None
    work()
    return _in_kilobytes(_PROCESS / "status", "VmHWM")


def _of_machine() -> int | None:
    available = _in_kilobytes(Path("/proc/meminfo"), "MemAvailable")
    if available is not None:
        return available
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _of_containers() -> Iterator[int | None]:
    """What is left of the limit of each group that this process belongs to."""
    for folder in _groups():
        for kind, limit, used, reclaimed in _FILES:
            place = _GROUPS / kind / folder
            most, taken = _number(place / limit), _number(place / used)
            if most is not None and taken is not None:
                yield most - taken + (_named(place / "memory.stat", reclaimed) or 0)


def _groups() -> set[str]:
    """The groups' folders, from the process's own up to the root, where a container finds its own."""
    try:
        lines = (_PROCESS / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    own = [Path(line.split(":", 2)[2].lstrip("/")) for line in lines if line.count(":") >= 2]
    return {str(folder) for path in own for folder in (path, *path.parents)}


def _number(path: Path) -> int | None:
    """The number that a file holds; None where there is no file, or "max", which is no limit."""
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _in_kilobytes(path: Path, name: str) -> int | None:
    found = _named(path, f"{name}:")
    return None if found is None else found * 1024


def _named(path: Path, name: str) -> int | None:
    """The number behind a name in a file of lines such as `name 12`."""
    try:
        rows = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
        return next((int(row[1]) for row in rows if row and row[0] == name), None)
    except (OSError, ValueError, IndexError):
        return None
