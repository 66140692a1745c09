"""What users of a tokenizer need, whatever its pieces are: text to ids and back."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Tokenizer(Protocol):
    """Text ↔ ids. `decode(encode(text))` is `normalized(text)`, for every string.

    The vocabulary begins with padding, begin and end, then has one tag for each target language, then the control
    symbols of a task, such as mask, and then pieces of text. Control symbols (padding, begin, end, the tags and a
    task's own) enter by id only: what a user types is text.

    Half of a surrogate pair, which a Python string can hold and UTF-8 cannot, is read as U+FFFD.
    """

    @property
    def padding(self) -> int: ...
    @property
    def begin(self) -> int: ...
    @property
    def end(self) -> int: ...

    @property
    def frame(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What stands before and after the ids of a source: nothing and end, unless it was learned elsewhere."""
        ...

    @property
    def opening(self) -> tuple[int, ...]:
        """What every target begins with after begin, before its text: nothing, unless it was learned elsewhere."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """The target languages that have a tag, sorted."""
        ...

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of the control symbols that a task added, sorted, such as mask."""
        ...

    @property
    def size(self) -> int:
        """How many ids there are: what the embedding needs."""
        ...

    @property
    def byte_ids(self) -> range:
        """The ids of the 256 single bytes, in which every text can be written; none where pieces are no bytes."""
        ...

    @property
    def unknown(self) -> int | None:
        """The id that characters without pieces are read as; None where every text can be written."""
        ...

    @property
    def token_bytes(self) -> list[bytes | None]:
        """The bytes that each id stands for, which need not be whole characters; None for a control symbol."""
        ...

    @property
    def merge_parents(self) -> list[tuple[int, int]]:
        """For each id the two ids that it was merged from; (-1, -1) for those that were not."""
        ...

    def tag(self, language: str) -> int:
        """The id that asks for a translation into `language`. Raises TokenizerError where there is no such tag."""
        ...

    def symbol(self, name: str) -> int:
        """The id of a task's control symbol. Raises TokenizerError where there is no such symbol."""
        ...

    def encode(self, text: str, at_most: int | None = None) -> list[int]:
        """The ids of a text, without any control symbol: all, or the first `at_most` of them."""
        ...

    def encode_many(self, texts: Sequence[str], at_most: int | None = None) -> list[list[int]]:
        """`encode` for many texts at once."""
        ...

    def token_ids(self, texts: Iterable[str]) -> dict[str, int | None]:
        """The ids of texts that are one token each; None of what is none."""
        ...

    def with_tokens(self, tokens: Sequence[str], symbols: Sequence[str] = ()) -> "Tokenizer":
        """The same with more tokens, whose ids follow the others; each is read whole, wherever a text has it.

        symbols: special tokens, which no text has. Raises TokenizerError for what cannot be one.
        """
        ...

    def normalized(self, text: str) -> str:
        """The text as it is cut into pieces; `decode` gives it back."""
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids; control symbols are left out, and broken UTF-8 reads as U+FFFD.

        Raises TokenizerError for an id that is not in the vocabulary.
        """
        ...

    def decode_many(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """`decode` for many sequences of ids at once."""
        ...

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Each id as a person reads it: a space as "▁", what cannot be seen as its bytes, a control as "⟨end⟩".

        For display only. Raises TokenizerError for an id that is not in the vocabulary.
        """
        ...

    def save(self, path: Path) -> None:
        """Write `to_json` to a file, all or nothing."""
        ...

    def to_json(self) -> str:
        """The whole tokenizer as text: two that are the same give the same text."""
        ...
