"""From tables of conversations to token files, once: each row's turns as ids, and which of them a model learns."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import numpy as np

from clearhead.data.caching import from_cache, key_of
from clearhead.data.preparing_text import PreparedText
from clearhead.data.tables import Row, TableFile, read_tables
from clearhead.data.token_file import TokenFile, TokenWriter
from clearhead.errors import DataError, RecipeError
from clearhead.files import cache_folder
from clearhead.text import Tokenizer, is_blank

_VERSION: Final = 1
# Enough rows to keep all cores busy.
_CHUNK: Final = 10_000


@runtime_checkable
class JoinedTurns(Protocol):
    """A row's turns as one sequence: its ids, and for each whether a model learns to write it."""

    @property
    def ids(self) -> list[int]: ...
    @property
    def learned(self) -> list[bool]: ...


@runtime_checkable
class Join(Protocol):
    """Makes one sequence of the turns of each row. key: what ids depend on beside the tokenizer; nothing where that
    is all."""

    @property
    def key(self) -> str: ...
    def __call__(self, rows: Sequence[Row], tokenizer: Tokenizer) -> Iterator[JoinedTurns]: ...


def read_turns(files: Sequence[TableFile]) -> Iterator[Row]:
    """The turns of each row that has any: what the user says, what the assistant answers, and so on.

    Raises DataError where no row has any.
    """
    is_empty = True
    for cells in read_tables(files):
        if turns := turns_of(cells):
            is_empty = False
            yield turns
    if is_empty:
        raise DataError(
            f"{', '.join(map(str, files))}: no row has a question and an answer; give each row two columns or more, "
            "what the user says, what the assistant answers, and so on"
        )


def turns_of(cells: Row) -> Row:
    """The turns of a row: a question at its end that nobody answers is none.

    There are none in a row without an answer, and in one with a blank cell between others: something is lost there.
    """
    said = list(itertools.takewhile(lambda cell: not is_blank(cell), cells))
    return tuple(said[: len(said) // 2 * 2]) if all(map(is_blank, cells[len(said) :])) else ()


def prepare_chat(
    files: Sequence[TableFile],
    tokenizer: Tokenizer,
    join: Join,
    cache: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> PreparedText:
    """The ids of all files' conversations, one file after the other, from the cache where it has them.

    The cache's key is the content: the files' bytes, which part and which columns of them, and the tokenizer.

    Args:
        join: makes one sequence of a row's turns.
        cache: the folder for the ids; None for `clearhead.files.cache_folder()`.
        progress: is told now and then how many tokens there are so far.

    Raises:
        DataError: a file cannot be read, there is no conversation, or the cache cannot be written.
        RecipeError: there is no file.
    """
    if not files:
        raise RecipeError("there are no files to train on; name at least one table in data.train")
    parts = [one.identity for one in files]
    key = key_of(("chat", _VERSION, parts, tokenizer.to_json(), *([join.key] if join.key else [])))

    def fill(draft: Path) -> None:
        _fill(draft, _joined(files, tokenizer, join), tokenizer.size, progress)

    return from_cache((cache or cache_folder()) / "prepared" / key, _open, fill)


def _open(folder: Path) -> PreparedText | None:
    """What the cache has, or None where it has nothing, or nothing whole."""
    try:
        count = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["conversations"]
        ids, learned = (TokenFile.open(folder / f"{name}.ids") for name in ("conversations", "learned"))
        both = TokenFile(ids.ids, ids.lengths, learned.ids.astype(np.bool_))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return PreparedText(both, folder.name) if len(both) == count and len(ids.ids) == len(learned.ids) else None


def _fill(
    folder: Path, conversations: Iterator[JoinedTurns], pieces: int, progress: Callable[[int], None] | None
) -> None:
    count = tokens = 0
    with (
        TokenWriter.open(folder / "conversations.ids", pieces) as ids,
        TokenWriter.open(folder / "learned.ids", 2) as learned,
    ):
        for one in conversations:
            ids.append(one.ids)
            learned.append(one.learned)
            count, tokens = count + 1, tokens + sum(one.learned)
            if progress and count % _CHUNK == 0:
                progress(tokens)
    (folder / "manifest.json").write_text(json.dumps({"version": _VERSION, "conversations": count}), encoding="utf-8")


def _joined(files: Sequence[TableFile], tokenizer: Tokenizer, join: Join) -> Iterator[JoinedTurns]:
    rows = read_turns(files)
    while chunk := list(itertools.islice(rows, _CHUNK)):
        yield from join(chunk, tokenizer)
