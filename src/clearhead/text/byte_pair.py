"""Byte-pair encoding with all 256 bytes in the vocabulary: text to ids and back, for every string.

Source: Sennrich, Haddow and Birch (2016), "Neural Machine Translation of Rare Words with Subword Units", which the
paper uses (section 5.1); on bytes as in GPT-2. The work is done by Hugging Face's `tokenizers`.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, final

import tokenizers
from tokenizers import decoders, models, trainers

from clearhead.errors import TokenizerError
from clearhead.text.alphabet import BYTES, CHARACTERS, readable, spelled
from clearhead.text.beginning import beginning
from clearhead.text.folding import folded
from clearhead.text.learnable import some_text
from clearhead.text.library_normalizer import folding_document, normalizer
from clearhead.text.normalizing import normal_form
from clearhead.text.splitting import Split, pre_tokenizer, split_of
from clearhead.text.vocabulary import (
    CONTROLS,
    TAG,
    controls_of,
    known_ids,
    named_symbols,
    no_tokenizer,
    place_of,
    read_text,
    write_text,
)
from clearhead.text.whole_tokens import WholeTokens, added_tokens, checked_tokens, single_ids

# The byte-level alphabet ends at U+0143, so no text, whatever it spells, can become a symbol with these brackets.
_SYMBOL = re.compile(r"⟨([a-z]+)⟩")
# From the character that stands for a byte to that of the same number, which Latin-1 writes as the byte.
_LATIN_1 = str.maketrans({character: chr(byte) for character, byte in BYTES.items()})


@final
class BytePairTokenizer:
    """Text ↔ ids. `decode(encode(text))` is `normalized(text)`, for every string.

    That is the text in Unicode's normal form C (NFC). A tokenizer that `folds` also reads variants of quotes and spaces
    as the plain ones and leaves out what cannot be seen (`clearhead.text.folding`).

    The vocabulary, in the order of its ids: padding, begin, end, one tag for each target language (sorted), a task's
    own control symbols (sorted), the 256 bytes, what was learned, then tokens that it got later. Control symbols enter
    by id only: they are no product of merging bytes, so what a user types is text, even "</s>", "<2fr>" or "⟨end⟩".

    Half of a surrogate pair, which a Python string can hold and UTF-8 cannot, is read as U+FFFD.
    """

    padding: ClassVar[int] = 0
    begin: ClassVar[int] = 1
    end: ClassVar[int] = 2

    def __init__(
        self,
        languages: Sequence[str],
        learned: Sequence[str],
        merges: Sequence[tuple[str, str]],
        fold: bool = False,
        symbols: Sequence[str] = (),
        added: Sequence[str] = (),
        split: Split = "words",
    ) -> None:
        """Build from the parts of a vocabulary; `learn` and `load` are the usual ways.

        Args:
            languages: the target languages that have a tag.
            learned: the tokens made by merging, in the order of their ids.
            merges: the pairs to merge, the first learned first.
            fold: whether variants of quotes and spaces are read as the plain ones, and invisible characters left out.
            symbols: the names of a task's own control symbols, such as mask.
            added: tokens that it got later, in the order of their ids, as `with_tokens` gives them.
            split: where a text is cut into words, across which nothing is merged (`splitting`).

        Raises:
            TokenizerError: a language's name is not a tag, or the parts do not fit together.
        """
        self.languages: tuple[str, ...] = tuple(sorted(set(languages)))
        self.symbols = named_symbols(symbols)
        if not set().union(*learned) <= BYTES.keys():
            raise TokenizerError("a learned token has a character that stands for no byte; learn the tokenizer again")
        controls = controls_of(self.languages, self.symbols)
        known = [*controls, *CHARACTERS, *learned]
        self.added = WholeTokens(added, len(known))
        # In the library, too, so that it writes them; no merge makes one.
        self._tokens = [*known, *map(spelled, added)]
        self._first_text_id = len(controls)
        self._merges = merges
        self.folds, self.splits = fold, split
        self._longest = max(map(len, self._tokens[self._first_text_id :]))
        self._library = _library_tokenizer(self._tokens, merges, fold, split)

    @classmethod
    def learn(
        cls,
        texts: Iterable[str],
        size: int,
        languages: Sequence[str] = (),
        fold: bool = False,
        symbols: Sequence[str] = (),
        split: Split = "words",
    ) -> "BytePairTokenizer":
        """Learn a vocabulary of at most `size` symbols, all kinds counted; the same texts give the same vocabulary.

        A pair that is seen only once is not merged, so a small corpus gives a smaller vocabulary than asked for. A row
        of more than 1,000 letters or signs is not counted, but in scripts that are written without spaces.

        Raises:
            TokenizerError: `size` is too small for the bytes and control symbols, a language's name is not a tag, or
                there is no text.
        """
        nothing_learned = cls(languages, [], [], fold, symbols, split=split)
        if size < nothing_learned.size:
            raise TokenizerError(
                f"text.size={size} cannot hold the 256 bytes and {nothing_learned.size - 256} control symbols; "
                f"choose a size of at least {nothing_learned.size}, such as 8000"
            )
        ready = map(nothing_learned.normalized, texts)
        learned, merges = _learn_merges(ready, 256 + size - nothing_learned.size, split)
        return cls(languages, learned, merges, fold, symbols, split=split)

    @classmethod
    def load(cls, path: Path) -> "BytePairTokenizer":
        """Read what `save` wrote.

        Raises:
            TokenizerError: the file is missing, or is not a tokenizer of this kind.
        """
        return cls.from_json(read_text(path), str(path))

    @classmethod
    def from_json(cls, text: str, name: str = "this tokenizer") -> "BytePairTokenizer":
        """Rebuild from `to_json`'s text; errors call it `name`.

        Only the vocabulary and the merges are taken: whatever else a file says, the promises of this class hold.

        Raises:
            TokenizerError: the text is not a tokenizer of this kind.
        """
        try:
            document = json.loads(text)
            fold, split = _check_document(document)
            tokens = _tokens_by_id(document["model"]["vocab"])
            languages, symbols, learned = _split_vocabulary(tokens)
            merges = [_merge_pair(merge) for merge in document["model"]["merges"]]
            added = added_tokens(document, len(tokens), folded if fold else normal_form)
            return cls(languages, learned, merges, fold, symbols, added, split)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise no_tokenizer(name, error) from error

    def save(self, path: Path) -> None:
        """Write the JSON format of Hugging Face's `tokenizers`, all or nothing."""
        write_text(self.to_json(), path)

    def to_json(self) -> str:
        """The whole tokenizer as text: two that are the same give the same text."""
        if not self.added.tokens:
            return str(self._library.to_str(pretty=True))
        library = _library_tokenizer(self._tokens[: self.added.first], self._merges, self.folds, self.splits)
        library.add_tokens([tokenizers.AddedToken(one, normalized=True) for one in self.added.tokens])
        return str(library.to_str(pretty=True))

    @property
    def size(self) -> int:
        """How many ids there are: what the embedding needs."""
        return len(self._tokens)

    @property
    def byte_ids(self) -> range:
        """The ids of the 256 single bytes, in which every text can be written."""
        return range(self._first_text_id, self._first_text_id + len(CHARACTERS))

    @property
    def unknown(self) -> None:
        """None: what has no piece of its own is written in bytes."""
        return

    @property
    def token_bytes(self) -> list[bytes | None]:
        """The bytes that each id stands for, which need not be whole characters; None for a control symbol."""
        text = self._tokens[self._first_text_id :]
        return [*[None] * self._first_text_id, *(token.translate(_LATIN_1).encode("latin-1") for token in text)]

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
        """For each id the two ids that it was merged from, by the first merge learned; (-1, -1) for all others."""
        ids = {token: index for index, token in enumerate(self._tokens)}
        found = [(-1, -1)] * self.size
        for left, right in reversed(self._merges):
            found[ids[left + right]] = ids[left], ids[right]
        return found

    def tag(self, language: str) -> int:
        """The id that asks for a translation into `language`.

        Raises:
            TokenizerError: there is no such tag.
        """
        if language not in self.languages:
            known = ", ".join(self.languages) or "none; it was learned without languages"
            raise TokenizerError(f"no tag for the language {language!r}; this tokenizer knows: {known}")
        return len(CONTROLS) + self.languages.index(language)

    def symbol(self, name: str) -> int:
        """The id of a task's control symbol. Raises TokenizerError where there is no such symbol."""
        return len(CONTROLS) + len(self.languages) + place_of(name, self.symbols)

    def encode(self, text: str, at_most: int | None = None) -> list[int]:
        """The ids of a text, without any control symbol: all, or the first `at_most` of them."""
        return self.encode_many([text], at_most)[0]

    def encode_many(self, texts: Sequence[str], at_most: int | None = None) -> list[list[int]]:
        """`encode` for many texts at once, on all cores.

        With `at_most` no more of a text is read than so many pieces can be made of, so that memory does not depend on
        how long a line is.
        """
        ready = [self.normalized(text) for text in texts]
        if at_most is not None:
            ready = [beginning(text, at_most, self._longest) for text in ready]
        if not self.added.tokens:
            return [encoding.ids[:at_most] for encoding in self._library.encode_batch_fast(ready)]
        parts = [self.added.split(text) for text in ready]
        found = iter(self._library.encode_batch_fast([one for some in parts for one in some[::2]]))
        return [self.added.joined(some, [next(found).ids for _ in some[::2]])[:at_most] for some in parts]

    def token_ids(self, texts: Iterable[str]) -> dict[str, int | None]:
        """The ids of texts that are one token each, control symbols as `pieces` shows them; None of what is none."""
        controls = {token: index for index, token in enumerate(self._tokens[: self._first_text_id])}
        return single_ids(texts, controls, self.encode)

    def with_tokens(self, tokens: Sequence[str], symbols: Sequence[str] = ()) -> "BytePairTokenizer":
        """The same with more tokens, whose ids follow the others; each is read whole, wherever a text has it.

        Raises TokenizerError for one that is there already, and for symbols.
        """
        known = self._tokens[: self.added.first]
        new = checked_tokens(tokens, symbols, self.normalized, lambda one: self.token_ids([one])[one], known)
        learned, added = known[self._first_text_id + len(CHARACTERS) :], [*self.added.tokens, *new]
        return BytePairTokenizer(self.languages, learned, self._merges, self.folds, self.symbols, added, self.splits)

    def normalized(self, text: str) -> str:
        """The text as it is cut into pieces: in NFC, and folded where this tokenizer folds; `decode` gives it back."""
        return folded(text) if self.folds else normal_form(text)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids; control symbols are left out, and broken UTF-8 reads as U+FFFD.

        Raises:
            TokenizerError: an id is not in the vocabulary.
        """
        return str(self._library.decode(self._text_ids(ids), skip_special_tokens=False))

    def decode_many(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """`decode` for many sequences of ids at once, on all cores."""
        text_ids = [self._text_ids(ids) for ids in sequences]
        return list(self._library.decode_batch(text_ids, skip_special_tokens=False))

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Each id as a person reads it: " the" as "▁the", a part of a character as "<0xE4>", a control as "⟨end⟩".

        For display only: a "▁" that was typed looks the same as a space.

        Raises:
            TokenizerError: an id is not in the vocabulary.
        """
        return [self._piece(index) for index in known_ids(ids, self.size)]

    def _piece(self, index: int) -> str:
        token = self._tokens[index]
        return token if index < self._first_text_id else readable(token)

    def _text_ids(self, ids: Iterable[int]) -> list[int]:
        return [index for index in known_ids(ids, self.size) if index >= self._first_text_id]


def _library_tokenizer(
    tokens: Sequence[str], merges: Sequence[tuple[str, str]], fold: bool = False, split: Split = "words"
) -> tokenizers.Tokenizer:
    """A byte-level tokenizer with no added tokens, which alone would let a text reach a control symbol."""
    vocabulary = {token: index for index, token in enumerate(tokens)}
    if len(vocabulary) != len(tokens):
        raise TokenizerError("a token stands in the vocabulary twice; each must have one id")
    for left, right in merges:
        # Seen here, as the library may panic, which is no Exception.
        if not {left, right, left + right} <= vocabulary.keys() or set(left + right) - BYTES.keys():
            raise TokenizerError(
                f"the merge of {left[:40]!r} and {right[:40]!r} does not fit the vocabulary; learn the tokenizer again"
            )
    try:
        model = models.BPE(vocabulary, list(merges))
    except Exception as error:  # The library raises nothing more particular.
        raise TokenizerError(f"the merges do not fit the vocabulary ({error}); learn the tokenizer again") from error
    library = tokenizers.Tokenizer(model)
    library.normalizer = normalizer(fold)
    library.pre_tokenizer = pre_tokenizer(split)
    library.decoder = decoders.ByteLevel()
    return library


def _learn_merges(texts: Iterable[str], size: int, split: Split) -> tuple[list[str], list[tuple[str, str]]]:
    """The learned tokens in the order of learning, and their merges; `size` counts the 256 bytes too."""
    library = _library_tokenizer(CHARACTERS, [], split=split)
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, initial_alphabet=list(CHARACTERS), show_progress=False
    )
    library.train_from_iterator(some_text(texts, split), trainer)
    model = json.loads(library.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return [token for token in tokens if len(token) > 1], [_merge_pair(merge) for merge in model["merges"]]


def _check_document(document: Any) -> tuple[bool, Split]:
    """Whether a file's text is folded, and where it is cut; refuses one that reads or writes in another way than ours.

    Older files do not say `use_regex`.
    """
    fold: bool = document["normalizer"] == folding_document()
    cut = document["pre_tokenizer"] or {}
    split = split_of({"use_regex": True, **cut} if cut.get("type") == "ByteLevel" else cut)
    if document["model"].get("ignore_merges"):
        raise ValueError("it merges in another way")
    for part, kind in {"decoder": "ByteLevel", "model": "BPE", **({} if fold else {"normalizer": "NFC"})}.items():
        found = (document[part] or {}).get("type")
        if found != kind:
            raise ValueError(f"its {part} is {found}, not {kind}")
    if split is None:
        raise ValueError(f"its pre_tokenizer, {cut.get('type')}, adds a space or splits words in another way")
    return fold, split


def _tokens_by_id(vocabulary: dict[str, int]) -> list[str]:
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    if [vocabulary[token] for token in tokens] != list(range(len(tokens))):
        raise ValueError("its ids are not 0, 1, 2, …")
    return tokens


def _split_vocabulary(tokens: list[str]) -> tuple[list[str], list[str], list[str]]:
    """The languages, the task's control symbols and the learned tokens of a vocabulary in our order."""
    tags = [match for token in tokens if (match := TAG.fullmatch(token))]
    symbols = [match for token in tokens[len(CONTROLS) :] if (match := _SYMBOL.fullmatch(token))]
    fixed = [*CONTROLS, *(one[0] for some in (tags, symbols) for one in sorted(some, key=lambda one: one[0]))]
    fixed += CHARACTERS
    if tokens[: len(fixed)] != fixed:
        raise ValueError("its vocabulary does not begin with the control symbols and the 256 bytes")
    return [tag[1] for tag in tags], [symbol[1] for symbol in symbols], tokens[len(fixed) :]


def _merge_pair(merge: Any) -> tuple[str, str]:
    """A merge as a pair; older files write it as two tokens with a space between."""
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return str(left), str(right)
