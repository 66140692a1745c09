"""Fetching a public corpus: all of its files, each with the hash that it should have, or nothing."""

import contextlib
import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final

from clearhead.errors import DataError
from clearhead.files import publish_folder
from clearhead.starting.public import PublicCorpus, PublicFile

_BLOCK: Final = 1 << 16
# So long the other side may say nothing.
_SECONDS: Final = 30.0


def fetch_corpus(corpus: PublicCorpus, folder: Path, doing: Callable[[str], None]) -> None:
    """Write the corpus's files into a new folder, which is there when all of them are, and else is not.

    Raises DataError where a file cannot be fetched, or is not the one that was meant.
    """
    with publish_folder(folder) as draft:
        for file in corpus.files:
            doing(f"fetching {file.name}")
            _fetch(file, draft / file.name)


def _fetch(file: PublicFile, path: Path) -> None:
    digest, count = hashlib.sha256(), 0
    with path.open("wb") as out, contextlib.closing(_blocks(file.url)) as blocks:
        for block in blocks:
            count += len(block)
            if count > file.size:
                break
            digest.update(block)
            out.write(block)
    if count != file.size or digest.hexdigest() != file.sha256:
        size = f"more than {file.size:,}" if count > file.size else f"{count:,}"
        raise DataError(
            f"{file.url} is not the file that was meant: it has {size} bytes with the SHA-256 {digest.hexdigest()}, "
            f"expected {file.size:,} with {file.sha256}; nothing was kept; try again, or fetch it from its authors"
        )


def _blocks(url: str) -> Generator[bytes, None, None]:
    """What lies there, block by block. Raises DataError where it cannot be read."""
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            while block := answer.read(_BLOCK):
                yield block
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # It is the server's answer, too.
        raise DataError(
            f"{url} cannot be fetched ({_why(error)}); nothing was kept; check the network, or fetch the file "
            "elsewhere and name it to `clearhead init`"
        ) from error


def _why(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code}"
    if isinstance(error, http.client.IncompleteRead):
        return "the connection ended before the file did"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return text.partition("\n")[0][:120]
