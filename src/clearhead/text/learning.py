"""A tokenizer of any kind, learned from texts."""

from collections.abc import Iterable, Sequence
from typing import Literal

from clearhead.text.byte_pair import BytePairTokenizer
from clearhead.text.characters import CharacterTokenizer
from clearhead.text.tokenizer import Tokenizer

Kind = Literal["bpe", "characters"]


def learn_tokenizer(
    kind: Kind,
    texts: Iterable[str],
    size: int,
    languages: Sequence[str] = (),
    fold: bool = False,
    symbols: Sequence[str] = (),
) -> Tokenizer:
    """A vocabulary of at most `size` symbols, all kinds counted; the same texts give the same vocabulary.

    languages: the target languages that have a tag, which only byte pairs have; fold: whether variants of quotes and
    spaces are read as the plain ones; symbols: the names of a task's own control symbols, such as mask.
    Raises TokenizerError where there is no text, or `size` is too small.
    """
    if kind == "characters":
        return CharacterTokenizer.learn(texts, size, fold, symbols)
    return BytePairTokenizer.learn(texts, size, languages, fold, symbols)
