"""A bundle in a .zip, as people pass folders on: unpacked for as long as it is read, and nothing more than it."""

import contextlib
import errno
import lzma
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from clearhead.bundle.config_file import NAME, RECIPE, read_config
from clearhead.errors import BundleError

# What is unpacked may take this many bytes, or this many for each byte of the archive: weights hardly shrink.
_ALWAYS, _FOR_EACH_BYTE = 64 << 20, 20
# What the library raises for an archive that is broken, or packed in a way that it does not know.
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError, ValueError, struct.error)


def is_archive(path: Path) -> bool:
    """Whether a path is a .zip file, whatever it is called."""
    return path.is_file() and zipfile.is_zipfile(path)


@contextlib.contextmanager
def extracted(path: Path) -> Iterator[Path]:
    """The bundle's folder: `path` itself, or for a .zip a temporary one, which is removed afterwards.

    Only config.json, the files that its bundle needs and its recipe are unpacked, each under its own name, wherever in
    the archive their folder lies. Raises BundleError where the archive holds no bundle, or several, or is damaged or
    too large.
    """
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="clearhead-") as name:
        folder = Path(name)
        try:
            _extract(path, folder)
            yield folder
        except BundleError as error:
            # What is wrong is wrong with the archive: the folder is gone before anybody could look.
            raise BundleError(str(error).replace(str(folder), str(path))) from None


class _Archive:
    """The files of a bundle in an archive, by their names."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self.archive, self.path = archive, path
        configs = [one for one in archive.namelist() if one.rpartition("/")[2] == NAME and "__MACOSX" not in one]
        if len(configs) != 1:
            found = "no bundle" if not configs else f"{len(configs)} bundles"
            raise BundleError(f"{path} holds {found}; expected one, a zipped run folder or bundle folder")
        self.begin = configs[0].removesuffix(NAME)
        self.left = max(_ALWAYS, _FOR_EACH_BYTE * path.stat().st_size)

    def extract(self, name: str, folder: Path) -> None:
        """Write one file. Its size is that which the archive lists: what follows is not read."""
        found = [one for one in self.archive.infolist() if one.filename == self.begin + name]
        if len(found) != 1:
            raise BundleError(f"{self.path} holds {len(found)} files {name[:80]!r}, expected one; make it again")
        if found[0].flag_bits & 1:
            raise BundleError(f"{self.path} is encrypted; unpack it, and name the folder")
        self.left -= found[0].file_size
        if self.left < 0:
            raise BundleError(f"{self.path} unpacks to far more than a bundle of its size; unpack it by hand")
        with self.archive.open(found[0]) as packed, (folder / name).open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)


def _extract(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as opened:
            archive = _Archive(opened, path)
            archive.extract(NAME, folder)
            for name in read_config(folder).needed:
                archive.extract(name, folder)
            with contextlib.suppress(BundleError, *_DAMAGED):  # It may be missing, or be no recipe.
                archive.extract(RECIPE, folder)
    except OSError as error:
        if error.errno == errno.EINVAL:  # It leads to a place before its beginning.
            raise BundleError(f"{path} is a damaged or an unusual .zip ({error.strerror}); make it again") from None
        raise BundleError(
            f"{path} cannot be unpacked ({error.strerror or error}); make room in {folder.parent}"
        ) from None
    except _DAMAGED as error:
        raise BundleError(f"{path} is a damaged or an unusual .zip ({error}); make it again") from None
