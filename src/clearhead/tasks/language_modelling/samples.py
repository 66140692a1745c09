"""How a language model goes on with the texts that it is judged by."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from clearhead.data import PreparedText
from clearhead.errors import UsageError
from clearhead.tasks.examples import Judged, Sample
from clearhead.tasks.language_modelling.examples import TextSet
from clearhead.text import Tokenizer

# So many tokens of a document are a sample: a third of the text is read, and the rest is what is right after it.
_TOKENS: Final = 48
# So many are written at most.
WRITTEN: Final = 48


def continued(judged: Judged[TextSet]) -> list[Sample]:
    """How the first documents begin, how they go on, and how the model goes on, greedily.

    Where a corpus has fewer documents than are asked for, there are several parts of one.
    """
    [one] = judged.sets
    texts = _texts(one.corpus, judged.tokenizers[0], min(_TOKENS, judged.config.max_length))
    parts = [*itertools.islice(map(_parted, texts), judged.recipe.training.validate_samples)]
    if not parts:
        return []
    try:
        written = judged.writer.generations([prompt for prompt, _ in parts], beam_size=1, max_tokens=WRITTEN)
    except UsageError:  # By itself a prompt may have more tokens than in its text, and a model reads few.
        return []
    return [Sample(*both, best.text) for both, (best, *_) in zip(parts, written, strict=True)]


def _texts(corpus: PreparedText, tokenizer: Tokenizer, tokens: int) -> Iterator[str]:
    """Texts of so many tokens at most: of the first documents, or of the first alone where it is long enough."""
    for number in range(len(corpus)):
        ids: Sequence[int] = corpus.documents[number].tolist()
        for start in range(0, len(ids), tokens):
            # A token may hold a part of a character.
            text = tokenizer.decode(ids[start : start + tokens]).strip("\ufffd")
            if len(text.strip()) > 2:
                yield text


def _parted(text: str) -> tuple[str, str]:
    """The first third of a text, up to a space where there is one, and the rest."""
    third = max(1, len(text) // 3)
    place = text.rfind(" ", 1, third + 1)
    return (text[:place], text[place:]) if place > 0 else (text[:third], text[third:])
