"""One way to open a foreign model's tensors: a file or a folder, whatever its format. Nothing in it is ever run."""

from collections.abc import Callable
from pathlib import Path

from clearhead.errors import InteropError
from clearhead.interop.gguf_file import read_gguf
from clearhead.interop.places import Place, Tensors
from clearhead.interop.sharded import read_sharded
from clearhead.interop.torch_file import read_torch
from clearhead.tensor_file import read_header

# In the order of preference, where a folder has several: the first files are the later format.
_FILES = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
# How a file that is not safetensors begins: a zip file, a pickle, GGUF.
_READERS = {b"GGUF": read_gguf, b"PK\x03\x04": read_torch, b"\x80": read_torch}


def open_tensors(place: Path) -> Tensors:
    """The names, shapes and kinds of all tensors in a file, or in a folder's, and `read(name)` for each.

    Raises InteropError in one line where there is none, or it is damaged or hostile.
    """
    return _open_file(_file_of(place))


def _file_of(place: Path) -> Path:
    if place.is_file():
        return place
    if not place.is_dir():
        raise InteropError(f"{place} is not there; give a model's folder or file")
    for name in _FILES:
        if (place / name).is_file():
            return place / name
    if len(found := sorted(place.glob("*.gguf"))) == 1:
        return found[0]
    if found:
        raise InteropError(f"{place} has {len(found)} .gguf files, such as {found[0].name}; name the one to be read")
    raise InteropError(
        f"{place} has no {', '.join(_FILES)} and no .gguf file; give a folder that holds a model's weights"
    )


def _open_file(path: Path) -> Tensors:
    if path.suffix == ".json":
        return _opened(path, lambda index: read_sharded(index, _open_shard))
    return _open_shard(path)


def _open_shard(path: Path) -> Tensors:
    return _opened(path, lambda file: _reader_of(file)(file))


def _reader_of(path: Path) -> Callable[[Path], Tensors]:
    with path.open("rb") as file:
        start = file.read(4)
    found = [reader for beginning, reader in _READERS.items() if start.startswith(beginning)]
    # A header of safetensors is shorter than 16 MB, so the fourth byte of its length is 0, and its first may be any.
    return found[0] if found and not (len(start) == 4 and start[3] == 0) else _safetensors


def _opened(path: Path, reader: Callable[[Path], Tensors]) -> Tensors:
    try:
        return reader(path)
    except OSError as error:
        raise InteropError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise InteropError(f"{path} is refused: {error}; get it again, from a source that you trust") from None


def _safetensors(path: Path) -> Tensors:
    entries = read_header(path).tensors.items()
    return Tensors({name: Place(path=path, kind=one.kind, shape=one.shape, begin=one.begin) for name, one in entries})
