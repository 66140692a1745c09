"""One piece for each character: text to ids and back, for every string."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, final

from clearhead.errors import TokenizerError
from clearhead.text.alphabet import visible
from clearhead.text.folding import folded
from clearhead.text.normalizing import normal_form
from clearhead.text.vocabulary import (
    CONTROLS,
    as_symbol,
    known_ids,
    named_symbols,
    no_tokenizer,
    place_of,
    read_text,
    write_text,
)
from clearhead.text.whole_tokens import WholeTokens, checked_tokens, single_ids

KIND: Final = "characters"
UNKNOWN: Final = "\ufffd"
# What a file of this kind says, and in which forms its text may be.
_FIELDS: Final = {"kind", "normalize", "characters"}
_LATER_FIELDS: Final = {"symbols", "tokens"}
_FORMS: Final = {"nfc": False, "folded": True}
_FIXED: Final = len(CONTROLS) + 1


@final
class CharacterTokenizer:
    """Text ↔ ids, a `Tokenizer` whose pieces are the characters of a corpus: code points of text in NFC.

    The vocabulary, in the order of its ids: padding, begin, end, U+FFFD, which every character that the corpus had not
    is read as, a task's own control symbols (sorted), then the corpus's characters in the order of their code points,
    then tokens that it got later. There are no tags.
    """

    padding: ClassVar[int] = 0
    begin: ClassVar[int] = 1
    end: ClassVar[int] = 2
    unknown: ClassVar[int] = 3
    languages: ClassVar[tuple[str, ...]] = ()
    byte_ids: ClassVar[range] = range(0)

    def __init__(
        self, characters: Iterable[str], fold: bool = False, symbols: Sequence[str] = (), added: Sequence[str] = ()
    ) -> None:
        """characters: those that are known; fold: whether variants of quotes and spaces are read as the plain ones.

        symbols: the names of a task's own control symbols, such as mask. added: tokens that it got later, in the order
        of their ids, as `with_tokens` gives them.
        Raises TokenizerError for what is no character, or none that a normalised text has, and for no such name.
        """
        self.folds, self.symbols = fold, named_symbols(symbols)
        self._known = sorted({*characters} - {UNKNOWN})
        for one in self._known:
            if not isinstance(one, str) or len(one) != 1 or normal_form(one) != one:
                raise TokenizerError(
                    f"{one!r:.40} is not one character in Unicode's form NFC; learn the tokenizer again"
                )
        # Each id's text after the controls: none for a symbol.
        self._characters = [UNKNOWN, *[""] * len(self.symbols), *self._known]
        self._ids = {one: index for index, one in enumerate(self._characters, start=self.unknown) if one}
        self.added = WholeTokens(added, len(CONTROLS) + len(self._characters))
        self._characters += added

    @classmethod
    def learn(
        cls, texts: Iterable[str], size: int | None = None, fold: bool = False, symbols: Sequence[str] = ()
    ) -> "CharacterTokenizer":
        """The characters of some texts; with `size`, so many symbols at most: those that are rarest are left out.

        Raises TokenizerError where there is no text, or no room for a character.
        """
        fixed = _FIXED + len(named_symbols(symbols))
        if size is not None and size <= fixed:
            raise TokenizerError(
                f"text.size={size} cannot hold a character beside {fixed} control symbols; choose a size such as 256"
            )
        found: Counter[str] = Counter()
        for text in texts:
            found.update(folded(text) if fold else normal_form(text))
        del found[UNKNOWN]
        if not found:
            raise TokenizerError("there is no text to learn characters from; give at least one line that is not empty")
        # Of equally many the first by its code point, so that the same text gives the same vocabulary.
        ranked = sorted(found, key=lambda one: (-found[one], one))
        return cls(ranked if size is None else ranked[: size - fixed], fold, symbols)

    @classmethod
    def load(cls, path: Path) -> "CharacterTokenizer":
        """Read what `save` wrote. Raises TokenizerError where that is missing or of another kind."""
        return cls.from_json(read_text(path), str(path))

    @classmethod
    def from_json(cls, text: str, name: str = "this tokenizer") -> "CharacterTokenizer":
        """Rebuild from `to_json`'s text; errors call it `name`. Raises TokenizerError where it is none."""
        try:
            document = json.loads(text)
            _check_document(document)
            fold, symbols = _FORMS[document["normalize"]], document.get("symbols", [])
            return cls(document["characters"], fold, symbols, document.get("tokens", []))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise no_tokenizer(name, error) from error

    def save(self, path: Path) -> None:
        """Write `to_json` to a file, all or nothing."""
        write_text(self.to_json(), path)

    def to_json(self) -> str:
        """The whole tokenizer as text, which says its kind: two that are the same give the same text."""
        document = {
            "kind": KIND,
            "normalize": "folded" if self.folds else "nfc",
            "characters": "".join(self._known),
            **({"symbols": list(self.symbols)} if self.symbols else {}),
            **({"tokens": list(self.added.tokens)} if self.added.tokens else {}),
        }
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"

    @property
    def size(self) -> int:
        """How many ids there are: what the embedding needs."""
        return len(CONTROLS) + len(self._characters)

    @property
    def token_bytes(self) -> list[bytes | None]:
        """The bytes of each id's character; None for a control symbol."""
        return [*[None] * len(CONTROLS), *(one.encode() if one else None for one in self._characters)]

    @property
    def frame(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What stands before and after the ids of a source: nothing, and end."""
        return (), (self.end,)

    @property
    def opening(self) -> tuple[int, ...]:
        """Nothing stands between begin and a target's text."""
        return ()

    @property
    def merge_parents(self) -> list[tuple[int, int]]:
        """No character is merged from others."""
        return [(-1, -1)] * self.size

    def tag(self, language: str) -> int:
        """Raises TokenizerError: there are no tags."""
        raise TokenizerError(f"no tag for the language {language!r}; a tokenizer of characters has none")

    def symbol(self, name: str) -> int:
        """The id of a task's control symbol. Raises TokenizerError where there is no such symbol."""
        return _FIXED + place_of(name, self.symbols)

    def encode(self, text: str, at_most: int | None = None) -> list[int]:
        """The ids of a text, without any control symbol: all, or the first `at_most` of them."""
        known, unknown = self._ids, self.unknown
        composed = self._composed(text)
        if not self.added.tokens:
            return [known.get(one, unknown) for one in composed[:at_most]]
        parts = self.added.split(composed)
        return self.added.joined(parts, [[known.get(one, unknown) for one in part] for part in parts[::2]])[:at_most]

    def encode_many(self, texts: Sequence[str], at_most: int | None = None) -> list[list[int]]:
        """`encode` for many texts."""
        return [self.encode(text, at_most) for text in texts]

    def normalized(self, text: str) -> str:
        """The text in NFC, folded where this tokenizer folds, with U+FFFD for what is not known."""
        return self.decode(self.encode(text))

    def token_ids(self, texts: Iterable[str]) -> dict[str, int | None]:
        """The ids of texts that are one token each, control symbols as `pieces` shows them; None of what is none."""
        controls = {one: index for index, one in enumerate(self._controls) if index != self.unknown}
        return single_ids(texts, controls, self.encode, self.unknown)

    def with_tokens(self, tokens: Sequence[str], symbols: Sequence[str] = ()) -> "CharacterTokenizer":
        """The same with more tokens, whose ids follow the others; each is read whole, wherever a text has it.

        Raises TokenizerError for one that is there already, and for symbols.
        """
        known = self.pieces(range(self.size))
        new = checked_tokens(tokens, symbols, self._composed, lambda one: self.token_ids([one])[one], known)
        return CharacterTokenizer(self._known, self.folds, self.symbols, [*self.added.tokens, *new])

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids; control symbols are left out. Raises TokenizerError for an id that is not known."""
        first = len(CONTROLS)
        return "".join(self._characters[index - first] for index in known_ids(ids, self.size) if index >= first)

    def decode_many(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """`decode` for many sequences of ids."""
        return [self.decode(ids) for ids in sequences]

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Each id as a person reads it: a space as "▁", what cannot be seen as its bytes, a control as "⟨end⟩".

        For display only. Raises TokenizerError for an id that is not in the vocabulary.
        """
        characters = [visible(one).replace(" ", "▁") for one in (*self._known, *self.added.tokens)]
        shown = [*self._controls, *characters]
        return [shown[index] for index in known_ids(ids, self.size)]

    @property
    def _controls(self) -> list[str]:
        return [*CONTROLS, visible(UNKNOWN), *map(as_symbol, self.symbols)]

    def _composed(self, text: str) -> str:
        return folded(text) if self.folds else normal_form(text)


def _check_document(document: Any) -> None:
    if document["kind"] != KIND:
        raise ValueError(f"its kind is {str(document['kind'])[:40]!r}, not {KIND}")
    symbols = document.get("symbols", [])
    if document.keys() - _LATER_FIELDS != _FIELDS or not isinstance(document["characters"], str):
        raise ValueError(f"it has other fields than {', '.join(sorted(_FIELDS))}")
    if not isinstance(symbols, list) or symbols != sorted(set(symbols)):
        raise ValueError("its symbols are no sorted list of names")
    tokens, read = document.get("tokens", []), folded if _FORMS[document["normalize"]] else normal_form
    is_list = isinstance(tokens, list) and all(isinstance(one, str) and one and read(one) == one for one in tokens)
    if not is_list or len(set(tokens)) != len(tokens):
        raise ValueError("its tokens are no list of texts as it reads them, each once")
    if len(set(document["characters"])) != len(document["characters"]) or UNKNOWN in document["characters"]:
        raise ValueError("a character stands in it twice")
