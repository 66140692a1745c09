"""Coreference: *The animal didn't cross the street because it was too tired*, or *too wide*.

en→fr and en→ko: whatever *it* is decides. In French it is *il* or *elle*, with its adjective; the two candidates
differ in gender in the test set. In Korean the noun is named again ("동물이 너무 피곤했기 때문입니다"), as a native
would write it, so that the referent is visible in every one of these sentences, and all of them are scored.

Neither the adjective nor the order decides: an animal does something to a place in one half, a place does something
to an animal in the other, with the same reasons in both; and of a thing that does not fit in a box because it is too
big, or of a box that cannot hold a thing, only the verb and the adjective together tell which is meant.

fr→en: *il* and *elle* are both *it*, so nothing is left to resolve there. What French leaves open and English does
not is whose a thing is: *son livre* is *his* or *her book*, by the owner's gender. The owner is the subject of the
clause that holds *son*, the first of two persons or the second: "Le garçon qui a vu la reine a perdu son livre"
(his), "Le garçon a vu la reine qui a perdu son livre" (her).
"""

from functools import cache
from random import Random

from clearhead.street import adjectives, held_out, nouns, scenery, verbs
from clearhead.street.sample import Draw, chance, pick
from clearhead.street.trees import Action, Clause, Phrase, Relative, Sentence, State, Where
from clearhead.street.words import Adjective, Noun, Verb

# Not what may be said of the air as well: *it was too windy* need not be about the place.
AIR = adjectives.named("windy, foggy, snowy, sunny, dark, bright, dusty")
OF_PLACES = tuple(word for word in adjectives.scenic if word not in AIR)
# What is a reason for what: the mood and the state of an animal, and the state of a place. A verb not named here
# goes with every reason. Each verb goes with reasons of both sorts, so that it does not tell which noun is meant.
TIMID = "young, shy, weak, nervous, cautious, sick, sleepy"
SLOW = "slow, lazy, stubborn, sleepy, sick, weak, fat, tired, hungry, thirsty, cautious, curious"
OBSCURE = "gloomy, deserted, narrow, slippery, remote, crowded, polluted, damp"
FORBIDDING = "gloomy, polluted, muddy, slippery, crowded, damp, remote, deserted, narrow, uneven"
OF_ANIMALS = ", ".join(word.key for word in adjectives.animate)
REASONS = {
    "frighten": f"{TIMID}, {OBSCURE}",
    "delay": f"{SLOW}, slippery, muddy, crowded, narrow, uneven",
    "leave": f"{OF_ANIMALS}, slippery, wide, uneven, muddy",
    "enter": f"{OF_ANIMALS}, {FORBIDDING}",
    "avoid": f"{OF_ANIMALS}, {FORBIDDING}",
}
REASONED = {verb: frozenset(cues.split(", ")) for verb, cues in REASONS.items()}
ENTERED = frozenset(["park", "garden", "field", "village", "forest"])
FIT_LARGE = adjectives.named("big, thick, long")
FIT_SMALL = adjectives.named("small, full, narrow")
SEEING = verbs.named("call, follow, help, meet, see")
LOSING = verbs.named("lose, find, sell, look for")
SAME = 0.1  # of the sentences whose candidates agree in gender: there French has nothing to resolve
# Of the sentences that ask whose a thing is: there either person alone tells *his* from *her*, which is learnt first.
ALIKE = 0.4
BY_SENSE = {
    name: tuple(noun for noun in nouns.humans if noun.feminine == feminine)
    for name, feminine in (("he", False), ("she", True))
}


def draw(random: Random, test: bool = False) -> Draw:
    """One sentence with *it*; in the test set both candidates differ in gender and the deciding pair is held out."""
    # Few things and boxes are held out, so training has more of them than the test.
    if chance(random, 0.2 if test else 0.3):
        return fitting(random, test)
    # Decided once, not at every attempt: an animal must be meant as often as a place, or its kind alone would tell.
    tired, animal_first = chance(random, 0.5), chance(random, 0.5)
    while True:
        animal, place = pick(random, nouns.animals), pick(random, nouns.places)
        if animal.feminine == place.feminine and (test or not chance(random, SAME)):
            continue
        referent, cue = (animal, pick(random, adjectives.animate)) if tired else (place, pick(random, OF_PLACES))
        if not tired and not adjectives.fits(place.key, cue.key):
            continue
        if test and not held_out.described(referent.key, referent.kind, cue.key):
            continue
        verb = pick(random, reasonable(animal_first, place.key, cue.key))
        return told(random, (animal, place) if animal_first else (place, animal), verb, referent, cue)


@cache
def reasonable(animal_first: bool, place: str, cue: str) -> tuple[Verb, ...]:
    """The verbs for which this is a reason. Some always are, so that a cue comes in both orders equally often."""
    return tuple(
        verb
        for verb in (verbs.of_animal if animal_first else verbs.of_place)
        if cue in REASONED.get(verb.key, (cue,)) and (verb.key != "enter" or place in ENTERED)
    )


def told(random: Random, pair: tuple[Noun, Noun], verb: Verb, referent: Noun, cue: Adjective) -> Draw:
    """The sentence of these words. What a place does it does; what an animal does to it, it mostly did not do."""
    negative = pair[0].kind == "animal" and verb.key != "avoid"
    main = Clause(Phrase(pair[0]), Action(verb, Phrase(pair[1])), "past", negative)
    return because(main, pair, referent, cue, "past")


def because(main: Clause, pair: tuple[Noun, Noun], referent: Noun, cue: Adjective, tense: str) -> Draw:
    """What happened, and the reason."""
    reason = Clause(Phrase(referent), State(cue, "too"), tense, pronoun=True)
    order = "first" if referent is pair[0] else "second"
    tree = Sentence((main, reason), "because")
    return Draw(tree, (referent.key, cue.key), cue.key, order, genders_of(*pair))


def fitting(random: Random, test: bool) -> Draw:
    """The ball does not fit in the box because it is too big, too small."""
    fits, large = chance(random, 0.5), chance(random, 0.5)
    while True:
        thing, box = pick(random, nouns.contents), pick(random, nouns.containers)
        if thing.feminine == box.feminine and (test or not chance(random, SAME)):
            continue
        referent, cue = (thing, pick(random, FIT_LARGE)) if large else (box, pick(random, FIT_SMALL))
        if not adjectives.fits(referent.key, cue.key):
            continue
        if test and not held_out.described(referent.key, referent.kind, cue.key):
            continue
        if fits:
            main = Clause(Phrase(thing), Action(verbs.fit, Phrase(box)), "present", True)
            return because(main, (thing, box), referent, cue, "present")
        main = Clause(Phrase(box), Action(verbs.hold, Phrase(thing)), "present", True)
        return because(main, (box, thing), referent, cue, "present")


def whose(random: Random, test: bool = False) -> Draw:
    """One sentence in which French leaves open whose a thing is, and the syntax tells."""
    alike = not test and chance(random, ALIKE)
    while True:
        first, second = persons(random, alike)
        first_owns = chance(random, 0.5)
        owner = first if first_owns else second
        thing = pick(random, nouns.owned)
        if first is second or (test and not held_out.owning(owner.key, owner.kind, thing.key)):
            continue
        tree = owned(random, Phrase(first), Phrase(second), Phrase(thing, determiner="own"), first_owns)
        answer = "her" if owner.feminine else "his"
        return Draw(tree, (owner.key, thing.key), thing.key, answer, genders_of(first, second))


def persons(random: Random, alike: bool) -> tuple[Noun, Noun]:
    """Two persons of one gender, or of both in either order."""
    first, second = pick(random, (("he", "she"), ("she", "he")))
    return pick(random, BY_SENSE[first]), pick(random, BY_SENSE[first if alike else second])


def genders_of(first: Noun, second: Noun) -> str:
    """Their genders in a word: fm."""
    return "".join("f" if noun.feminine else "m" for noun in (first, second))


def owned(random: Random, first: Phrase, second: Phrase, thing: Phrase, first_owns: bool) -> Sentence:
    """The owner is the subject of the clause that holds the thing, and the other person is named in it or around it."""
    seen, lost = pick(random, SEEING), pick(random, LOSING)
    if chance(random, 0.4):
        near = pick(random, (scenery.near, scenery.behind, scenery.before, scenery.beside))
        if first_owns:
            return Sentence((Clause(first, Action(lost, thing, None, Where(near, second)), "past"),))
        return Sentence((Clause(second, Action(lost, thing), "past", where_first=Where(near, first)),))
    if first_owns:
        subject = first._replace(modifier=Relative(seen, object=second))
        return Sentence((Clause(subject, Action(lost, thing), "past"),))
    met = second._replace(modifier=Relative(lost, object=thing))
    return Sentence((Clause(first, Action(seen, met), "past"),))
