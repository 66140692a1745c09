"""Vectors in a file of NumPy's own format: `clearhead embed` writes it, `clearhead search` reads it."""

from pathlib import Path
from typing import TYPE_CHECKING

from clearhead.cli import lines
from clearhead.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def write_vectors(array: "npt.NDArray[np.float32]", path: Path) -> None:
    """Write an array in NumPy's own format to a file, which is there when it is whole; it may be a pipe."""
    from numpy.lib import format as npy

    try:
        with lines.destination(path) as sink:
            npy.write_array_header_1_0(sink, npy.header_data_from_array_1_0(array))
            sink.write(array.data.cast("B") if array.size else b"")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DataError(f"output {path} cannot be written ({error.strerror}); check its folder and the disk") from error


def read_vectors(path: Path) -> "np.ndarray":
    """Raises DataError for what is no file of NumPy's; nothing in it is run."""
    from numpy.lib.format import open_memmap

    try:
        found: np.ndarray = open_memmap(path, mode="r")
    except OSError as error:
        raise DataError(f"--vectors {path} cannot be read ({error.strerror or error}); name a .npy file") from None
    except (ValueError, EOFError) as error:
        raise DataError(f"--vectors {path} is no array of NumPy's ({error}); make one by `clearhead embed`") from None
    return found
