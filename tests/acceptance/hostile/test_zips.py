"""Zipped models that somebody means harm by: opened from where they lie, or refused; nothing is written elsewhere."""

import io
import stat
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")

Contained = Callable[[Mapping[str, Any]], None]
Files = Mapping[str, bytes]


def packed(entries: list[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info, target.encode()


def patched(content: bytes, mark: bytes, offset: int, form: str, value: int) -> bytes:
    """Every record that begins with a mark, with another number in it."""
    changed, place = bytearray(content), content.find(mark)
    while place >= 0:
        struct.pack_into(form, changed, place + offset, value)
        place = content.find(mark, place + 4)
    return bytes(changed)


def archives(files: Files) -> Iterator[tuple[str, bytes]]:
    entries: list[tuple[str | zipfile.ZipInfo, bytes]] = list(files.items())
    whole = packed(entries)
    local, central, end = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
    for way in (
        "../",
        "../../../../",
        "/",
        "C:\\",
        "a/../../",
        "./",
        "a//b/",
        "~/",
        "\\..\\",
        "\u202e/",
        "x" * 9_000 + "/",
    ):
        yield f"all below {way[:20]!r}", packed([(way + name, content) for name, content in files.items()])
        yield f"one more below {way[:20]!r}", packed([*entries, (f"{way}escaped", b"escaped")])
    yield "links for all", packed([link(name, f"/etc/{name}") for name in files])
    yield (
        "a link for the card",
        packed([link("README.md", "/etc/passwd"), *[one for one in entries if one[0] != "README.md"]]),
    )
    yield "a link and a file in it", packed([link("a", ".."), *entries, ("a/escaped", b"escaped")])
    yield "folders for all", packed([(f"{name}/", b"") for name in files])
    yield "every file twice", packed([*entries, *[(zipfile.ZipInfo(str(name)), content) for name, content in entries]])
    yield "two bundles", packed([*entries, *[(f"b/{name}", content) for name, content in files.items()]])
    yield "20,000 more files", packed([*entries, *[(f"x/{n}", b"") for n in range(20_000)]])
    yield "a thousand configs", packed([(f"{n}/config.json", b"{}") for n in range(1_000)])
    bomb = bytes(300_000_000)
    for name in ("config.json", "README.md", "model.safetensors"):
        yield (
            f"a bomb for {name}",
            packed([*[one for one in entries if one[0] != name], (name, bomb)], zipfile.ZIP_DEFLATED),
        )
    del bomb
    yield "a zip in a zip", packed([("bundle.zip", whole)])
    yield "encrypted", patched(patched(whole, local, 6, "<H", 1), central, 8, "<H", 1)
    yield "an unknown method", patched(patched(whole, local, 8, "<H", 97), central, 10, "<H", 97)
    yield "sizes of nothing", patched(whole, central, 24, "<L", 0)
    yield "sizes of 4 GB", patched(patched(whole, central, 24, "<L", 2**32 - 2), central, 20, "<L", 2**32 - 2)
    yield "sizes that say zip64", patched(whole, central, 24, "<L", 2**32 - 1)
    yield "places beyond the end", patched(whole, central, 42, "<L", 2**32 - 2)
    yield "all at one place", patched(whole, central, 42, "<L", 0)
    yield "wrong sums", patched(whole, central, 16, "<L", 5)
    yield "another name inside", whole.replace(b"README.md", b"readme.md", 1)
    yield "65,535 entries", patched(whole, end, 10, "<H", 65_535)
    yield "a directory beyond the end", patched(whole, end, 16, "<L", 2**31)
    yield "a long remark", patched(whole, end, 20, "<H", 60_000) + b"a" * 60_000
    yield "bytes before", b"#!/bin/sh\n" * 900 + whole
    yield "bytes behind", whole + b"a" * 9_000
    yield "twice", whole * 2
    yield "an end alone", end + bytes(18)
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield f"packed by method {method}", packed(entries, method)
    squeezed, random = packed(entries, zipfile.ZIP_DEFLATED), Random("zips")
    for share in (0.1, 0.5, 0.9, 0.99):
        yield f"cut at {share}", squeezed[: int(share * len(squeezed))]
    for number in range(20):
        content = bytearray(squeezed)
        for _ in range(3):
            # The directory is at the end.
            content[random.randrange(len(content) - 900 if number % 2 else 0, len(content))] = random.randrange(256)
        yield f"mutation {number}", bytes(content)


def test_what_is_opened(contained: Contained, run_folder: Path, tmp_path: Path) -> None:
    files = {file.name: file.read_bytes() for file in sorted((run_folder / "bundle").iterdir())}
    with pytest.warns(UserWarning, match="Duplicate name"):
        made = list(archives(files))
    assert len(made) == len(dict(made)) >= 70
    folder, jobs = tmp_path / "zips", {}
    folder.mkdir()
    for number, (name, content) in enumerate(made):
        path = folder / f"{number}.zip"
        path.write_bytes(content)
        jobs[name] = {"call": "load_and_use", "arguments": [str(path), ["fp32"]]}
    contained(jobs)
    assert {one.suffix for one in folder.iterdir()} == {".zip"}
    assert not [
        one
        for place in (tmp_path, tmp_path.parent, Path(tempfile.gettempdir()), Path("/"))
        for one in place.glob("escaped*")
    ]
