"""Which pairs of content words meet only in the test sets.

The rule looks at the two words and nothing else: no seed, no corpus size. So every corpus keeps the same pairs apart,
and scores are comparable. In a held-out sentence each word is familiar, and their meeting is new: what the model does
there it cannot have learnt by heart.
"""

from functools import cache
from zlib import crc32

from clearhead.street import adjectives, nouns, senses, verbs
from clearhead.street.trees import Tree, words_of
from clearhead.street.words import Noun

SHARE = 12  # percent of the pairs of a kind; enough for the tests, and each word still meets most others
POSSESSIONS = tuple(noun.key for noun in nouns.owned)
DESCRIBED = frozenset({"human", "animal", "place", "thing", "text", "container", "furniture", "food", "locale"})


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
    """Whether a person and a thing that people own are kept apart: whose it is, in fr→en.

    By position rather than by chance: each thing is kept from one man and one woman, so that the thing itself says
    nothing of *his* or *her*.
    """
    if kind != "human" or thing not in POSSESSIONS:
        return False
    peers = [one.key for one in nouns.humans if one.feminine == nouns.by_key[noun].feminine]
    return POSSESSIONS.index(thing) % len(peers) == peers.index(noun)


@cache
def avoided(noun: str, kind: str) -> frozenset[str]:
    """The keys of all words that a noun is kept apart from. No noun, verb and adjective of the lexicon share a key."""
    apart = [word for word in adjectives.by_key if described(noun, kind, word)]
    apart += [word for word in verbs.by_key if acting(noun, kind, word)]
    apart += [word for word in POSSESSIONS if owning(noun, kind, word)]
    for group in (senses.english, senses.french):
        for sense in group:
            if sense.noun.key == noun:
                apart += [cue.key for cue in senses.cues[sense.field] if senses.held_out_cue(sense, group, cue)]
    return frozenset(apart)


def pairs_held_out(tree: Tree) -> list[tuple[str, str]]:
    """The pairs of content words in a tree that no training sentence may hold."""
    words = words_of(tree)
    pairs = []
    for noun in words:
        if noun.__class__ is Noun:
            apart = avoided(noun.key, noun.kind)
            if apart:
                pairs += [(noun.key, word.key) for word in words if word.key in apart]
    return pairs
