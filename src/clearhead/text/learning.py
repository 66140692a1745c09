"""A tokenizer of any kind, learned from texts."""

from collections.abc import Iterable, Sequence
from typing import Literal

from clearhead.text.byte_pair import BytePairTokenizer
from clearhead.text.characters import CharacterTokenizer
from clearhead.text.splitting import Split
from clearhead.text.tokenizer import Tokenizer
from clearhead.text.unigram import learn_unigram
from clearhead.text.words import learn_words

Kind = Literal["bpe", "unigram", "words", "characters"]


def learn_tokenizer(
    kind: Kind,
    texts: Iterable[str],
    size: int,
    languages: Sequence[str] = (),
    fold: bool = False,
    symbols: Sequence[str] = (),
    split: Split = "words",
) -> Tokenizer:
    """A vocabulary of at most `size` symbols, all kinds counted; the same texts give the same vocabulary.

    languages: the target languages that have a tag, which characters have not; fold: whether variants of quotes and
    spaces are read as the plain ones; symbols: the names of a task's own control symbols, such as mask; split: where
    texts are cut into words (`splitting`), which characters and words are not.
    Raises TokenizerError where there is no text, or `size` is too small.
    """
    if kind == "characters":
        return CharacterTokenizer.learn(texts, size, fold, symbols)
    if kind == "unigram":
        return learn_unigram(texts, size, languages, fold, symbols, split)
    if kind == "words":
        return learn_words(texts, size, languages, fold, symbols)
    return BytePairTokenizer.learn(texts, size, languages, fold, symbols, split)
