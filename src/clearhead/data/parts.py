"""Examples of files, one after the other, and a share of them: what is kept back to validate with."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from clearhead.errors import DataError

Example = TypeVar("Example")


@runtime_checkable
class PartOfFile(Protocol):
    """A file, or the part of it from one share of it to another, from 0 to 1; as text it is its path."""

    @property
    def start(self) -> float: ...
    @property
    def stop(self) -> float: ...


File = TypeVar("File", bound=PartOfFile)


def part_of(file: PartOfFile, read: Callable[[], Iterator[Example]]) -> Iterator[Example]:
    """Those of a file's examples that stand in the part; `read` gives all of them, anew each time."""
    if (file.start, file.stop) == (0.0, 1.0):
        return read()
    count = sum(1 for _ in read())
    first, end = int(count * file.start), int(count * file.stop)
    return (one for number, one in enumerate(read()) if first <= number < end)


def all_of(
    files: Sequence[File], read: Callable[[File], Iterator[Example]], nothing: str, what: str, key: str
) -> Iterator[Example]:
    """The examples of all files, one file after the other. Raises DataError where there is none.

    nothing: what is in files without any; what: what a file has, as in "one part has no rows"; key: what such a file
    is called in data.validate.
    """
    is_empty = True
    for file in files:
        for example in read(file):
            is_empty = False
            yield example
    if is_empty:
        names = ", ".join(map(str, files))
        if any((one.start, one.stop) != (0.0, 1.0) for one in files):
            raise DataError(
                f"{names}: too short to keep a share of it back to validate with, as one part has no {what}; give more "
                f"{what}, or name a {key} in data.validate"
            )
        raise DataError(f"{names}: {nothing}; check the file")
