"""Word sense: *the bank of the river* (la rive, 강둑) and *the bank* of money (la banque, 은행).

Every sentence holds one ambiguous word and one neighbour (the cue) from the field of the sense that is meant. The frames
are the same for all senses, and the cue comes before the word as often as after it, so that neither the frame nor the
order tells. en→fr and en→ko use ambiguous English words; fr→en uses ambiguous French ones (l'avocat: the lawyer or the
avocado).
"""

from collections.abc import Callable
from random import Random

from clearhead.data.street import adjectives, nouns, senses, verbs
from clearhead.data.street.sample import Draw, chance, pick
from clearhead.data.street.senses import Sense
from clearhead.data.street.trees import Action, Clause, Of, Phrase, Sentence, State
from clearhead.data.street.words import Noun

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


class Framed:
    """A sentence and where the cue came in it."""

    def __init__(self, sentence: Sentence, cue_first: bool) -> None:
        self.sentence, self.cue_first = sentence, cue_first


def somebody(random: Random) -> Phrase:
    """Who speaks or likes."""
    turn = random.random()
    if turn < 0.3:
        return Phrase(pick(random, nouns.pronouns))
    return Phrase(pick(random, nouns.names if turn < 0.5 else nouns.humans))


def together(random: Random, sense: Sense, cue: Noun, cue_first: bool) -> Framed:
    """The boy spoke about the river and the bank."""
    pair = (cue, sense.noun) if cue_first else (sense.noun, cue)
    thing = Phrase(pair[0], other=Phrase(pair[1]))
    made = Clause(somebody(random), Action(pick(random, verbs.of_speech), thing), pick(random, TENSES), chance(random, 0.2))
    return Framed(Sentence((made,)), cue_first)


def contrasted(random: Random, sense: Sense, cue: Noun, cue_first: bool) -> Framed:
    """The river is famous, but the bank is ugly."""
    pair = (cue, sense.noun) if cue_first else (sense.noun, cue)
    first, second = pick(random, adjectives.general), pick(random, adjectives.general)
    tense = pick(random, ("present", "past"))
    if first is second:
        second = adjectives.by_key["strange" if first.key != "strange" else "famous"]
    clauses = tuple(Clause(Phrase(noun), State(word), tense) for noun, word in zip(pair, (first, second), strict=True))
    return Framed(Sentence(clauses, "but"), cue_first)


def reasoned(random: Random, sense: Sense, cue: Noun, cue_first: bool) -> Framed:
    """The girl likes the river because the bank is beautiful."""
    first, second = (cue, sense.noun) if cue_first else (sense.noun, cue)
    liking = Clause(somebody(random), Action(verbs.by_key["like"], Phrase(first)), "present", chance(random, 0.3))
    state = State(pick(random, adjectives.general), pick(random, ("", "very")))
    return Framed(Sentence((liking, Clause(Phrase(second), state)), "because"), cue_first)


def belonging(random: Random, sense: Sense, cue: Noun, cue_first: bool) -> Framed:
    """The bank of the river is ugly. Where nobody would say so, the sentence is one of the others."""
    if cue.key not in senses.wholes.get(sense.noun.key, ()):
        return pick(random, FRAMES[:3])(random, sense, cue, cue_first)
    whole = Phrase(sense.noun, modifier=Of(Phrase(cue)))
    if chance(random, 0.5):
        state = State(pick(random, adjectives.general), pick(random, ("", "very")))
        return Framed(Sentence((Clause(whole, state, pick(random, ("present", "past"))),)), False)
    made = Clause(somebody(random), Action(pick(random, verbs.of_speech), whole), pick(random, TENSES), chance(random, 0.2))
    return Framed(Sentence((made,)), False)


FRAMES: tuple[Callable[[Random, Sense, Noun, bool], Framed], ...] = (together, contrasted, reasoned, belonging)
