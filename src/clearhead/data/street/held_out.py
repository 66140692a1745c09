"""Which pairs of content words meet only in the test sets.

The rule looks at the two words and nothing else: no seed, no corpus size. So every corpus keeps the same pairs apart, and
scores are comparable. In a held-out sentence each word is familiar, and their meeting is new: what the model does there
it cannot have learnt by heart.
"""

from functools import cache
from zlib import crc32

from clearhead.data.street import nouns, senses
from clearhead.data.street.trees import Tree, words_of
from clearhead.data.street.words import Adjective, Noun, Verb

SHARE = 12  # percent of the pairs of a kind; enough for the tests, and each word still meets most others
POSSESSIONS = frozenset(noun.key for noun in nouns.owned)
DESCRIBED = frozenset({"human", "animal", "place", "thing", "container", "furniture", "food", "locale"})
CUES = frozenset(
    frozenset((sense.noun.key, cue.key))
    for group in (senses.english, senses.french)
    for sense in group
    for cue in senses.cues[sense.field]
    if senses.held_out_cue(sense, group, cue)
)


@cache
def chance(first: str, second: str) -> bool:
    """A fair and lasting draw for two words. crc32 gives the same number on every machine; hash() would not."""
    return crc32(f"{first}+{second}".encode()) % 100 < SHARE


@cache
def described(noun: str, kind: str, adjective: str) -> bool:
    """Whether a noun and an adjective are kept apart: agreement and coreference."""
    return kind in DESCRIBED and chance(noun, adjective)


@cache
def acting(noun: str, kind: str, verb: str) -> bool:
    """Whether a person and a verb are kept apart: plain sentences."""
    return kind == "human" and chance(noun, verb)


@cache
def owning(noun: str, kind: str, thing: str) -> bool:
    """Whether a person and a thing that people own are kept apart: whose it is, in fr→en."""
    return kind == "human" and thing in POSSESSIONS and chance(noun, thing)


def pairs_held_out(tree: Tree) -> list[tuple[str, str]]:
    """The pairs of content words in a tree that no training sentence may hold."""
    words = list(words_of(tree))
    found = [word for word in words if isinstance(word, Noun)]
    others = [word for word in words if not isinstance(word, Noun)]
    pairs = []
    for noun in found:
        for word in others:
            rule = described if isinstance(word, Adjective) else acting
            if rule(noun.key, noun.kind, word.key):
                pairs.append((noun.key, word.key))
        for thing in found:
            if owning(noun.key, noun.kind, thing.key) or (
                noun.kind == "sense" and frozenset((noun.key, thing.key)) in CUES
            ):
                pairs.append((noun.key, thing.key))
    return pairs


def verb_pair(subject: Noun, verb: Verb) -> bool:
    """Whether a plain sentence with this subject and verb belongs to the test set."""
    return acting(subject.key, subject.kind, verb.key)
