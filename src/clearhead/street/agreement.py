"""Agreement at a distance: *The crates that the princess and the king found yesterday are white.*

The distance is the number of words of the source between the head of the subject and the verb that agrees with it. It
is 0 in "The crate is white" and 8 in the line above. In French the adjective and every participle agree with that head;
in Korean the head moves behind all that modifies it, and the particle (은 or 는) hangs on its last sound: a
translator that has just said the long modifier must go back for the noun over the same distance; in English the
verb's number does.

In the test set distances are longer than any in training, and nothing else is new. So each part of a modifier is met in
training: within the trained distances, as far as it fits there, and with all others where nothing agrees (`told`).
"""

from random import Random

from clearhead.street import adjectives, english, french, french_forms, nouns, scenery, verbs
from clearhead.street.held_out import described as held_out
from clearhead.street.sample import Draw, adjective_beside, chance, pick
from clearhead.street.trees import Action, Clause, Phrase, Relative, Sentence, State, Where
from clearhead.street.words import Noun, Time

TRAINED = 8  # the longest distance in training
LONGEST = 12  # the longest in the test set
GROUPS = (
    nouns.contents + nouns.possessions, nouns.contents + nouns.possessions, nouns.containers, nouns.furniture,
    nouns.animals, nouns.animals, nouns.humans, nouns.humans, nouns.places,
)  # fmt: skip
PAST_OF = {
    "thing": verbs.named("lose, find, buy, sell, see"),
    "container": verbs.named("find, buy, sell, see"),
    "furniture": verbs.named("see, draw"),
    "animal": verbs.named("see, follow, find, look for, draw"),
    "human": verbs.named("see, meet, follow, help, call"),
    "place": verbs.named("see, cross"),
}
DONE_BY = verbs.named("meet, follow, see, help, call")
ROOMS = nouns.named("kitchen, library, restaurant")
GROUNDS = nouns.named("garden, park, village")
BEARING = nouns.named("table, bed, chair")
STANDING = nouns.named("house, tree, wall, door, bridge, school, hospital, library")
MANY = nouns.named("house, tree, wall, door, table, bed, chair")  # of which there may be several
WITNESSES = nouns.pronouns + nouns.names
FAMILY = (scenery.near, scenery.behind, scenery.beside, scenery.before)


def draw(random: Random, source: str, wanted: int | None = None) -> tuple[Draw, int]:
    """A sentence and its distance in the source language; `wanted` asks for roughly that much to be put between."""
    noun = pick(random, pick(random, GROUPS))
    # In training the far ones are drawn more often, since many of them are too long or hold a pair that is held out.
    amount = int(random.random() ** 0.5 * (TRAINED + 1)) if wanted is None else wanted
    subject = Phrase(noun, plural=chance(random, 0.42))
    if source == "fr" and (amount == 1 or chance(random, 0.25)):  # le chat *noir*: the one word that can stand alone
        subject = subject._replace(adjective=adjective_beside(random, noun, 1.0))
    if amount > 1:
        subject = subject._replace(modifier=between(random, noun, amount, wanted is None))
    state = state_of(random, subject, amount)
    made = Clause(subject, state, pick(random, ("present", "present", "past")))
    deciding = (noun.key, state.adjective.key)
    kept = deciding if held_out(noun.key, noun.kind, state.adjective.key) else ("", "")
    return Draw(Sentence((made,)), kept), distance(made, source)


def told(random: Random) -> Draw:
    """A relative clause with all of its parts, where nothing has to agree over it.

    In one half of a thing that somebody met, in the other what it says in a sentence of its own: Paul saw the crates
    that the princess and the king found yesterday; The princess and the king found the crates yesterday.
    """
    noun = pick(random, pick(random, GROUPS))
    said = relative(random, noun, pick(random, range(TRAINED - 1, LONGEST + 3)))
    head = Phrase(noun, plural=chance(random, 0.42))
    if chance(random, 0.5):
        somebody, verb = Phrase(pick(random, WITNESSES)), pick(random, PAST_OF[noun.kind])
        return Draw(Sentence((Clause(somebody, Action(verb, head._replace(modifier=said)), "past"),)))
    subject, thing = (head, said.object) if said.subject is None else (said.subject, head)
    first = said.time is not None and chance(random, 0.3)
    action = Action(said.verb, thing, None, said.where)
    return Draw(Sentence((Clause(subject, action, "past", time=said.time, time_first=first),)))


def state_of(random: Random, subject: Phrase, amount: int) -> State:
    """What is said of it. *seems* takes *often* before it in English: the only way to put one word between."""
    noun = subject.noun
    choices = adjectives.of_kind[noun.kind]
    while True:
        word = pick(random, choices)
        if adjectives.agree(subject.adjective, word) and (noun.kind != "place" or adjectives.fits(noun.key, word.key)):
            break
    degree = "" if word.key in adjectives.absolute else pick(random, ("", "", "very"))
    if word in adjectives.colours or not (amount == 1 or chance(random, 0.2)):
        return State(word, degree)
    adverb = pick(random, scenery.adverbs) if amount == 1 or chance(random, 0.3) else None
    return State(word, "" if adverb else degree, True, adverb)


def distance(clause: Clause, source: str) -> int:
    """Words of the source between the head of the subject and its verb."""
    subject = clause.subject
    bare = subject._replace(modifier=None)
    if source == "en":
        state = clause.predicate
        adverb = isinstance(state, State) and state.adverb is not None
        return count(english.phrase(subject)) - count(english.phrase(bare)) + adverb
    if bare.adjective and not bare.adjective.precedes:
        bare = bare._replace(adjective=None)
    return count(french_forms.joined(french.phrase(subject))) - count(french_forms.joined(french.phrase(bare)))


def count(text: str) -> int:
    """The number of words."""
    return text.count(" ") + 1


def between(random: Random, noun: Noun, amount: int, is_taught: bool) -> Where | Relative:
    """Something of about this many words to stand between a noun and its verb."""
    turn = random.random()
    if amount == 2:
        nearby = FAMILY[:1] if noun.kind == "place" else FAMILY[:2]  # a plain is not behind Daniel
        return Where(pick(random, nearby), Phrase(pick(random, nouns.names)))
    if amount <= 6 and turn < 0.35:
        return place(random, noun, amount)
    return relative(random, noun, amount, is_taught)


def place(random: Random, noun: Noun, amount: int) -> Where:
    """near the door; next to the small door; near the table in the kitchen."""
    if amount == 6 and noun.kind not in ("place", "furniture"):
        indoors = noun.kind in ("thing", "container")
        room = Where(scenery.within, Phrase(pick(random, ROOMS if indoors else GROUNDS)))
        table = Phrase(pick(random, BEARING if indoors else MANY[:3]), plural=chance(random, 0.3), modifier=room)
        return Where(pick(random, FAMILY), table)
    choices = BEARING if noun.kind in ("thing", "container") and chance(random, 0.5) else STANDING
    landmark = pick(random, tuple(word for word in choices if word is not noun))
    beside = adjective_beside(random, landmark, 0.0 if amount == 3 else 0.8)
    phrase = Phrase(landmark, adjective=beside, plural=landmark in MANY and chance(random, 0.5))
    on = choices is BEARING and chance(random, 0.6)
    return Where(pick(random, (scenery.on, scenery.under)) if on else pick(random, FAMILY), phrase)


def relative(random: Random, noun: Noun, amount: int, is_taught: bool = False) -> Relative:
    """A relative clause; the more words are wanted, the more of its parts are there.

    is_taught: in training few words are to have every part that there is, if not all of them together.
    """
    active = noun.kind == "human" and chance(random, 0.5)
    verb = pick(random, DONE_BY if active else PAST_OF[noun.kind])
    size = 2 + len(verb.particle.split())
    somebody, used = people(random, amount - size, noun, 6 if is_taught else 7)
    rest = amount - size - used
    scene, more = setting(random, rest, noun, is_taught)
    time = stamp(random, rest - more)
    return Relative(verb, None if active else somebody, somebody if active else None, scene, time)


def people(random: Random, room: int, head: Noun, described_from: int) -> tuple[Phrase, int]:
    """Who did it, in at most this many words as far as possible: Paul, the boy, the old boy, the king and the queen.

    described_from: how much room there is to be for an adjective beside two.
    """
    first, second = pick(random, nouns.humans), pick(random, nouns.humans)
    turn = random.random()
    if room <= 1 or turn < 0.15:
        return Phrase(pick(random, nouns.names)), 1
    if room >= 5 and turn < 0.5 and head not in (first, second) and first is not second:
        long = room >= described_from and turn < 0.4
        one = Phrase(first, adjective=adjective_beside(random, first, 1.0 if long else 0.0))
        return one._replace(other=Phrase(second)), 6 if long else 5
    if first is head:
        return Phrase(pick(random, nouns.names)), 1
    if room >= 3 and turn < 0.65:
        return Phrase(first, adjective=adjective_beside(random, first, 1.0)), 3
    return Phrase(first, plural=chance(random, 0.35)), 2


def setting(random: Random, room: int, head: Noun, is_taught: bool) -> tuple[Where | None, int]:
    """Where, if there is room."""
    if room < 3 or (room < 5 and chance(random, 0.3)):
        return None, 0
    landmark = pick(random, tuple(word for word in STANDING if word is not head))
    beside = adjective_beside(random, landmark, 1.0) if room >= 4 and chance(random, 0.5) else None
    preposition = pick(random, FAMILY[: max(2, room - 1) if is_taught else 2] if room < 6 else FAMILY)
    words = len(preposition.key.split()) + 2 + (beside is not None)
    if is_taught and words > room:
        beside, words = None, words - 1
    return Where(
        preposition, Phrase(landmark, adjective=beside, plural=landmark in MANY and chance(random, 0.5))
    ), words


def stamp(random: Random, room: int) -> Time | None:
    """When, if there is room."""
    if room < 1:
        return None
    return scenery.times_of["past"][0] if room == 1 else pick(random, scenery.times_of["past"][1:])
