"""A bundle in a .zip: it opens as its folder does, and harms nobody."""

import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

from clearhead.bundle import archive, load
from clearhead.errors import BundleError

Pack = Callable[..., Path]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where archives are unpacked; every test leaves it empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def pack(run_folder: Path, tmp_path: Path) -> Pack:
    """`pack("a/b/")`: a .zip with the bundle's files under a/b/, and others in place of some."""

    def pack(prefix: str = "", **others: bytes | None) -> Path:
        path = tmp_path / "packed.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for one in sorted((run_folder / "bundle").iterdir()):
                content = others.get(one.stem, one.read_bytes())
                if content is not None:
                    file.writestr(prefix + one.name, content)
        return path

    return pack


def refused(path: Path, message: str, temporary: Path) -> None:
    with pytest.raises(BundleError, match=message) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert str(temporary) not in str(caught.value)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("prefix", ["", "bundle/", "runs/tiny/bundle/", "/", "../", "C:/bundle/"])
def test_it_opens(pack: Pack, run_folder: Path, prefix: str, temporary: Path, tmp_path: Path) -> None:
    """faults.md D11: README said "zip it", but a .zip was refused. Where its folder lies in it does not matter."""
    before = sorted(tmp_path.iterdir())
    assert load(pack(prefix)).folder is None
    assert load(pack(prefix)).translate("one two") == load(run_folder).translate("one two")
    assert list(temporary.iterdir()) == []
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "packed.zip"])


def test_a_whole_run_folder(run_folder: Path, tmp_path: Path) -> None:
    """As `zip -r` and a file manager make it; what is no part of the bundle is not unpacked."""
    path = Path(shutil.make_archive(str(tmp_path / "run"), "zip", run_folder.parent, run_folder.name))
    assert load(path).recipe.name == "tiny"
    renamed = path.rename(tmp_path / "a file")
    assert load(renamed).recipe.name == "tiny"


def test_on_the_command_line(pack: Pack, run_folder: Path, clearhead: Callable[..., Any]) -> None:
    packed = clearhead("translate", pack("bundle/"), stdin=b"one two\n")
    folder = clearhead("translate", run_folder, stdin=b"one two\n")
    assert (packed.code, packed.out) == (0, folder.out)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"config": None}, r"packed.zip holds no bundle; expected one, a zipped run folder or bundle folder"),
        ({"config": b"{}"}, r"packed.zip/config.json is not a bundle's config"),
        ({"tokenizer": None}, r"packed.zip holds 0 files 'tokenizer.json', expected one"),
        ({"tokenizer": b"{}"}, r"packed.zip/tokenizer.json is damaged .its sha256 is not that in config.json"),
        ({"model": b"\x00" * (200 << 20)}, r"packed.zip unpacks to far more than a bundle of its size"),
    ],
)
def test_what_is_refused(pack: Pack, others: dict[str, bytes | None], message: str, temporary: Path) -> None:
    """faults.md D11: hashes are checked as ever, and 200 MiB of zeros from 200 KB are not unpacked."""
    refused(pack("bundle/", **others), message, temporary)


def test_two_bundles(pack: Pack, temporary: Path) -> None:
    path = pack("a/")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("b/config.json", "{}")
    refused(path, "holds 2 bundles; expected one", temporary)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_there_twice(pack: Pack, temporary: Path) -> None:
    path = pack("a/")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("a/tokenizer.json", "{}")
    refused(path, "holds 2 files 'tokenizer.json', expected one", temporary)


def test_a_link_is_no_file(pack: Pack, temporary: Path, tmp_path: Path) -> None:
    """Its content is the name that it leads to, and that is not what was hashed."""
    (tmp_path / "secret").write_text("secret")
    path = pack("a/", tokenizer=None)
    link = zipfile.ZipInfo("a/tokenizer.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(link, str(tmp_path / "secret"))
    refused(path, "tokenizer.json is damaged", temporary)


@pytest.mark.parametrize(
    "others", [{"recipe": None}, {"recipe": b"name: b"}, {"README": None}, {"recipe": b"\x00" * (200 << 20)}]
)
def test_without_its_recipe(pack: Pack, run_folder: Path, others: dict[str, bytes | None], temporary: Path) -> None:
    """What tells where a model came from may be missing, or be something else."""
    assert load(pack("bundle/", **others)).translate("one two") == load(run_folder).translate("one two")
    assert list(temporary.iterdir()) == []


def test_any_byte_changed(pack: Pack, temporary: Path) -> None:
    """Refused in one line, or the same bundle: a fixed sample of places, most of them where the archive lists files."""
    path, random = pack("bundle/"), Random("archive")
    content, whole = path.read_bytes(), load(path)
    listing = range(content.index(b"PK\x01\x02"), len(content))
    for place in [*random.sample(listing, 30), *random.sample(range(len(content)), 10)]:
        path.write_bytes(content[:place] + bytes([content[place] ^ (1 << random.randrange(8))]) + content[place + 1 :])
        problem, read = "", None
        try:
            read = load(path)
        except BundleError as error:
            problem = str(error)
        assert "\n" not in problem
        if read is not None:
            assert read.config == whole.config
            weights = zip(read.model.parameters(), whole.model.parameters(), strict=True)
            assert all(torch.equal(one, other) for one, other in weights)
        assert list(temporary.iterdir()) == []


def test_a_full_disk(pack: Pack, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive.shutil, "copyfileobj", full)
    refused_message = "cannot be unpacked .No space left on device.; make room"
    with pytest.raises(BundleError, match=refused_message):
        load(pack())
    assert list(temporary.iterdir()) == []


def test_a_directory_beyond_the_end(pack: Pack, temporary: Path) -> None:
    """faults.md D11: "make room in …" was the advice."""
    content = bytearray(pack().read_bytes())
    place = content.rfind(b"PK\x05\x06") + 16
    content[place : place + 4] = (2**31).to_bytes(4, "little")
    path = temporary.parent / "packed.zip"
    path.write_bytes(content)
    refused(path, "is a damaged or an unusual .zip .*; make it again", temporary)
