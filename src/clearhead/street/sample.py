"""What a sampler gives back, and the little that all samplers share."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple, TypeVar

from clearhead.street import adjectives, scenery
from clearhead.street.trees import Phrase, Tree
from clearhead.street.words import Adjective, Noun, Time, Verb

Item = TypeVar("Item")


class Draw(NamedTuple):
    """A tree and what decides its translation.

    `deciding` is the pair of words that is never met in training; `cue` the one of them that a shallow reader would go
    by, `answer` what it has to decide, and `order` what somebody would go by who only counts words. All empty where a
    sentence decides nothing.
    """

    tree: Tree
    deciding: tuple[str, str] = ("", "")
    cue: str = ""
    answer: str = ""
    order: str = ""
    word: str = ""


def pick(random: Random, items: Sequence[Item]) -> Item:
    """One of the items; several times as fast as Random.choice, which counts when a corpus is drawn."""
    return items[int(random.random() * len(items))]


def chance(random: Random, share: float) -> bool:
    """True in this share of cases."""
    return random.random() < share


def adjective_beside(random: Random, noun: Noun, share: float) -> Adjective | None:
    """Sometimes an adjective that may stand beside this noun."""
    choices = adjectives.beside_kind.get(noun.kind)
    if not choices or not chance(random, share):
        return None
    chosen = pick(random, choices)
    return chosen if noun.kind != "place" or adjectives.fits(noun.key, chosen.key) else None


def described(random: Random, noun: Noun, share: float = 0.3, **given: object) -> Phrase:
    """A phrase, sometimes with an adjective."""
    return Phrase(noun, adjective=adjective_beside(random, noun, share))._replace(**given)  # type: ignore[arg-type]


def time_for(random: Random, tense: str, verb: Verb | None = None, share: float = 0.3) -> Time | None:
    """Sometimes when; always with a verb such as *read*, whose tense nothing else would show."""
    if (verb is not None and verb.past_looks_present) or chance(random, share):
        return pick(random, scenery.times_of[tense])
    return None
