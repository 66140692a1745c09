"""Vectors in NumPy's own format, there and back; what a file may hold otherwise."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearhead.cli.vector_file import read_vectors, write_vectors
from clearhead.errors import DataError


@pytest.mark.parametrize("shape", [(3, 4), (0, 4)])
def test_numpy_reads_what_is_written_and_we_what_numpy_writes(tmp_path: Path, shape: tuple[int, int]) -> None:
    vectors = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    write_vectors(vectors, tmp_path / "벡터.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "벡터.npy", allow_pickle=False), vectors)
    np.save(tmp_path / "theirs.npy", vectors)
    np.testing.assert_array_equal(read_vectors(tmp_path / "theirs.npy"), vectors)


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"output .*a\.npy cannot be written \(.*\); check its folder and the disk"):
        write_vectors(np.zeros((1, 2), np.float32), tmp_path / "없음" / "a.npy")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no array", "is no array of NumPy's"),
        (None, "cannot be read"),
        ("npz", "is no array of NumPy's"),
        # One that is pickled is refused, and nothing of it is run.
        ("pickled", "is no array of NumPy's"),
    ],
)
def test_what_is_no_vectors(
    clearhead: Callable[..., Any], masked_model_folder: Path, tmp_path: Path, content: Any, message: str
) -> None:
    path = tmp_path / "vectors.npz"
    if content == "npz":
        np.savez(path, vectors=np.zeros((5, 16), np.float32))
    elif content == "pickled":
        with path.open("wb") as file:
            np.save(file, np.array([print], dtype=object), allow_pickle=True)
    elif content:
        path.write_bytes(content)
    result = clearhead("search", masked_model_folder, "one", "--vectors", path, stdin=b"one\n")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert message in result.err
