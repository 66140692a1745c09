"""A tokenizer of ours as other programs read it: a tokenizer.json in which control symbols are special tokens."""

import json
from collections.abc import Sequence

import tokenizers
from tokenizers import decoders, models, pre_tokenizers

from clearhead.errors import TokenizerError
from clearhead.text.built import between_tokens, with_special
from clearhead.text.byte_pair import BytePairTokenizer
from clearhead.text.characters import CharacterTokenizer
from clearhead.text.library_normalizer import normalizer
from clearhead.text.library_tokenizer import LibraryTokenizer
from clearhead.text.own_roles import is_own
from clearhead.text.token_texts import HIDDEN
from clearhead.text.tokenizer import Tokenizer


def published(tokenizer: Tokenizer, between: tuple[int | None, int | None] = (None, None)) -> str:
    """The text of a tokenizer.json. between: the ids that a text is read between.

    One that came from elsewhere is as it came, but for single characters of Marian's other side: here they are looked
    up where they are unknown, and other programs can only be given them as pieces. In one of our own a control symbol
    that somebody types, such as ⟨2fr⟩, is that symbol from now on: they know no other way to ask for a language.
    """
    if isinstance(tokenizer, LibraryTokenizer):
        document = _with_characters(tokenizer.document)
        return _framed(document, tokenizer, between) if is_own(tokenizer) else document
    library = _of_characters(tokenizer) if isinstance(tokenizer, CharacterTokenizer) else _of_bytes(tokenizer)
    controls = control_symbols(tokenizer)
    names = {number: name for name, number in controls.items()}
    if between != (None, None):
        begin, end = (None if one is None else names[one] for one in between)
        library.post_processor = between_tokens(begin, end, controls)
    return with_special(library, list(controls))


def _framed(document: str, tokenizer: LibraryTokenizer, between: tuple[int | None, int | None]) -> str:
    """With what a text is read between: one that was learned here has it not in its file."""
    if between == (None, None):
        return document
    library = tokenizers.Tokenizer.from_str(document)
    names = {number: name for name, number in tokenizer.special_texts().items()}
    begin, end = (None if one is None else names[one] for one in between)
    library.post_processor = between_tokens(begin, end, tokenizer.special_texts())
    return with_special(library, [])


def _with_characters(document: str) -> str:
    if json.dumps(HIDDEN)[1:-1] not in document:
        return document
    values = json.loads(document)
    values["model"]["vocab"] = [
        [token.removeprefix(HIDDEN) if len(token) == 1 + len(HIDDEN) else token, score]
        for token, score in values["model"]["vocab"]
    ]
    return json.dumps(values, ensure_ascii=False)


def control_symbols(tokenizer: Tokenizer) -> dict[str, int]:
    """How control symbols are written, in the order of their ids."""
    tags: Sequence[int] = [tokenizer.tag(language) for language in tokenizer.languages]
    symbols = [tokenizer.symbol(name) for name in tokenizer.symbols]
    ids = sorted({tokenizer.padding, tokenizer.begin, tokenizer.end, *tags, *symbols})
    return dict(zip(tokenizer.pieces(ids), ids, strict=True))


def _of_bytes(tokenizer: Tokenizer) -> tokenizers.Tokenizer:
    assert isinstance(tokenizer, BytePairTokenizer), "one of the library's own form was met above"
    library = tokenizers.Tokenizer.from_str(tokenizer.to_json())
    for token, number in tokenizer.added.ids.items():
        # The library's byte-level decoder takes letters such as é for the bytes that it writes with these.
        if (written := library.decode([number])) != token:
            raise TokenizerError(
                f"the token {token!r:.60} would be written as {written!r:.60} by other programs; train without it"
            )
    return library


def _of_characters(tokenizer: CharacterTokenizer) -> tokenizers.Tokenizer:
    """Each character is a word, and an unknown one is U+FFFD."""
    held, shown = tokenizer.token_bytes, tokenizer.pieces(range(tokenizer.size))
    names = [one if text is None else text.decode() for text, one in zip(held, shown, strict=True)]
    ids = {name: number for number, name in enumerate(names)}
    library = tokenizers.Tokenizer(models.WordLevel(ids, unk_token=names[tokenizer.unknown]))
    library.normalizer = normalizer(tokenizer.folds)
    library.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
    library.decoder = decoders.Fuse()
    library.add_tokens([tokenizers.AddedToken(one, normalized=True) for one in tokenizer.added.tokens])
    return library
