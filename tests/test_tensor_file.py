"""The header of a file of tensors, held against the file before anything is built."""

import errno
import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from clearhead.tensor_file import Entry, os_errors, read_header


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.safetensors"
    save_file({"a": np.zeros((2, 3), np.float32), "b": np.zeros(0, np.int64)}, path, {"said": "yes"})
    return path


def write(path: Path, header: Any, numbers: int) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(numbers))


def tensor(**changes: object) -> dict[str, object]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}


def test_what_it_says(path: Path) -> None:
    header, start = read_header(path), 8 + int.from_bytes(path.read_bytes()[:8], "little")
    assert header.tensors == {"a": Entry("F32", (2, 3), start), "b": Entry("I64", (0,), start)}
    assert header.metadata == {"said": "yes"}


@pytest.mark.parametrize(
    ("header", "numbers", "message"),
    [
        ([], 0, "its header is no list of tensors"),
        ({"a": 1}, 0, "'a' is described in another way than a tensor"),
        ({"a": tensor(more=1)}, 8, "described in another way"),
        ({"a": tensor(data_offsets=[0, "8"])}, 8, "described in another way"),
        ({"a": tensor(dtype="F3")}, 8, "has type 'F3' and a shape that no tensor has"),
        ({"a": tensor(shape=[-2])}, 8, "a shape that no tensor has"),
        ({"a": tensor(shape=[2.0])}, 8, "a shape that no tensor has"),
        ({"a": tensor(shape=[True, 2])}, 8, "a shape that no tensor has"),
        ({"a": tensor(shape=[10**30])}, 8, "a shape that no tensor has"),
        ({"a": tensor(shape=[1] * 9)}, 8, "a shape that no tensor has"),
        ({"a": tensor(shape=[3])}, 8, "takes other room than its shape and type need"),
        ({"a": tensor(data_offsets=[8, 16])}, 16, "lie over each other, or apart"),
        ({"a": tensor(), "b": tensor()}, 8, "lie over each other, or apart"),
        ({"a": tensor()}, 16, "take 8 bytes of the 16"),
        ({"__metadata__": {"a": 1}}, 0, "its metadata are not texts"),
        ({"__metadata__": []}, 0, "its metadata are not texts"),
        (b'{"a": 1, "a": 2}', 0, "'a' stands in it twice"),
        (b"[" * 100_000, 0, "nested without end"),
        (b"\xff", 0, "not UTF-8"),
        (b"{", 0, "Expecting"),
    ],
)  # fmt: skip
def test_what_is_refused(path: Path, header: Any, numbers: int, message: str) -> None:
    write(path, header, numbers)
    with pytest.raises(ValueError, match=message) as caught:
        read_header(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("content", [b"", b"1234567", (2**60).to_bytes(8, "little") + b"{}", b"\xff" * 64])
def test_a_header_larger_than_its_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError, match="does not fit a file of"):
        read_header(path)


def test_a_device_is_no_file() -> None:
    with pytest.raises(ValueError, match="a device or a pipe"):
        read_header("/dev/zero")


def test_whatever_is_taken_the_library_takes(path: Path) -> None:
    """One byte of the header is another: refused, or the library reads the same tensors' shapes."""
    random, whole, taken = Random("bytes"), path.read_bytes(), 0
    for _ in range(400):
        place = random.randrange(len(whole) - 24)
        path.write_bytes(whole[:place] + bytes([random.randrange(256)]) + whole[place + 1 :])
        try:
            header = read_header(path)
        except ValueError:
            continue
        taken += 1
        shapes = {name: array.shape for name, array in load_file(path).items()}
        assert shapes == {name: entry.shape for name, entry in header.tensors.items()}
    assert 0 < taken < 200


class TestWriting:
    def test_a_full_disk_is_an_os_error(self, tmp_path: Path) -> None:
        """faults.md A17: the library has an error of its own for what the system refused."""
        with pytest.raises(OSError, match="No such file") as caught, os_errors(tmp_path / "b"):
            save_file({"a": np.zeros(1)}, tmp_path / "none" / "b")
        assert caught.value.errno == errno.ENOENT
        assert caught.value.filename == str(tmp_path / "b")

    def test_other_errors_stay(self, tmp_path: Path) -> None:
        with pytest.raises(SafetensorError), os_errors(tmp_path):
            raise SafetensorError("something else")
