"""What is no language in a text, and is to stand in its translation as it is: addresses, tags and placeholders."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from clearhead.decoding.phrases import Copied, Phrase
from clearhead.errors import UsageError
from clearhead.tasks.searching import COUNTED
from clearhead.text import Tokenizer

# All of them take time in proportion to the text: what is looked for ends where its next one could begin.
_PLACEHOLDERS: Final = (
    r"\{\{[^{}\n]*\}\}",  # {{name}}
    r"\$\{[^{}\n]*\}",  # ${name}
    r"\{[\w.:!\[\]]*\}",  # {}, {0}, {name}, {price:.2f}
    r"%\([^\W\d]\w*\)[#0+-]*+\d*+(?:\.\d+)?[sdifgxX](?![A-Za-z0-9_])",  # %(name)s
    r"%(?:\d+\$)?[#0+-]*+\d*+(?:\.\d+)?(?:ll?|h)?[sdiufgexXcp@](?![A-Za-z0-9_])",  # %s, %1$s, %5.2f, %@
)
# Of ASCII, as a Korean particle follows without a space. What closes a sentence or a bracket is no part of it.
_ADDRESS: Final = r"(?:(?:https?|ftp)://|(?<![\w.])www\.)[\w.~:/?#@!$&'()*+,;=%\[\]-]*[\w~/#@$&*+=%-]"
_MAIL: Final = r"(?<![\w.%+-])[\w.%+-]++@[\w-]+(?:\.[\w-]+)+"
_TAG: Final = r"</?[A-Za-z][^<>]*>|<!--[^<>]*-->"
_KEPT: Final = re.compile("|".join((_TAG, _ADDRESS, _MAIL, *_PLACEHOLDERS)), re.ASCII)


class Kept(NamedTuple):
    """What a text has once, and whether it stands at the beginning or after a space there."""

    written: str
    is_spaced: bool


def kept_in(text: str) -> list[Kept]:
    """What stands in a text and is no language, in its order: what stands there twice comes twice."""
    found = ((one[0], one.start()) for one in _KEPT.finditer(text))
    return [Kept(written, not text[max(0, start - 1) : start].strip()) for written, start in found]


def kept_phrases(
    text: str, tokenizer: Tokenizer, token_bytes: Sequence[bytes | None], others: Sequence[str] = ()
) -> Iterator[Phrase]:
    """All of it as what the text's translation must hold, as often as the text does.

    token_bytes: the tokenizer's. others: what the translation must hold besides; what stands in one of these may stand
    there more often. Raises UsageError for what the tokenizer cannot write.
    """
    found = kept_in(text)
    for written in dict.fromkeys(one.written for one in found):
        own = [one.is_spaced for one in found if one.written == written]
        # What is a part of another, as {x} of ${x}, stands in that as well, and is met where that is.
        held = sum(one.written.count(written) for one in found if one.written != written)
        is_part = held > 0 or any(written in other for other in others)
        copied = Copied(written.encode(errors="replace"), token_bytes, is_part)
        for is_spaced in [*own, *[False] * held]:
            opening, inside = tokenizer.encode(written, COUNTED), _inside(written, is_spaced, tokenizer)
            if tokenizer.decode(opening) != written or tokenizer.decode(inside).strip() != written:
                raise UsageError(
                    f"the model cannot write {written!r:.60}: it has no pieces for it; do not ask to keep it"
                )
            yield Phrase(tuple(opening), tuple(inside), len(tokenizer.opening), copied)


def _inside(written: str, is_spaced: bool, tokenizer: Tokenizer) -> list[int]:
    """How it is written after other words: with a space before it, or without one."""
    before = tokenizer.encode("a")
    after = tokenizer.encode("a" + " " * is_spaced + written, COUNTED)
    return after[len(before) :] if after[: len(before)] == before else tokenizer.encode(written, COUNTED)
