"""From text files to one token file, once: each document's ids, kept in the cache as those of pairs are."""

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearhead.data.caching import from_cache, identity, key_of
from clearhead.data.documents import DocumentFile, read_all
from clearhead.data.replaying import followed_by, replay_weights
from clearhead.data.tables import TableFile
from clearhead.data.token_file import TokenFile, TokenWriter
from clearhead.errors import RecipeError
from clearhead.files import cache_folder
from clearhead.text import Tokenizer

_VERSION: Final = 1
# Enough lines to keep all cores busy.
_CHUNK: Final = 10_000


@dataclass(frozen=True)
class PreparedText:
    """A corpus of documents as ids.

    Attributes:
        documents: for each document begin, its ids, and end; of a conversation, its turns, and which ids are learned.
        key: a name made from all that the ids depend on.
        former_keys: the names that older versions gave the same: there are none yet.
    """

    documents: TokenFile
    key: str
    former_keys: tuple[str, ...] = ()

    def is_called(self, key: object) -> bool:
        """Whether this version or an older one gave it that name."""
        return key in (self.key, *self.former_keys)

    def with_old(self, old: "PreparedText", share: float) -> "PreparedText":
        """These documents and old ones, which are `share` of the tokens of an epoch."""
        lengths = np.concatenate([self.documents.lengths, old.documents.lengths])
        weights = replay_weights(np.ones(len(self)), np.ones(len(old)), lengths, share)
        return PreparedText(followed_by(self.documents, old.documents, weights), f"{self.key}+{old.key}")

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def ids(self) -> NDArray[Any]:
        """All documents' ids, one after the other."""
        return self.documents.ids

    @property
    def report(self) -> str:
        """How much there is to learn."""
        return f"{self.tokens:,} tokens"

    @property
    def longest(self) -> int:
        """How many tokens the longest document has to predict: its ids but begin, which is read alone."""
        return int(self.documents.lengths.max()) - 1

    @property
    def shortest(self) -> int:
        """How many tokens the shortest document has to predict."""
        return int(self.documents.lengths.min()) - 1

    @property
    def tokens(self) -> int:
        """How many tokens there are to predict, the end of each document or answer among them."""
        learned = self.documents.learned
        return self.documents.tokens - len(self) if learned is None else int(learned.sum())


def prepare_text(
    files: Sequence[DocumentFile],
    tokenizer: Tokenizer,
    cache: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> PreparedText:
    """The ids of all files' documents, one file after the other, from the cache where it has them.

    The cache's key is the content: the files' bytes, which part of them, what is a document, and the tokenizer.

    Args:
        cache: the folder for the ids; None for `clearhead.files.cache_folder()`.
        progress: is told now and then how many tokens there are so far.

    Raises:
        DataError: a file cannot be read, there is no document, or the cache cannot be written.
        RecipeError: there is no file.
    """
    if not files:
        raise RecipeError("there are no files to train on; name at least one text in data.train")
    parts = [(identity(one.path), _what_of(one), one.start, one.stop) for one in files]
    key = key_of(("text", _VERSION, parts, tokenizer.to_json()))
    return from_cache(
        (cache or cache_folder()) / "prepared" / key, _open, lambda draft: _fill(draft, files, tokenizer, progress)
    )


def _what_of(file: DocumentFile) -> object:
    """What of a file is a document."""
    if isinstance(file, TableFile):
        return ["".join(file.path.suffixes).lower(), *file.columns, *([True] if file.header else [])]
    return file.documents


def _open(folder: Path) -> PreparedText | None:
    """What the cache has, or None where it has nothing, or nothing whole."""
    try:
        count = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["documents"]
        documents = TokenFile.open(folder / "documents.ids")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return PreparedText(documents, folder.name) if len(documents) == count else None


def _fill(
    folder: Path, files: Sequence[DocumentFile], tokenizer: Tokenizer, progress: Callable[[int], None] | None
) -> None:
    count = tokens = 0
    with TokenWriter.open(folder / "documents.ids", tokenizer.size) as writer:
        for ids in _encoded(files, tokenizer):
            writer.append([tokenizer.begin, *ids, tokenizer.end])
            count, tokens = count + 1, tokens + len(ids) + 1
            if progress and count % _CHUNK == 0:
                progress(tokens)
    (folder / "manifest.json").write_text(json.dumps({"version": _VERSION, "documents": count}), encoding="utf-8")


def _encoded(files: Sequence[DocumentFile], tokenizer: Tokenizer) -> Iterator[list[int]]:
    documents = read_all(files)
    while chunk := list(itertools.islice(documents, _CHUNK)):
        yield from tokenizer.encode_many(chunk)


@dataclasses.dataclass(frozen=True)
class TextSize:
    """How much text some ids are: tokens to predict, characters (code points) and bytes of UTF-8.

    The end of each document or answer counts as one of each, as a line's end in a file does.
    """

    tokens: int
    characters: int
    utf8_bytes: int


def text_size(corpus: PreparedText, tokenizer: Tokenizer) -> TextSize:
    """That of a corpus, as the tokenizer reads it: normalised, with one sign for each that it does not know."""
    pieces = [piece or b"" for piece in tokenizer.token_bytes]
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    # The bytes 10xxxxxx go on with a character; all others begin one (RFC 3629).
    begun = np.array([sum(byte & 0xC0 != 0x80 for byte in piece) for piece in pieces], np.int64)
    learned = corpus.documents.learned
    counts = np.bincount(corpus.ids if learned is None else corpus.ids[learned], minlength=tokenizer.size)
    # A model that was trained elsewhere may begin by the same symbol, or end by another.
    controls = [number for number, piece in enumerate(tokenizer.token_bytes) if piece is None]
    ends = len(corpus) if learned is None else int(counts[controls].sum())
    return TextSize(corpus.tokens, int(counts @ begun) + ends, int(counts @ lengths) + ends)
