"""A tokenizer of Hugging Face's library, exactly as its file says, for models that were trained elsewhere."""

import dataclasses
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, final

import tokenizers

from clearhead.errors import TokenizerError
from clearhead.text.alphabet import visible
from clearhead.text.normalizing import without_surrogates
from clearhead.text.token_texts import HIDDEN, token_texts
from clearhead.text.vocabulary import known_ids, no_tokenizer, place_of, read_text, write_text

KIND: Final = "library"
_PLACES: Final = ("padding", "begin", "end", "unknown", "rows")


@dataclasses.dataclass(frozen=True)
class Roles:
    """What ids stand for beside text, which a tokenizer.json does not say.

    begin, end: what a text is read between, as [CLS] and [SEP], or what a document begins and ends with.
    rows: how many ids the model's table has, of which the last may stand for nothing.
    symbols: the control symbols of a task by their names, such as mask.
    before, after: what a source stands between, for an encoder-decoder: nothing and end where `after` is None.
    opening: what every target begins with after begin. tags: the ids that ask for a language, by its name.
    """

    padding: int
    begin: int
    end: int
    unknown: int | None
    rows: int
    symbols: Mapping[str, int] = dataclasses.field(default_factory=dict)
    before: tuple[int, ...] = ()
    after: tuple[int, ...] | None = None
    opening: tuple[int, ...] = ()
    tags: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_plain(cls, values: Any) -> "Roles":
        """From values that may be anything. Raises ValueError."""
        after = values.get("after")
        roles = cls(
            **{name: values[name] for name in _PLACES}, symbols=dict(values["symbols"]),
            before=tuple(values.get("before", ())), after=None if after is None else tuple(after),
            opening=tuple(values.get("opening", ())), tags=dict(values.get("tags", {})),
        )  # fmt: skip
        ids = [roles.padding, roles.begin, roles.end, *roles.symbols.values(), *roles.tags.values()]
        ids += [*roles.before, *(roles.after or ()), *roles.opening]
        ids += [] if roles.unknown is None else [roles.unknown]
        if not all(type(one) is int and 0 <= one < roles.rows for one in ids):
            raise ValueError("a role is no id of the vocabulary")
        return roles

    def as_plain(self) -> dict[str, Any]:
        """What only an encoder-decoder has is left out where there is none of it."""
        later = {"before": list(self.before), "opening": list(self.opening), "tags": dict(sorted(self.tags.items()))}
        later |= {} if self.after is None else {"after": list(self.after)}
        return {
            **{name: getattr(self, name) for name in _PLACES}, "symbols": dict(sorted(self.symbols.items())),
            **{name: one for name, one in later.items() if one or name == "after"},
        }  # fmt: skip


@final
class LibraryTokenizer:
    """Text ↔ ids, as the library computes them from a tokenizer.json, which is kept to the last byte.

    What a user types is text, even "[MASK]" or "<|im_end|>": special tokens enter by id only, which is where it differs
    from `transformers`. `decode(encode(text))` is `normalized(text)`; what that keeps of a text is the file's choice.
    """

    def __init__(self, document: str, roles: Roles, name: str = "this tokenizer") -> None:
        """document: the content of a tokenizer.json. Raises TokenizerError where that is none, or roles do not fit."""
        self._document, self.roles = document, roles
        self._library = _library(document, name)
        # Special tokens are text where somebody types them.
        self._library.encode_special_tokens = True
        self._special = special_ids(document)
        if (size := _size(self._library)) > roles.rows:
            raise TokenizerError(
                f"{name} has {size:,} ids but the model's table {roles.rows:,} rows; give the files of one model"
            )

    @classmethod
    def from_json(cls, text: str, name: str = "this tokenizer") -> "LibraryTokenizer":
        """Rebuild from `to_json`'s text; errors call it `name`. Raises TokenizerError where it is none."""
        try:
            document = json.loads(text)
            if document["kind"] != KIND or not isinstance(document["tokenizer"], str):
                raise ValueError(f"its kind is not {KIND}")
            return cls(document["tokenizer"], Roles.from_plain(document["roles"]), name)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise no_tokenizer(name, error) from error

    @classmethod
    def load(cls, path: Path) -> "LibraryTokenizer":
        """Read what `save` wrote. Raises TokenizerError where that is missing or of another kind."""
        try:
            roles = Roles.from_plain(json.loads(read_text(roles_path(path))))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise no_tokenizer(str(roles_path(path)), error) from error
        return cls(read_text(path), roles, str(path))

    def save(self, path: Path) -> None:
        """Write the tokenizer.json, as it was, and its roles beside it (`roles_path`)."""
        write_text(json.dumps(self.roles.as_plain(), indent=2) + "\n", roles_path(path))
        write_text(self._document, path)

    def to_json(self) -> str:
        """The whole tokenizer as text: two that are the same give the same text."""
        return json.dumps({"kind": KIND, "roles": self.roles.as_plain(), "tokenizer": self._document})

    @property
    def document(self) -> str:
        """The tokenizer.json, as it was."""
        return self._document

    @property
    def padding(self) -> int:
        return self.roles.padding

    @property
    def begin(self) -> int:
        return self.roles.begin

    @property
    def end(self) -> int:
        return self.roles.end

    @property
    def unknown(self) -> int | None:
        return self.roles.unknown

    @property
    def size(self) -> int:
        """How many ids there are: the rows of the model's table, of which some may stand for nothing."""
        return self.roles.rows

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted(self.roles.tags))

    @property
    def frame(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What stands before and after the ids of a source, as the model was trained."""
        return self.roles.before, (self.end,) if self.roles.after is None else self.roles.after

    @property
    def opening(self) -> tuple[int, ...]:
        """What every target begins with after begin, as BART's do with <s>."""
        return self.roles.opening

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(sorted(self.roles.symbols))

    @property
    def byte_ids(self) -> range:
        """The ids of the 256 single bytes where they follow each other; none where they stand anywhere."""
        first = {content: number for number, content in reversed([*enumerate(self.token_bytes)])}
        ids = sorted(first[one] for byte in range(256) if (one := bytes([byte])) in first)
        return range(ids[0], ids[-1] + 1) if len(ids) == 256 == ids[-1] + 1 - ids[0] else range(0)

    @functools.cached_property
    def token_bytes(self) -> list[bytes | None]:
        """The bytes of each id; None for a special one, and for one that stands for nothing."""
        return token_texts(json.loads(self._document), self._tokens, self._special)

    @property
    def merge_parents(self) -> list[tuple[int, int]]:
        """Not told: BPE-dropout is for tokenizers of our own."""
        return [(-1, -1)] * self.size

    def tag(self, language: str) -> int:
        """The id that asks for a translation into `language`. Raises TokenizerError where there is no such tag."""
        if language not in self.roles.tags:
            known = ", ".join(self.languages) or "none; it was imported without"
            raise TokenizerError(f"no tag for the language {language!r:.40}; this tokenizer knows: {known}")
        return self.roles.tags[language]

    def symbol(self, name: str) -> int:
        """The id of a task's control symbol. Raises TokenizerError where there is no such symbol."""
        place_of(name, self.symbols)
        return self.roles.symbols[name]

    def encode(self, text: str, at_most: int | None = None) -> list[int]:
        """The ids of a text, without any control symbol: all, or the first `at_most` of them."""
        return self.encode_many([text], at_most)[0]

    def encode_many(self, texts: Sequence[str], at_most: int | None = None) -> list[list[int]]:
        """`encode` for many texts at once, on all cores."""
        ready = [without_surrogates(text) for text in texts]
        found = self._library.encode_batch_fast(ready, add_special_tokens=False)
        if not self._hidden:
            return [encoding.ids[:at_most] for encoding in found]
        # What is fast does not tell how a piece is written.
        looked_up = (
            self._ids(self._library.encode(text, add_special_tokens=False)) if self.unknown in one.ids else one.ids
            for text, one in zip(ready, found, strict=True)
        )
        return [ids[:at_most] for ids in looked_up]

    def encode_marked(self, text: str) -> list[int]:
        """The ids of a text in which special tokens are read as such: one that a program wrote, such as a template."""
        return self._ids(self._marked.encode(without_surrogates(text), add_special_tokens=False))

    def framed(self, text: str) -> list[int]:
        """The ids of a text with what the file itself puts before and after it."""
        return self._ids(self._library.encode(without_surrogates(text), add_special_tokens=True))

    def token_ids(self, texts: Iterable[str]) -> dict[str, int | None]:
        """The ids of whole tokens; None of what is none."""
        return {text: self._library.token_to_id(text) for text in texts}

    def with_tokens(self, tokens: Sequence[str], symbols: Sequence[str] = ()) -> "LibraryTokenizer":
        """The same with more tokens, whose ids follow the others. symbols: special ones, which no text has.

        Raises TokenizerError for a token that the file's decoder would write otherwise.
        """
        plain = dict.fromkeys(("normalized", "single_word", "lstrip", "rstrip"), False)
        return self.with_added(
            [
                {**plain, "content": one, "special": number >= len(tokens)}
                for number, one in enumerate([*tokens, *symbols])
            ]
        )

    def with_added(self, added: Sequence[Mapping[str, Any]]) -> "LibraryTokenizer":
        """The same with more tokens, each as the `added_tokens` of a tokenizer.json have it but for its id.

        Raises TokenizerError for a token that the file's decoder would write otherwise.
        """
        library = _library(self._document, "this tokenizer")
        library.add_tokens([tokenizers.AddedToken(**one) for one in added])
        roles = dataclasses.replace(self.roles, rows=max(self.roles.rows, _size(library)))
        made = LibraryTokenizer(library.to_str(), roles)
        for token, number in made.token_ids(one["content"] for one in added if not one["special"]).items():
            # The library's byte-level decoder takes letters such as é for the bytes that it writes with these.
            if number is not None and "\ufffd" in (written := made.decode([number])) and "\ufffd" not in token:
                raise TokenizerError(
                    f"{token!r:.60} would be written as {written!r:.60} by the file's decoder; remove it"
                )
        return made

    def special_texts(self) -> dict[str, int]:
        """What special tokens look like where they are written out, and their ids."""
        return {text: one for text, one in self._library.get_vocab().items() if one in self._special}

    def normalized(self, text: str) -> str:
        """What is left of a text that is cut into pieces."""
        return self.decode(self.encode(text))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids; special ones are left out. Raises TokenizerError for an id that is not known."""
        return str(self._library.decode(self._text_ids(ids), skip_special_tokens=False))

    def decode_many(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """`decode` for many sequences of ids at once, on all cores."""
        found = [self._text_ids(ids) for ids in sequences]
        return list(self._library.decode_batch(found, skip_special_tokens=False))

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Each id as a person reads it: a space as "▁", what cannot be seen as its bytes, a special one as written.

        For display only. Raises TokenizerError for an id that is not in the vocabulary.
        """
        return [self._piece(one) for one in known_ids(ids, self.size)]

    def _piece(self, one: int) -> str:
        token, content = self._tokens[one], self.token_bytes[one]
        if token is None:
            return f"⟨{one}⟩"
        if content is None or (token.startswith("##") and content != token.encode()):
            return token
        # surrogateescape turns a byte that is not UTF-8 into what `visible` shows as that byte.
        return visible(content.decode("utf-8", "surrogateescape")).replace(" ", "▁")

    def _text_ids(self, ids: Iterable[int]) -> list[int]:
        tokens = self._tokens
        return [one for one in known_ids(ids, self.size) if one not in self._special and tokens[one] is not None]

    def _ids(self, encoding: tokenizers.Encoding) -> list[int]:
        """What was cut, as ids.

        Unknown characters in a row are looked up whole among the pieces that no text is cut into, as Marian looks up
        what one of its two files has not in the vocabulary of both.
        """
        ids: list[int] = encoding.ids
        if not self._hidden or self.unknown not in ids:
            return ids
        both = zip(ids, encoding.tokens, strict=True)
        return [self._hidden.get(token, one) if one == self.unknown else one for one, token in both]

    @functools.cached_property
    def _hidden(self) -> dict[str, int]:
        """The pieces that no text is cut into, and their ids."""
        vocabulary = self._library.get_vocab().items()
        return {token.removeprefix(HIDDEN): one for token, one in vocabulary if token.startswith(HIDDEN)}

    @functools.cached_property
    def _tokens(self) -> list[str | None]:
        """What the file calls each id; None for one that stands for nothing."""
        found: list[str | None] = [None] * self.size
        for token, one in self._library.get_vocab().items():
            found[one] = token
        return found

    @functools.cached_property
    def _marked(self) -> tokenizers.Tokenizer:
        return _library(self._document, "this tokenizer")

    def __reduce__(self) -> tuple[Any, ...]:
        return LibraryTokenizer, (self._document, self.roles)


def roles_path(path: Path) -> Path:
    """Where a tokenizer's roles are stored beside its file: tokenizer.json has tokenizer.roles.json."""
    return path.with_name(f"{path.stem}.roles.json")


def special_ids(document: str) -> frozenset[int]:
    """The ids of the tokens that a tokenizer.json calls special."""
    return frozenset(one["id"] for one in json.loads(document)["added_tokens"] if one["special"])


def _size(library: tokenizers.Tokenizer) -> int:
    return 1 + max(library.get_vocab().values(), default=-1)


def _library(document: str, name: str) -> tokenizers.Tokenizer:
    try:
        library = tokenizers.Tokenizer.from_str(document)
    except Exception as error:  # The library raises nothing more particular.
        reason = " ".join(str(error).split())[:200]
        raise TokenizerError(f"{name} is no tokenizer.json of Hugging Face's ({reason}); copy it again") from None
    # How long a text may be, and with what it is filled up, is the model's business.
    library.no_truncation()
    library.no_padding()
    return library
