"""Whole words, each one piece: the most frequent of a text; all others are unknown.

A word has the space before it in its piece, as in byte-level vocabularies, so that pieces one after the other are the
text. So "dog" at the beginning of a text is another piece than " dog". Signs are pieces of their own.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import tokenizers
from tokenizers import decoders, models, pre_tokenizers

from clearhead.errors import TokenizerError
from clearhead.text.folding import folded
from clearhead.text.learnable import some_text
from clearhead.text.library_normalizer import normalizer
from clearhead.text.library_tokenizer import LibraryTokenizer
from clearhead.text.normalizing import normal_form
from clearhead.text.own_roles import learned_tokenizer
from clearhead.text.vocabulary import controls_of

UNKNOWN: Final = " \ufffd"
# Letters and digits in a row, with marks; a sign; or a space that stands before neither.
_WORD: Final = r" ?[\p{L}\p{M}\p{N}_]+| ?[^\s\p{L}\p{M}\p{N}_]|\s"


def learn_words(
    texts: Iterable[str], size: int, languages: Sequence[str] = (), fold: bool = False, symbols: Sequence[str] = ()
) -> LibraryTokenizer:
    """Learn a vocabulary of at most `size` symbols, all kinds counted; the same texts give the same vocabulary.

    The vocabulary, in the order of its ids: padding, begin, end, the languages' tags, a task's own control symbols, the
    unknown, then words and signs, the most frequent first. An unknown one reads as a space and U+FFFD.
    Raises TokenizerError where `size` has no room for a word, or there is no text.
    """
    fixed = [*controls_of(languages, symbols), UNKNOWN]
    if size <= len(fixed):
        raise TokenizerError(
            f"text.size={size} cannot hold a word beside {len(fixed)} control symbols; choose a size such as 16000"
        )
    cut, found = pre_tokenizers.Split(tokenizers.Regex(_WORD), "isolated"), Counter[str]()
    for text in some_text(map(folded if fold else normal_form, texts), "words"):
        found.update(word for word, _ in cut.pre_tokenize_str(text))
    del found[UNKNOWN]
    ranked = sorted(found, key=lambda one: (-found[one], one))[: size - len(fixed)]
    ids = {one: number for number, one in enumerate([*fixed, *ranked])}
    library = tokenizers.Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
    library.normalizer = normalizer(fold)
    library.pre_tokenizer = cut
    library.decoder = decoders.Fuse()
    return learned_tokenizer(library, languages, symbols, UNKNOWN)
