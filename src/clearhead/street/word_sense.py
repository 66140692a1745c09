"""Word sense: *the bank of the river* (la rive, 강둑) and *the bank* of money (la banque, 은행).

Every sentence holds one ambiguous word and one neighbour (the cue) from the field of the sense that is meant. The
frames are the same for all senses, and the cue comes before the word as often as after it, so that neither the frame
nor the order tells. en→fr and en→ko use ambiguous English words; fr→en uses ambiguous French ones (l'avocat: the
lawyer or the avocado).
"""

from random import Random
from typing import NamedTuple

from clearhead.street import adjectives, nouns, senses, verbs
from clearhead.street.sample import Draw, chance, pick
from clearhead.street.senses import Sense
from clearhead.street.trees import Action, Clause, Of, Phrase, Sentence, State
from clearhead.street.words import Noun

SAID_OF_ALL = adjectives.named("strange, important, interesting")
TENSES = ("past", "past", "present", "future")


def draw(random: Random, source: str, test: bool = False) -> Draw:
    """A sentence of one ambiguous word of the source language; each sense equally often."""
    group = senses.english if source == "en" else senses.french
    while True:
        sense = pick(random, group)
        cue = pick(random, senses.cues_of(sense))
        if senses.held_out_cue(sense, group, cue) == test:
            break
    tree = framed(random, sense, cue, chance(random, 0.5))
    order = "before" if tree.cue_first else "after"
    return Draw(tree.sentence, (sense.noun.key, cue.key), cue.key, sense.noun.key, order, sense.word)


class Framed(NamedTuple):
    """A sentence and where the cue came in it."""

    sentence: Sentence
    cue_first: bool


def somebody(random: Random) -> Phrase:
    """Who speaks, likes or forgets."""
    turn = random.random()
    if turn < 0.2:
        return Phrase(pick(random, nouns.pronouns))
    return Phrase(pick(random, nouns.names if turn < 0.5 else nouns.humans))


def minding(random: Random, thing: Phrase, tense: str, negative: bool = False) -> Clause:
    """Somebody speaks about a thing, likes or forgets it: what can be said of things and persons, seen or unseen."""
    verb = pick(random, verbs.of_speech if tense != "present" else (*verbs.of_speech, verbs.by_key["like"]))
    return Clause(somebody(random), Action(verb, thing), tense, negative)


def framed(random: Random, sense: Sense, cue: Noun, cue_first: bool) -> Framed:
    """One of the frames, mostly short; *the bank of the river* only of those of which one would say so."""
    turn = random.random()
    if turn < 0.3 and cue.key in senses.wholes.get(sense.noun.key, ()):
        return belonging(random, sense, cue)
    frame = together if turn < 0.65 else alike if turn < 0.9 else apart
    return frame(random, *((cue, sense.noun) if cue_first else (sense.noun, cue)), cue_first)


def together(random: Random, first: Noun, second: Noun, cue_first: bool) -> Framed:
    """The boy spoke about the river and the bank."""
    thing = Phrase(first, other=Phrase(second))
    return Framed(Sentence((minding(random, thing, pick(random, TENSES)),)), cue_first)


def alike(random: Random, first: Noun, second: Noun, cue_first: bool) -> Framed:
    """The river and the bank are interesting."""
    state = State(pick(random, SAID_OF_ALL), pick(random, ("", "very")))
    both = Phrase(first, other=Phrase(second))
    return Framed(Sentence((Clause(both, state, pick(random, ("present", "past"))),)), cue_first)


def apart(random: Random, first: Noun, second: Noun, cue_first: bool) -> Framed:
    """Emma likes the river, but Paul doesn't like the bank."""
    joint, tense = pick(random, ("and", "but")), pick(random, TENSES)
    one = minding(random, Phrase(first), tense)
    while True:
        other = minding(random, Phrase(second), tense, joint == "but")
        if one.subject != other.subject and one.predicate[0] is not other.predicate[0]:
            return Framed(Sentence((one, other), joint), cue_first)


def belonging(random: Random, sense: Sense, cue: Noun) -> Framed:
    """The bank of the river is interesting."""
    whole = Phrase(sense.noun, modifier=Of(Phrase(cue)))
    if chance(random, 0.5):
        state = State(pick(random, SAID_OF_ALL), pick(random, ("", "very")))
        return Framed(Sentence((Clause(whole, state, pick(random, ("present", "past"))),)), False)
    made = minding(random, whole, pick(random, TENSES), chance(random, 0.25))
    return Framed(Sentence((made,)), False)
