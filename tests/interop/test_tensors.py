"""Opening a foreign model's tensors, whatever their format: against the libraries that wrote the files."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from clearhead.errors import InteropError
from clearhead.interop.tensors import open_tensors

KINDS = [torch.float32, torch.float16, torch.bfloat16, torch.float64]


def tensors(kind: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(3)
    return {
        "a.weight": torch.randn(3, 4, generator=draw).to(kind),
        "a.empty": torch.zeros(0, 4).to(kind),
        "a.one": torch.tensor(2.5).to(kind),
        "ids": torch.arange(7),
        "mask": torch.tensor([True, False]),
    }


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_safetensors_of_every_kind_come_as_float32(tmp_path: Path, kind: torch.dtype) -> None:
    expected = tensors(kind)
    save_file(expected, tmp_path / "model.safetensors")
    found = open_tensors(tmp_path)
    assert found.shapes == {name: tuple(one.shape) for name, one in expected.items()}
    for name, one in expected.items():
        read = found.read(name)
        assert np.array_equal(read, (one.float() if one.is_floating_point() else one).numpy())
        assert read.dtype == (np.float32 if one.is_floating_point() else one.numpy().dtype)


def test_a_file_is_opened_under_any_name(tmp_path: Path) -> None:
    save_file(tensors(), tmp_path / "weights")
    assert set(open_tensors(tmp_path / "weights").kinds.values()) == {"F32", "I64", "BOOL"}


def test_what_is_read_is_nobody_elses(tmp_path: Path) -> None:
    save_file(tensors(), tmp_path / "model.safetensors")
    found = open_tensors(tmp_path)
    found.read("a.weight")[:] = 0
    assert found.read("a.weight").any()


def test_a_file_that_became_shorter_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"a": torch.zeros(100)}, path)
    found = open_tensors(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InteropError, match="changed while it was read"):
        found.read("a")


@pytest.mark.parametrize("content", [b"", b"\x08", b"no file of tensors", b"\xff" * 100], ids=repr)
def test_what_is_no_file_of_tensors_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(InteropError, match=r"is refused: a header of .* get it again") as refused:
        open_tensors(tmp_path)
    assert "\n" not in str(refused.value)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InteropError, match="is not there; give"):
        open_tensors(tmp_path / "none")
    with pytest.raises(InteropError, match=r"has no model\.safetensors"):
        open_tensors(tmp_path)
