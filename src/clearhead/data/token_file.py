"""Sequences of token ids in one file that is mapped into memory, not read: a corpus may be larger than memory.

The file, little-endian: a header of 64 bytes (below), the ids of all sequences one after the other (uint16, or uint32
where the vocabulary needs it), then the length of each sequence (int32). The lengths stand last because they are
known last, so that a file is written in one go.
"""

import array
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Protocol, final, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from clearhead.errors import DataError

_MAGIC: Final = b"clearids"
_VERSION: Final = 1
# magic, version, bytes of an id, sequences, tokens, CRC-32 of all that follows the header; zeros up to 64 bytes.
_HEADER: Final = struct.Struct("<8sIIQQI28x")


@runtime_checkable
class Sequences(Protocol):
    """Many sequences of ids, of which some can be asked for together."""

    @property
    def lengths(self) -> NDArray[np.int32]:
        """How many ids each has."""

    def gather(self, indices: NDArray[np.integer[Any]]) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """The ids of some sequences one after the other, and their lengths."""


@runtime_checkable
class ParallelCorpus(Protocol):
    """Sources and as many targets, as ids: those of `PreparedCorpus`, or as they are in one epoch."""

    @property
    def source(self) -> Sequences:
        """One sequence for each example."""

    @property
    def target(self) -> Sequences:
        """What each source is to become."""


def runs(starts: NDArray[np.integer[Any]], lengths: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The places of some runs of ids, one run after the other, and the runs' lengths."""
    ends = np.cumsum(lengths, dtype=np.int64)
    # For each id its place in the file: where its run starts there, less where it starts in the result.
    shifts = np.repeat(starts - ends + lengths, lengths)
    return shifts + np.arange(len(shifts)), lengths


@final
class TokenFile:
    """Many sequences of ids, each an array of its own when asked for; nothing is copied."""

    def __init__(
        self,
        ids: NDArray[Any],
        lengths: NDArray[np.int32],
        learned: NDArray[np.bool_] | None = None,
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        """Args: `ids`, all sequences one after the other; `lengths`, how many ids each has.

        learned: for each id whether a model learns to write it; None where it learns all of them.
        weights: how many times each comes in an epoch; None for once each.
        """
        self.ids = ids
        self.lengths = lengths
        self.learned = learned
        self.weights = weights
        self._starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        if self._starts[-1] != len(ids):
            raise DataError(f"the lengths add up to {self._starts[-1]} ids but there are {len(ids)}")

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> NDArray[Any]:
        """The ids of a sequence, a view."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"sequence {index} of {len(self)}")
        index %= len(self)
        return self.ids[self._starts[index] : self._starts[index + 1]]

    @property
    def begins(self) -> NDArray[np.int64]:
        """Where in `ids` each sequence begins."""
        return self._starts[:-1]

    @property
    def tokens(self) -> int:
        """How many ids there are in all."""
        return len(self.ids)

    def places(self, indices: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Where in `ids` those of some sequences stand, one after the other, and the sequences' lengths."""
        return runs(self._starts[indices], self.lengths[indices])

    def gather(self, indices: NDArray[np.integer[Any]]) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """The ids of some sequences one after the other, and their lengths."""
        places, lengths = self.places(indices)
        return self.ids[places], lengths

    @classmethod
    def open(cls, path: Path) -> "TokenFile":
        """Map a file that `write` made. All of it is read once to check its sum.

        Raises:
            DataError: the file is missing, damaged, or something else.
        """
        try:
            return cls(*_map(path))
        except (OSError, struct.error) as error:
            raise DataError(f"cannot read the token file {path} ({error}); remove it and prepare it again") from error

    @classmethod
    def write(cls, path: Path, sequences: Iterable[Sequence[int]], vocabulary_size: int) -> None:
        """Write sequences of ids from 0 to `vocabulary_size` - 1, in constant memory but for four bytes a sequence.

        Raises:
            DataError: an id is out of range.
        """
        with TokenWriter.open(path, vocabulary_size) as writer:
            for sequence in sequences:
                writer.append(sequence)


@final
class TokenWriter:
    """Writes a token file one sequence at a time."""

    def __init__(self, file: IO[bytes], vocabulary_size: int) -> None:
        self._file = file
        self._vocabulary_size = vocabulary_size
        self._type = "H" if vocabulary_size <= 1 << 16 else "I"
        self._lengths = array.array("i")
        self._tokens = 0
        self._sum = 0
        file.write(bytes(_HEADER.size))

    @classmethod
    @contextmanager
    def open(cls, path: Path, vocabulary_size: int) -> Iterator["TokenWriter"]:
        """Write to `path`; the file is whole when the block ends well, and refused by `TokenFile.open` otherwise."""
        with path.open("wb") as file:
            writer = cls(file, vocabulary_size)
            yield writer
            writer._finish()

    def append(self, sequence: Sequence[int]) -> None:
        """Add a sequence after the others."""
        if len(sequence) and not (min(sequence) >= 0 and max(sequence) < self._vocabulary_size):
            raise DataError(
                f"sequence {len(self._lengths)} has ids from {min(sequence)} to {max(sequence)}; "
                f"expected 0 to {self._vocabulary_size - 1}: use the tokenizer of this vocabulary"
            )
        self._put(array.array(self._type, sequence))
        self._lengths.append(len(sequence))
        self._tokens += len(sequence)

    def _put(self, values: "array.array[int]") -> None:
        if sys.byteorder == "big":
            values.byteswap()
        self._sum = zlib.crc32(values, self._sum)
        self._file.write(values)

    def _finish(self) -> None:
        count, width = len(self._lengths), array.array(self._type).itemsize
        self._put(self._lengths)
        self._file.seek(0)
        self._file.write(_HEADER.pack(_MAGIC, _VERSION, width, count, self._tokens, self._sum))


def _map(path: Path) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """The ids and the lengths of a token file, once it is known to be whole."""
    with path.open("rb") as file:
        magic, version, width, count, tokens, expected_sum = _HEADER.unpack(file.read(_HEADER.size))
    if magic != _MAGIC or version != _VERSION or width not in {2, 4}:
        raise DataError(f"{path} is not a token file of version {_VERSION}; remove it and prepare it again")
    expected = _HEADER.size + width * tokens + 4 * count
    if path.stat().st_size != expected:
        raise DataError(
            f"{path} has {path.stat().st_size:,} bytes but its header says {expected:,}; "
            "it is damaged: remove it and prepare it again"
        )
    # The header is mapped too, because an empty mapping is refused; the mapping's own class would make each slice slow.
    content = np.asarray(np.memmap(path, np.uint8, mode="r"))
    if zlib.crc32(content[_HEADER.size :].data) != expected_sum:
        raise DataError(f"{path} does not have the sum in its header; it is damaged: remove it and prepare it again")
    middle = _HEADER.size + width * tokens
    return content[_HEADER.size : middle].view(f"<u{width}"), np.frombuffer(content[middle:].tobytes(), "<i4")
