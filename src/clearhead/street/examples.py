"""One example: a tree read off in two languages, and what the tests and baselines have to know about it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from clearhead.street import english, french, korean
from clearhead.street.sample import Draw
from clearhead.street.trees import Sentence, Tree

DIRECTIONS = ("en-fr", "fr-en", "en-ko")
PHENOMENA = ("plain", "agreement", "coreference", "word-sense", "long")
LANGUAGES: dict[str, Callable[[Tree], str]] = {
    "en": english.sentence, "fr": french.sentence, "ko": korean.sentence,
}  # fmt: skip
# No training sentence has more words than these; every long one has.
LONGEST = {"en": 20, "fr": 20, "ko": 15}
LOWERED = 0.07  # the share without capitals and full stop
FULL_FORMS = (
    (re.compile(r"\bcan't\b"), "cannot"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
)


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence and its one right translation.

    `distance` belongs to agreement. `deciding` is the pair of words that decide the translation and never meet in
    training; `cue`, `answer`, `order` and `word` are what baselines.py needs.
    """

    direction: str
    phenomenon: str
    source: str
    target: str
    distance: int | None = None
    deciding: tuple[str, str] = ("", "")
    cue: str = ""
    answer: str = ""
    order: str = ""
    word: str = ""


def example(
    direction: str, phenomenon: str, draw: Draw, distance: int | None, uncontracted: bool = False, lowered: bool = False
) -> Example:
    """The example of a draw. `uncontracted` writes *did not* for *didn't*, in a source only: a target has one form."""
    source, target = direction.split("-")
    text, goal = LANGUAGES[source](draw.tree), LANGUAGES[target](draw.tree)
    answer = draw.answer
    if phenomenon == "coreference" and direction == "en-fr" and isinstance(draw.tree, Sentence):
        answer = "elle" if draw.tree.clauses[1].subject.noun.feminine else "il"
    if uncontracted and source == "en":
        text = in_full(text)
    if lowered:
        text, goal = (line.lower().removesuffix(".") for line in (text, goal))
    return Example(direction, phenomenon, text, goal, distance, draw.deciding, draw.cue, answer, draw.order, draw.word)


def in_full(text: str) -> str:
    """The text with *did not* for *didn't*."""
    if "'t" in text:
        for pattern, full in FULL_FORMS:
            text = pattern.sub(full, text)
    return text


def words(text: str) -> int:
    """The number of words."""
    return text.count(" ") + 1


def plainly(source: str) -> str:
    """A source without what its lower-cased and full forms change, so that such twins stay on one side."""
    return in_full(source).lower().removesuffix(".")


def is_lowered(random: Random, phenomenon: str) -> bool:
    """Plain sentences are lower-cased more often: they are what people type."""
    return random.random() < (2 * LOWERED if phenomenon == "plain" else LOWERED)


def is_long(made: Example) -> bool:
    """Whether both sides are longer than any in training."""
    source, target = made.direction.split("-")
    return words(made.source) > LONGEST[source] and words(made.target) > LONGEST[target]


def is_short(made: Example) -> bool:
    """Whether neither side is longer than training allows."""
    source, target = made.direction.split("-")
    return words(made.source) <= LONGEST[source] and words(made.target) <= LONGEST[target]
