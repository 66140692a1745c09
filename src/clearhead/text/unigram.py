"""A unigram language model over bytes: text is cut in the most probable way into pieces that are drawn independently.

Source: Kudo (2018), "Subword Regularization", section 3.1. Its pieces are whole characters and rows of them. Beside
these stand the 256 bytes, less probable than any piece, so that nothing is unknown.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import tokenizers
from tokenizers import decoders, models

from clearhead.errors import TokenizerError
from clearhead.text.alphabet import BYTES, CHARACTERS, spelled
from clearhead.text.folding import folded
from clearhead.text.learnable import some_text
from clearhead.text.library_normalizer import normalizer
from clearhead.text.library_tokenizer import LibraryTokenizer
from clearhead.text.normalizing import normal_form
from clearhead.text.own_roles import learned_tokenizer
from clearhead.text.splitting import Split, pre_tokenizer
from clearhead.text.unigram_learning import learn_pieces
from clearhead.text.vocabulary import controls_of

# How much less probable a byte is than the least probable piece, as a logarithm: a character that has a piece is never
# written in bytes.
_BYTE_COST = 1.0


def learn_unigram(
    texts: Iterable[str],
    size: int,
    languages: Sequence[str] = (),
    fold: bool = False,
    symbols: Sequence[str] = (),
    split: Split = "words",
) -> LibraryTokenizer:
    """Learn a vocabulary of at most `size` symbols, all kinds counted; the same texts give the same vocabulary.

    The vocabulary, in the order of its ids: padding, begin, end, the languages' tags, a task's own control symbols, the
    256 bytes, then what was learned, the most probable first.
    Raises TokenizerError where `size` is too small for the bytes and control symbols, or there is no text.
    """
    controls = controls_of(languages, symbols)
    if (room := size - len(controls) - len(CHARACTERS)) < 0:
        raise TokenizerError(
            f"text.size={size} cannot hold the 256 bytes and {len(controls)} control symbols; "
            f"choose a size of at least {size - room}, such as 8000"
        )
    words = _counted(map(folded if fold else normal_form, texts), split)
    # An ASCII character is a byte, which is there already.
    free = {one for word in words for one in word if one.isascii()}
    found = {spelled(piece): score for piece, score in learn_pieces(words, room + len(free)).items()}
    lowest = min(found.values(), default=0.0) - _BYTE_COST
    learned = sorted(found.keys() - set(CHARACTERS), key=lambda one: (-found[one], one))[:room]
    scored = [(one, found.get(one, lowest)) for one in (*controls, *CHARACTERS, *learned)]
    library = tokenizers.Tokenizer(models.Unigram(scored, None, False))
    library.normalizer = normalizer(fold)
    library.pre_tokenizer = pre_tokenizer(split)
    library.decoder = decoders.ByteLevel()
    return learned_tokenizer(library, languages, symbols)


def _counted(texts: Iterable[str], split: Split) -> Counter[str]:
    """How often each word stands in the texts."""
    cut, found = pre_tokenizer(split), Counter[str]()
    for text in some_text(texts, split):
        found.update(word for word, _ in cut.pre_tokenize_str(text))
    return Counter({bytes(BYTES[one] for one in word).decode(): count for word, count in found.items()})
