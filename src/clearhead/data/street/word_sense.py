"""Word sense: *the bank of the river* (la rive, 강둑) and *the bank* of money (la banque, 은행).

Every sentence holds one ambiguous word and one neighbour (the cue) from the field of the sense that is meant. The
frames are the same for all senses, and the cue comes before the word as often as after it, so that neither the frame
nor the order tells. en→fr and en→ko use ambiguous English words; fr→en uses ambiguous French ones (l'avocat: the
lawyer or the avocado).
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from clearhead.data.street import adjectives, nouns, senses, verbs
from clearhead.data.street.sample import Draw, chance, pick
from clearhead.data.street.senses import Sense
from clearhead.data.street.trees import Action, Clause, Of, Phrase, Sentence, State
from clearhead.data.street.words import Noun

SAID_OF_ALL = adjectives.named("strange, important, interesting")
TENSES = ("past", "past", "present", "future")


def draw(random: Random, source: str, test: bool = False) -> Draw:
    """A sentence of one ambiguous word of the source language; each sense equally often."""
    group = senses.english if source == "en" else senses.french
    while True:
        sense = pick(random, group)
        cue = pick(random, senses.cues[sense.field])
        if senses.held_out_cue(sense, group, cue) == test:
            break
    cue_first = chance(random, 0.5)
    frame = pick(random, FRAMES)
    tree = frame(random, sense, cue, cue_first)
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


def together(random: Random, sense: Sense, cue: Noun, cue_first: bool) -> Framed:
    """The boy spoke about the river and the bank."""
    pair = (cue, sense.noun) if cue_first else (sense.noun, cue)
    thing = Phrase(pair[0], other=Phrase(pair[1]))
    return Framed(Sentence((minding(random, thing, pick(random, TENSES)),)), cue_first)


def apart(random: Random, sense: Sense, cue: Noun, cue_first: bool) -> Framed:
    """Emma likes the river, but Paul doesn't like the bank."""
    pair = (cue, sense.noun) if cue_first else (sense.noun, cue)
    joint = pick(random, ("and", "but", "because"))
    tense = pick(random, TENSES if joint != "because" else TENSES[:3])
    first = minding(random, Phrase(pair[0]), tense)
    while True:
        second = minding(random, Phrase(pair[1]), tense, joint == "but")
        if first.subject != second.subject and first.predicate[0] is not second.predicate[0]:
            break
    return Framed(Sentence((first, second), joint), cue_first)


def contrasted(random: Random, sense: Sense, cue: Noun, cue_first: bool) -> Framed:
    """The river is interesting, but the bank is strange."""
    if chance(random, 0.6):
        return apart(random, sense, cue, cue_first)
    pair = (cue, sense.noun) if cue_first else (sense.noun, cue)
    first = pick(random, SAID_OF_ALL)
    second = pick(random, tuple(word for word in SAID_OF_ALL if word is not first))
    tense = pick(random, ("present", "past"))
    clauses = tuple(Clause(Phrase(noun), State(word), tense) for noun, word in zip(pair, (first, second), strict=True))
    return Framed(Sentence(clauses, "but"), cue_first)


def belonging(random: Random, sense: Sense, cue: Noun, cue_first: bool) -> Framed:
    """The bank of the river is beautiful. Where nobody would say so, the sentence is one of the others."""
    if cue.key not in senses.wholes.get(sense.noun.key, ()):
        return pick(random, FRAMES[:3])(random, sense, cue, cue_first)
    whole = Phrase(sense.noun, modifier=Of(Phrase(cue)))
    if chance(random, 0.5):
        state = State(pick(random, SAID_OF_ALL), pick(random, ("", "very")))
        return Framed(Sentence((Clause(whole, state, pick(random, ("present", "past"))),)), False)
    made = minding(random, whole, pick(random, TENSES), chance(random, 0.25))
    return Framed(Sentence((made,)), False)


FRAMES: tuple[Callable[[Random, Sense, Noun, bool], Framed], ...] = (together, apart, contrasted, belonging)
