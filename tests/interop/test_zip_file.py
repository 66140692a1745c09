"""Where files lie in a zip file: against Python's zipfile."""

import zipfile
from pathlib import Path
from random import Random

import pytest
import torch

from clearhead.interop.zip_file import read_entries

CONTENTS = {"a/data.pkl": b"12345", "a/data/0": bytes(100), "a/empty": b"", "한글": b"x"}


def write(path: Path, comment: bytes = b"", **options: bool) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = comment
        for name, content in CONTENTS.items():
            with archive.open(name, "w", **options) as file:  # type: ignore[call-overload]
                file.write(content)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("comment", [b"", b"said " * 1000])
def test_every_file_is_found(tmp_path: Path, comment: bytes, wide: bool) -> None:
    write(tmp_path / "a", comment, force_zip64=wide)
    with (tmp_path / "a").open("rb") as file:
        found = read_entries(file)
    content = (tmp_path / "a").read_bytes()
    assert {name: content[one.begin : one.begin + one.size] for name, one in found.items()} == CONTENTS


def test_as_pytorch_writes_it(tmp_path: Path) -> None:
    torch.save({"a": torch.arange(9), "b": torch.ones(3)}, tmp_path / "a")
    with zipfile.ZipFile(tmp_path / "a") as archive, (tmp_path / "a").open("rb") as file:
        found = read_entries(file)
        assert {name: one.size for name, one in found.items()} == {
            one.filename: one.file_size for one in archive.infolist()
        }
        content = (tmp_path / "a").read_bytes()
        for name, one in found.items():
            assert content[one.begin : one.begin + one.size] == archive.read(name)


def test_what_is_cut_off_or_damaged_is_refused_or_read(tmp_path: Path) -> None:
    write(tmp_path / "a", b"end")
    content, draw = (tmp_path / "a").read_bytes(), Random(1)
    damaged = [content[:length] for length in range(len(content) - 3)]
    for _ in range(500):
        one = bytearray(content)
        one[draw.randrange(len(one))] = draw.randrange(256)
        damaged.append(bytes(one))
    refused = 0
    for index, one in enumerate(damaged):
        (tmp_path / "b").write_bytes(one)
        with (tmp_path / "b").open("rb") as file:
            try:
                assert all(place.begin + place.size <= len(one) for place in read_entries(file).values())
            except ValueError:
                refused += 1
        if index == len(content) - 4:
            assert refused == len(content) - 3
