"""State dicts of `torch.save`, read without unpickling: against what PyTorch itself holds."""

import contextlib
import io
import os
import re
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from clearhead.errors import InteropError
from clearhead.interop.tensors import open_tensors

KINDS = [torch.float32, torch.float16, torch.bfloat16, torch.float64]
LAYOUTS = [True, False]


def saved(folder: Path, state: Any, is_zip: bool = True, **options: Any) -> Path:
    torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=is_zip, **options)
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(InteropError) as refused:
        open_tensors(folder)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def same(folder: Path, expected: dict[str, torch.Tensor]) -> None:
    found = open_tensors(folder)
    assert found.shapes == {name: tuple(one.shape) for name, one in expected.items()}
    for name, one in expected.items():
        assert np.array_equal(found.read(name), (one.float() if one.is_floating_point() else one).detach().numpy())


@pytest.mark.parametrize("is_zip", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_numbers_of_every_kind(tmp_path: Path, kind: torch.dtype, is_zip: bool) -> None:
    whole = {f"i{index}": torch.arange(5).to(one) for index, one in enumerate((torch.int8, torch.uint8, torch.int32))}
    state = {"a": torch.randn(3, 4).to(kind), "b": torch.zeros(0, 2).to(kind), "c": torch.tensor(2.5).to(kind), **whole}
    same(saved(tmp_path, state, is_zip), {**state})


@pytest.mark.parametrize("is_zip", LAYOUTS)
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_modules_state_dict(tmp_path: Path, is_zip: bool, protocol: int) -> None:
    """With the attribute `_metadata` that it has; and as parameters, which a dictionary of one's own may hold."""
    module = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.BatchNorm1d(4))
    same(saved(tmp_path, module.state_dict(), is_zip, pickle_protocol=protocol), module.state_dict())
    parameters = OrderedDict(module.named_parameters())
    same(saved(tmp_path, parameters, is_zip, pickle_protocol=protocol), dict(parameters))


@pytest.mark.parametrize("is_zip", LAYOUTS)
def test_views_of_one_storage(tmp_path: Path, is_zip: bool) -> None:
    whole = torch.randn(6, 4)
    state = {
        "whole": whole, "again": whole, "turned": whole.T, "part": whole[1:3, 2:], "row": whole[2],
        "every other": whole[::2, 1], "same": torch.ones(1).expand(1, 1), "none": whole[6:],
    }  # fmt: skip
    same(saved(tmp_path, state, is_zip), state)


def test_several_files(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "one.bin")
    torch.save({"b": torch.zeros(2)}, tmp_path / "two.bin", _use_new_zipfile_serialization=False)
    index = '{"weight_map": {"a": "one.bin", "b": "two.bin"}}'
    (tmp_path / "pytorch_model.bin.index.json").write_text(index, encoding="utf-8")
    same(tmp_path, {"a": torch.ones(2), "b": torch.zeros(2)})


class Runs:
    """What a hostile file holds: unpickling it calls a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.called = function, arguments

    def __reduce__(self) -> Any:
        return self.called


@pytest.mark.parametrize("is_zip", LAYOUTS)
@pytest.mark.parametrize("protocol", [2, 4])
def test_nothing_is_run(tmp_path: Path, is_zip: bool, protocol: int) -> None:
    mark = tmp_path / "mark"
    state = {"a": torch.ones(2), "b": Runs(os.system, f"touch {mark}")}
    said = refusal(saved(tmp_path, state, is_zip, pickle_protocol=protocol))
    assert "asks for 'posix.system', which tensors do not need; nothing of it was run" in said
    assert not mark.exists()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ([torch.ones(1)], "holds no state dict"),
        ({}, "holds no state dict"),
        ({"model": {"a": torch.ones(1)}}, "'model' in it is no tensor, so it is no state dict; save"),
        ({3: torch.ones(1)}, "'3' in it is no tensor"),
        ({(1, 2): torch.ones(1)}, "a key that is neither a text nor a number"),
        (nn.Linear(2, 2), "asks for 'torch.nn.modules.linear.Linear'"),
        ({"a": torch.ones(1).to_sparse()}, "which tensors do not need"),
        ({"a": torch.ones(1, dtype=torch.complex64)}, "asks for 'torch.ComplexFloatStorage'"),
        ({"a": {1, 2}}, "asks for 'builtins.set'|asks for '__builtin__.set'"),
        ({"a": torch.ones(1).expand(10**6, 10**6)}, "goes beyond the 1 numbers that it is made of"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_zip", LAYOUTS)
def test_what_is_no_state_dict_is_refused(tmp_path: Path, state: Any, message: str, is_zip: bool) -> None:
    assert re.search(message, refusal(saved(tmp_path, state, is_zip)))


@pytest.mark.parametrize("is_zip", LAYOUTS)
def test_what_is_cut_off_is_refused(tmp_path: Path, is_zip: bool) -> None:
    path = saved(tmp_path, {"a": torch.randn(20), "b": torch.ones(3, 3)}, is_zip) / "pytorch_model.bin"
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        refusal(tmp_path)


@pytest.mark.parametrize("is_zip", LAYOUTS)
def test_damage_anywhere_is_refused_or_read(tmp_path: Path, is_zip: bool) -> None:
    """Never another error than ours, and never more numbers than the file has."""
    path = saved(tmp_path, {"a": torch.randn(3, 4).T, "b": torch.ones(3)}, is_zip) / "pytorch_model.bin"
    content, draw = path.read_bytes(), Random(5)
    for _ in range(600):
        damaged = bytearray(content)
        for _ in range(draw.choice((1, 1, 2, 8))):
            damaged[draw.randrange(len(damaged))] = draw.choice((0, 1, 127, 128, 255, draw.randrange(256)))
        path.write_bytes(damaged)
        with contextlib.suppress(InteropError):
            found = open_tensors(tmp_path)
            for name in found.shapes:
                assert found.read(name).size <= len(content)


def rezipped(folder: Path, change: Callable[[dict[str, bytes]], None], **options: Any) -> Path:
    """A file of torch.save whose parts were changed."""
    path = saved(folder, {"a": torch.ones(4)}) / "pytorch_model.bin"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return folder


def set_part(end: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        parts[next(name for name in parts if name.endswith(end))] = content

    return change


def test_hostile_zip_files(tmp_path: Path) -> None:
    assert "compressed or encrypted" in refusal(rezipped(tmp_path, lambda _: None, compression=zipfile.ZIP_DEFLATED))
    assert "has 4 numbers, which are not in it" in refusal(rezipped(tmp_path, set_part("data/0", bytes(15))))
    assert "in big-endian order" in refusal(rezipped(tmp_path, set_part("byteorder", b"big")))
    assert "with 0 data.pkl" in refusal(rezipped(tmp_path, lambda parts: parts.clear() or parts.update(a=b"")))  # type: ignore[func-returns-value]
    assert "with 2 data.pkl" in refusal(rezipped(tmp_path, lambda parts: parts.update({"x/data.pkl": b""})))


def pickled(*operations: bytes) -> bytes:
    return b"\x80\x02" + b"".join(operations) + b"."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickled(b"}", b"q\0", b"h\0", b"X\1\0\0\0a", b"h\0", b"s"), "'a' in it is no tensor"),  # a dict in itself
        (pickled(*[b")", *[b"\x85"] * 100_000, b"K\1", b"s"]), "its pickle"),  # nested a hundred thousand times
        (pickled(b"}", *[b"\x85"] * 100_000, b"}", b"\x86"), "no state dict"),
        (pickled(b"h\5"), "its pickle is damaged"),
        (pickled(b"N" * 3, b"R"), "calls what is no function"),
        (pickled(b"]"), "holds no state dict"),
        (b"\x80\x02X\xff\xff\xff\x7fabc.", "expected 2147483647 bytes in a unicodestring4, but only 4 remain"),
        (b"\x80\x02\x8b\xff\xff\xff\x7fabc.", "long4|not enough data"),
        (b"\x80\x02cos\n" + b"x" * 100, "no newline found|pickle"),
        (b"\x80\x02(I" + b"9" * 10_000 + b"\n.", "its pickle|integer string conversion"),
        (b"\x80\x02}", "exhausted before seeing STOP|does not end"),
    ],
)
def test_hostile_pickles(tmp_path: Path, content: bytes, message: str) -> None:
    assert re.search(message, refusal(rezipped(tmp_path, set_part("data.pkl", content))))


def test_a_storage_that_is_described_twice(tmp_path: Path) -> None:
    """Once as four numbers of four bytes, once as two of eight."""

    def change(parts: dict[str, bytes]) -> None:
        name = next(name for name in parts if name.endswith("data.pkl"))
        parts[name] = parts[name].replace(b"K\4t", b"K\5t")

    assert "has 5 numbers, which are not in it" in refusal(rezipped(tmp_path, change))


def test_a_list_of_files_that_is_longer_than_any_needs(tmp_path: Path) -> None:
    path = saved(tmp_path, {"a": torch.ones(4)}) / "pytorch_model.bin"
    content = path.read_bytes()
    end = content.rfind(b"PK\6\6")
    path.write_bytes(content[: end + 40] + struct.pack("<Q", 2**31) + content[end + 48 :])
    assert "its list of files takes 2,147,483,648 bytes" in refusal(tmp_path)


def test_files_that_lie_over_each_other(tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a/data.pkl", b"}.")
        archive.writestr("a/data/0", bytes(4))
    content = bytearray(held.getvalue())
    second = content.rfind(b"PK\1\2")
    content[second + 42 : second + 46] = bytes(4)
    (tmp_path / "pytorch_model.bin").write_bytes(content)
    assert "lies over another file" in refusal(tmp_path)
