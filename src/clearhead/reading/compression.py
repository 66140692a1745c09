"""Compressed files: which format one is in, by its first bytes, and what is in it, block by block."""

import functools
import gzip
import importlib
import io
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, final

from clearhead.errors import DataError

# Reads so many bytes or fewer, as many as are there; none at the end.
Read = Callable[[int], bytes]
_BLOCK: Final = 1 << 18
_GZIP_MARK: Final = b"\x1f\x8b"
# Where Python has it, and where the package is that gives it to an older one.
_ZSTANDARD: Final = ("compression.zstd", "backports.zstd")


@dataclass(frozen=True)
class Compression:
    """A format. name: as in "is not a whole gzip file". mark: a file of it begins with this. unpack: the command."""

    name: str
    ending: str
    mark: bytes
    unpack: str

    def refusal(self, name: str, why: str) -> DataError:
        """What is said of a file that is not whole, or is no such file."""
        return DataError(
            f"{name} is not a whole {self.name} file ({why}); fetch it again, or drop {self.ending} from its name if "
            "it is plain text"
        )


GZIP: Final = Compression("gzip", ".gz", _GZIP_MARK, "gunzip")
XZ: Final = Compression("xz", ".xz", b"\xfd7zXZ\x00", "xz -d")
ZSTANDARD: Final = Compression("Zstandard", ".zst", b"\x28\xb5\x2f\xfd", "zstd -d")
COMPRESSIONS: Final = (GZIP, XZ, ZSTANDARD)
# So many first bytes tell.
MARK_BYTES: Final = 6


def is_gzip(head: bytes) -> bool:
    """Whether bytes begin as gzip does: its mark, its only method, and no flag that it does not have."""
    return len(head) >= 4 and head.startswith(_GZIP_MARK + b"\x08") and head[3] < 0x20


def compression_of(head: bytes) -> Compression | None:
    """The format of a file that begins with `head`; None where it is not compressed."""
    if is_gzip(head):
        return GZIP
    return next((one for one in (XZ, ZSTANDARD) if head.startswith(one.mark)), None)


def compression_named(name: str) -> Compression | None:
    """The format that a file's name says, by its ending."""
    return next((one for one in COMPRESSIONS if name.lower().endswith(one.ending)), None)


def uncompressed(compression: Compression, head: bytes, read: Read, name: str) -> Read:
    """Reads what is in a compressed stream that begins with `head` and goes on with what `read` gives.

    It raises DataError where that is not whole, with `name` in it. Raises DataError at once, with the command that
    installs it, where the package for Zstandard is missing.
    """
    joined = Joined(head, read)
    if compression is GZIP:
        inner: Read = gzip.GzipFile(fileobj=joined).read1
    elif compression is XZ:
        inner = _each_stream(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ), joined)
    else:
        inner = _each_stream(_zstandard(name).ZstdDecompressor, joined)
    problems: tuple[type[Exception], ...] = (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError)
    if compression is ZSTANDARD:
        problems = (*problems, _zstandard(name).ZstdError)

    def checked(size: int) -> bytes:
        try:
            return inner(size)
        except problems as error:
            raise compression.refusal(name, _problem(error, compression)) from error

    return checked


@functools.cache
def _zstandard_module() -> Any:
    for module in _ZSTANDARD:
        try:
            return importlib.import_module(module)
        except ImportError:
            continue
    return None


def _zstandard(name: str) -> Any:
    if (module := _zstandard_module()) is None:
        raise DataError(
            f"{name} is a Zstandard file, which needs the package backports.zstd before Python 3.14; install it with: "
            "pip install 'clearhead[zstd]'"
        )
    return module


def _each_stream(new: Callable[[], Any], joined: "Joined") -> Read:
    """What is in one compressed stream after the other, as `cat a.xz b.xz` writes them."""
    decompressor = new()

    def read(size: int) -> bytes:
        nonlocal decompressor
        while True:
            fresh = b""
            if decompressor.eof:
                # xz may have zeros between streams, and after the last.
                fresh = decompressor.unused_data.lstrip(b"\0")
                while not fresh:
                    if not (block := joined.read(_BLOCK)):
                        return b""
                    fresh = block.lstrip(b"\0")
                decompressor = new()
            elif decompressor.needs_input and not (fresh := joined.read(_BLOCK)):
                raise EOFError("its end is missing")
            if block := decompressor.decompress(fresh, size):
                return bytes(block)

    return read


def _problem(error: Exception, compression: Compression) -> str:
    """What a library says, but for the bytes that it shows as Python writes them."""
    if str(error).startswith("Not a gzipped file"):
        return "what follows its end is no gzip"
    return str(error) or f"it is damaged {compression.name}"


@final
class Joined(io.RawIOBase):
    """What has been read of a stream, and then its rest."""

    def __init__(self, head: bytes, read: Read) -> None:
        self._head, self._read = head, read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._head[: len(buffer)] or self._read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(block)] = block
        return len(block)
