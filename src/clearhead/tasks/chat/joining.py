"""The turns of a row as one sequence of ids: by control symbols of ours, or as a model's own template writes them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from clearhead.errors import UsageError
from clearhead.tasks.chat.template import Templated
from clearhead.tasks.chat.turns import Joined, Message, join, role_of
from clearhead.text import LibraryTokenizer, Tokenizer


@final
@dataclass(frozen=True)
class Joining:
    """template: of a model that was trained elsewhere; None for one of ours."""

    template: str | None = None

    @property
    def key(self) -> str:
        """What ids depend on beside the tokenizer."""
        return self.template or ""

    def __call__(self, rows: Sequence[Sequence[str]], tokenizer: Tokenizer) -> Iterator[Joined]:
        """Each row's turns as one conversation: the first is the user's, the next the assistant's, and so on.

        Raises UsageError where the template cannot be used, or does not say where an answer begins or ends.
        """
        if self.template is not None:
            for turns in rows:
                yield joined_by(self.template, turns, tokenizer)
            return
        encoded = iter(tokenizer.encode_many([turn for turns in rows for turn in turns]))
        for turns in rows:
            yield join([next(encoded) for _ in turns], tokenizer)


def joined_by(template: str, turns: Sequence[str], tokenizer: Tokenizer) -> Joined:
    """What the template writes of a conversation; an answer and the special token that ends it are learned.

    Where an answer begins is never looked for in the text: what is written of a conversation up to there, from which
    the model will answer, is the beginning of what is written of it with the answer, as text and as ids.
    """
    messages = [Message(role_of(place), turn) for place, turn in enumerate(turns)]
    templated, special = Templated(template, messages, tokenizer), special_ids(tokenizer)
    ids: list[int] = []
    learned: list[bool] = []
    for place in range(1, len(turns), 2):
        asked, answered = templated.written(place, asks=True), templated.written(place + 1, asks=False)
        prompt, whole = templated.ids(asked), templated.ids(answered)
        # What was learned of the turns before has to stand where it stood.
        known = len(learned)
        if not answered.startswith(asked) or whole[: len(prompt)] != prompt or prompt[:known] != ids[:known]:
            raise _unusable(f"what it writes up to the answer {turns[place]!r:.40} does not go on with that answer")
        stop = _end(whole, len(prompt), special)
        ids, learned = whole, [*learned, *[False] * (len(prompt) - known), *[True] * (stop - len(prompt))]
    return Joined(ids, [*learned, *[False] * (len(ids) - len(learned))])


def ends_by(template: str, tokenizer: Tokenizer) -> int:
    """The id by which a model ends its answers in conversations that this template writes."""
    joined = joined_by(template, ("a", "b"), tokenizer)
    return next(one for one, learned in zip(reversed(joined.ids), reversed(joined.learned), strict=True) if learned)


def special_ids(tokenizer: Tokenizer) -> frozenset[int]:
    """Those of tokens that no text has."""
    assert isinstance(tokenizer, LibraryTokenizer), "a template comes with the tokenizer of its model"
    return frozenset(tokenizer.special_texts().values())


def _end(ids: Sequence[int], begin: int, special: frozenset[int]) -> int:
    """The place after the special token that ends the answer at `begin`. One may stand before the answer, too."""
    places = [place for place in range(begin, len(ids)) if ids[place] in special]
    text = next((place for place in range(begin, len(ids)) if ids[place] not in special), begin)
    ends = [place for place in places if place > text] or places
    if not ends:
        raise _unusable("it writes no special token after an answer, by which a model could learn to end")
    return ends[0] + 1


def _unusable(why: str) -> UsageError:
    return UsageError(
        f"the model's chat template cannot be learned from: {why}; give another by text.template, or train "
        "task=language-modelling on texts"
    )
