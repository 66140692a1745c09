"""What a command writes may not be what it reads: neither by another name of the file, nor through a link."""

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clearhead.bundle import find_bundle
from clearhead.errors import UsageError

Files = Mapping[str, Path | None]


def refuse_overwriting(outputs: Files, inputs: Files, model: Path | None = None) -> None:
    """Raise UsageError where a file that is to be written is read too, is a part of the model, or is written twice.

    outputs, inputs: files by their names on the command line, as in --out; None where an option was not given. Devices
    and pipes may be both. Raises BundleError where there is no such model.
    """
    place = None if model is None else find_bundle(model)
    read = [(name, path, found) for name, path in inputs.items() if path and (found := _file(path))]
    written: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        if other := written.get(path.absolute()):
            raise UsageError(f"{option} {path} is written by {other} as well; name another file")
        written[path.absolute()] = option
        found = _file(path)
        for name, _, identity in read:
            if found and os.path.samestat(found, identity):
                raise UsageError(
                    f"{option} {path} is the file that is read as {name}; name another, or it would be lost"
                )
        if place is not None and found and _is_part(path, place):
            raise UsageError(f"{option} {path} is a part of the model {model}; name another file, or it would be lost")


def refuse_streams(output: Path | None, source: Path | None, option: str = "--in") -> None:
    """The same where standard input or standard output takes the place of a file, as in `< FILE` and `>> FILE`."""
    read = _stream(sys.stdin) if source is None else _file(source)
    written = _stream(sys.stdout) if output is None else _file(output)
    if read and written and os.path.samestat(read, written) and None in (output, source):
        what = "standard output" if output is None else f"--out {output}"
        name = "standard input" if source is None else f"{option} {source}"
        raise UsageError(f"{what} is the file that is read as {name}; name another, or it would be lost")


def _is_part(path: Path, place: Path) -> bool:
    """Whether an existing file is a model's .zip, or in its folder, links followed."""
    return path.samefile(place) if place.is_file() else path.resolve().is_relative_to(place.resolve())


def _file(path: Path) -> os.stat_result | None:
    """What tells an existing file from others; None for what is no file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _stream(stream: Any) -> os.stat_result | None:
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError, AttributeError):  # It is closed, or no stream of the system's.
        return None
    return found if stat.S_ISREG(found.st_mode) else None
