"""Reading one tensor at its place."""

from pathlib import Path

import numpy as np
import torch

from clearhead.interop.places import Place, read_place


def test_numbers_that_lie_in_columns(tmp_path: Path) -> None:
    """PyTorch keeps a transposed matrix as it was, with other strides."""
    matrix = torch.arange(12.0).reshape(3, 4)
    (tmp_path / "a").write_bytes(b"begin" + matrix.numpy().tobytes())
    turned = matrix.T
    place = Place(path=tmp_path / "a", kind="F32", shape=tuple(turned.shape), begin=5, strides=turned.stride())
    assert np.array_equal(read_place(place), turned.numpy())


def test_part_of_what_lies_there(tmp_path: Path) -> None:
    row = torch.arange(10.0)
    (tmp_path / "a").write_bytes(row.numpy().tobytes())
    part = row[2::3]
    place = Place(path=tmp_path / "a", kind="F32", shape=(3,), begin=8, strides=part.stride())
    assert read_place(place).tolist() == part.tolist()
