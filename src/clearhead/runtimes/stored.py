"""A model's weights as a file holds them: one at a time, in float32, by every name that a model has for them."""

import os
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from clearhead.errors import BundleError
from clearhead.model import tables
from clearhead.model.config import FamilyConfig
from clearhead.model.shapes import parameter_shapes, shared_names
from clearhead.tensor_file import BYTES, read_header

# Of BF16, of which NumPy has none, the bits.
KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


class StoredWeights(Mapping[str, NDArray[np.float32]]):
    """The file stays open: what takes its place under its name later is another file, which is not looked at.

    Raises BundleError where it can be read no more, or was written to meanwhile.
    """

    def __init__(self, path: Path, config: FamilyConfig) -> None:
        self.path, self.config = path, config
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._file)
        self._entries = read_header(path).tensors
        self._state = self._seen()
        self._shared = shared_names(config)
        self._known: weakref.WeakValueDictionary[str, NDArray[np.float32]] = weakref.WeakValueDictionary()
        self._names = tuple(parameter_shapes(config, shared=True))

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        name = self._shared.get(name, name)
        # Whoever keeps a shared matrix keeps it once.
        if (known := self._known.get(name)) is None:
            known = self._known[name] = self._read(name)
        return known

    def _read(self, name: str) -> NDArray[np.float32]:
        entry = self._entries[name]
        numbers = np.empty(entry.shape, KINDS[entry.kind])
        try:
            read = _read_at(self._file, entry.begin, numbers)
        except OSError as error:
            raise BundleError(f"{self.path} cannot be read ({error.strerror}); load the bundle again") from None
        if read != numbers.size * BYTES[entry.kind] or self._seen() != self._state:
            raise BundleError(f"{self.path} was changed while it was in use; load the bundle again")
        return as_float32(numbers, entry.kind)

    def with_tables(self) -> Mapping[str, NDArray[np.float32]]:
        """The same with the tables of positions that a formula gives, by the names of `CompiledRuntime`."""
        return _WithTables(self)

    def _seen(self) -> tuple[int, ...]:
        status = os.fstat(self._file)
        return status.st_size, status.st_mtime_ns


class _WithTables(Mapping[str, NDArray[np.float32]]):
    def __init__(self, stored: StoredWeights) -> None:
        self._stored, config = stored, stored.config
        self._tables: dict[str, NDArray[np.float32]] = {}
        if config.positions.startswith("rotary"):
            cosine, sine = tables.rotary(config.block)
            self._tables = {"rotary.cosine": cosine, "rotary.sine": sine}
        elif config.positions.startswith("sinusoidal"):
            table = tables.LAYOUTS[config.positions](config.max_length, config.width)
            embeddings = (name.removesuffix(".matrix.weight") for name in stored if "embedding.matrix" in name)
            self._tables = {f"{name}.positions.table": table for name in embeddings}

        elif config.positions == "alibi":
            found = np.array(tables.slopes(config.heads), np.float32)[None, :, None, None]
            stacks = {name.partition(".")[0] for name in parameter_shapes(config)} & {"encoder", "decoder"}
            self._tables = {f"{stack}.position_bias.slopes": found for stack in stacks}

    def __len__(self) -> int:
        return len(self._stored) + len(self._tables)

    def __iter__(self) -> Iterator[str]:
        yield from self._stored
        yield from self._tables

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self._tables[name] if name in self._tables else self._stored[name]


def as_float32(numbers: NDArray[Any], kind: str) -> NDArray[np.float32]:
    """Numbers that a file holds as `kind`, one of KINDS. What is too large becomes infinite."""
    if kind == "BF16":
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    # Infinity is refused where it is used.
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32, copy=False)


def _read_at(file: int, begin: int, numbers: NDArray[Any]) -> int:
    """Fill `numbers` from a place in the file; return how many bytes there were. Others may read elsewhere at once."""
    if not numbers.size:
        return 0
    room, done = memoryview(cast(Any, numbers)).cast("B"), 0
    while done < len(room):
        if hasattr(os, "preadv"):
            read = os.preadv(file, [room[done:]], begin + done)
        else:
            os.lseek(file, begin + done, os.SEEK_SET)
            part = os.read(file, len(room) - done)
            room[done : done + len(part)], read = part, len(part)
        if not read:
            break
        done += read
    return done
