"""Plain sentences: who, what, to whom, where, when, how many, and not."""

from random import Random

from clearhead.street import adjectives, nouns, scenery, verbs
from clearhead.street.sample import Draw, adjective_beside, chance, described, pick, time_for
from clearhead.street.trees import Action, Clause, Existence, Phrase, Role, Sentence, State, Where
from clearhead.street.words import Noun, Time, Verb

GREETED = 0.05  # greetings are learnt beside other words too, not only in batches of their own
TENSES = ("past", "present", "future")
NUMBERS = ("two", "three", "four", "five", "six", "ten")
CLASSES: dict[str, tuple[Noun, ...]] = {
    "humans": nouns.humans, "animals": nouns.animals, "places": nouns.places, "contents": nouns.contents,
    "possessions": nouns.possessions, "clothes": nouns.clothes, "food": nouns.food, "mass_food": nouns.mass_food,
    "drinks": nouns.drinks, "readables": nouns.readables, "writable": nouns.writable, "openable": nouns.openable,
    "drawable": nouns.drawable, "names": nouns.names,
}  # fmt: skip
# A particular one is meant, so that French and English agree on the article: one likes *the* coffee, not any.
DEFINITE = frozenset({"like", "cross", "leave", "open", "close", "call", "follow"})
OWN = frozenset({"lose", "find", "look for", "sell", "show", "open", "close"})
LASTING = frozenset({"have", "like"})  # a state, whose past French would put in the imparfait
SUDDEN = frozenset({"lose", "find", "arrive"})  # one does not do so as a habit
SOMEWHERE = frozenset(
    {"eat", "drink", "read", "write", "buy", "look for", "find", "lose", "draw", "meet", "work", "sing", "dance", "run",
     "arrive", "sleep"}
)  # fmt: skip
ANIMAL_VERBS = verbs.named("sleep, run, arrive, follow, cross, leave")
FEELINGS = adjectives.named(adjectives.FEELINGS)


def draw(random: Random) -> Draw:
    """A plain sentence; one in twenty-five is two clauses, and one in twenty stands after a greeting."""
    if chance(random, 0.04):
        tense = pick(random, TENSES)
        tree = Sentence((short(random, tense), short(random, tense)), "and")
        if tree.clauses[0].negative != tree.clauses[1].negative:
            tree = tree._replace(joint="but")
    else:
        tree = Sentence((clause(random),))
    return Draw(tree._replace(greeting=pick(random, scenery.greetings)) if chance(random, GREETED) else tree)


def clause(random: Random) -> Clause:
    """One clause of any kind."""
    turn = random.random()
    if turn < 0.60:
        return event(random)
    if turn < 0.80:
        return condition(random)
    if turn < 0.88:
        return occupation(random)
    return presence(random)


def giving(random: Random) -> Draw:
    """Somebody gives or shows somebody something."""
    return Draw(Sentence((transfer(random, person(random), pick(random, TENSES)),)))


def seldom(random: Random) -> Draw:
    """An event as others are, with what few of them have: a person with an adjective, or a time in front."""
    while True:
        made = event(random)
        if made.time_first or (made.subject.noun.kind == "human" and made.subject.adjective):
            return Draw(Sentence((made,)))


def short(random: Random, tense: str) -> Clause:
    """A clause to be joined to others: in their tense, and with nothing fronted."""
    while True:
        made = event(random, tense)
        if made.tense == tense:
            return made._replace(time_first=False)


def person(random: Random, share_of_pronouns: float = 0.4) -> Phrase:
    """Somebody: a pronoun, a name, or a human noun with an article or a number."""
    turn = random.random()
    if turn < share_of_pronouns:
        return Phrase(pick(random, nouns.pronouns))
    if turn < share_of_pronouns + 0.12:
        return Phrase(pick(random, nouns.names))
    return counted(random, pick(random, nouns.humans))


def counted(random: Random, noun: Noun) -> Phrase:
    """The boy, the boys, a boy, two boys."""
    turn = random.random()
    if turn < 0.60:
        return described(random, noun, 0.2)
    if turn < 0.75:
        return described(random, noun, 0.2, plural=True)
    if turn < 0.87:
        return described(random, noun, 0.2, determiner="a")
    return Phrase(noun, plural=True, determiner=pick(random, NUMBERS))


def event(random: Random, tense: str = "") -> Clause:
    """Somebody does something."""
    tense = tense or pick(random, TENSES)
    if chance(random, 0.12):
        subject = counted(random, pick(random, nouns.animals))
        verb = pick(random, ANIMAL_VERBS)
    else:
        subject = person(random)
        turn = random.random()
        if turn < 0.10:
            return journey(random, subject, tense)
        if turn < 0.20:
            return transfer(random, subject, tense)
        verb = pick(random, verbs.intransitive if turn < 0.36 else verbs.transitive)
    tense = "present" if verb.key in LASTING else "past" if verb.key in SUDDEN and tense == "present" else tense
    negative = chance(random, 0.22)
    if negative:
        subject = known(subject)
    thing = object_of(random, verb, negative)
    scene = scene_of(random, subject, verb) if verb.key in SOMEWHERE and chance(random, 0.25) else None
    return timed(random, Clause(subject, Action(verb, thing, None, scene), tense, negative), verb)


def scene_of(random: Random, subject: Phrase, verb: Verb) -> Where:
    """Where that is: people buy at the market, and animals do not go to school."""
    if verb.key == "buy":
        return scenery.market
    return pick(random, scenery.outdoors if subject.noun.kind == "animal" else scenery.around)


def known(subject: Phrase) -> Phrase:
    """The subject with *the*: of somebody new one tells what he does, not what he does not."""
    return subject if subject.noun.is_proper else subject._replace(determiner="the")


def timed(random: Random, made: Clause, verb: Verb) -> Clause:
    """The clause with a time, or with how often where it is a habit."""
    action = made.predicate
    habitual = made.tense == "present" and not made.negative and verb.key not in LASTING
    if habitual and isinstance(action, Action) and not verb.past_looks_present and chance(random, 0.3):
        return made._replace(predicate=action._replace(adverb=pick(random, scenery.adverbs)))
    if verb.key in LASTING or (made.negative and made.tense == "present" and not verb.past_looks_present):
        return made  # *doesn't … every week* would leave open which of the two is denied
    time: Time | None = time_for(random, made.tense, verb)
    return made._replace(time=time, time_first=time is not None and chance(random, 0.15))


def object_of(random: Random, verb: Verb, negative: bool) -> Phrase | None:
    """What the verb may take, with a determiner that suits both."""
    if not verb.objects:
        return None
    noun = pick(random, CLASSES[pick(random, verb.objects)])
    if noun.is_proper:
        return Phrase(noun)
    if verb.key in OWN and noun in nouns.owned and chance(random, 0.4):
        return Phrase(noun, determiner="own", plural=chance(random, 0.15) and noun.kind == "thing")
    if noun.kind == "mass":
        return Phrase(noun, determiner="the" if verb.key in DEFINITE or chance(random, 0.25) else "a")
    if verb.key in DEFINITE or noun.kind in ("place", "locale"):
        return described(random, noun, 0.25, plural=chance(random, 0.2) and noun.kind != "place")
    return indefinite(random, noun, negative, only=verb.key == "have")


def indefinite(random: Random, noun: Noun, negative: bool, only: bool = False) -> Phrase:
    """A determiner of any kind. After *not*, no number; a French plural that shows only in *des* needs its *des*."""
    turn = random.random()
    if turn < 0.4 and not only:
        return described(random, noun, 0.25, plural=chance(random, 0.3))
    if turn > 0.75 and not negative:
        return Phrase(
            noun, plural=True, determiner=pick(random, NUMBERS), adjective=adjective_beside(random, noun, 0.2)
        )
    shows = noun.french != noun.french_plural
    return described(random, noun, 0.25, determiner="a", plural=shows and chance(random, 0.35))


def journey(random: Random, subject: Phrase, tense: str) -> Clause:
    """Somebody goes somewhere."""
    verb = pick(random, verbs.motion)
    action = Action(verb, where=pick(random, scenery.destinations))
    negative = chance(random, 0.2)
    return timed(random, Clause(known(subject) if negative else subject, action, tense, negative), verb)


def transfer(random: Random, subject: Phrase, tense: str) -> Clause:
    """Somebody gives something to somebody."""
    verb, negative = pick(random, verbs.ditransitive), chance(random, 0.2)
    other = pick(random, nouns.humans + nouns.names)
    recipient = Phrase(other) if other.is_proper else described(random, other, 0.15, plural=chance(random, 0.2))
    action = Action(verb, object_of(random, verb, negative), recipient)
    return timed(random, Clause(known(subject) if negative else subject, action, tense, negative), verb)


def condition(random: Random) -> Clause:
    """Something is so."""
    turn = random.random()
    if turn < 0.45:
        subject = known(person(random))
        choices = adjectives.of_kind["human"]
    else:
        kinds = (
            nouns.animals,
            nouns.places,
            nouns.contents,
            nouns.containers,
            nouns.furniture,
            nouns.possessions,
            nouns.locales,
        )
        noun = pick(random, pick(random, kinds))
        subject = Phrase(noun, plural=chance(random, 0.3))
        choices = adjectives.of_kind[noun.kind]
        if noun.kind == "place":
            choices = tuple(word for word in choices if adjectives.fits(noun.key, word.key))
    word = pick(random, choices)
    negative = chance(random, 0.22)
    state = State(word, "" if negative or word.key in adjectives.absolute else pick(random, ("", "", "very")))
    tense = pick(random, ("present", "present", "past"))
    made = Clause(subject, state, tense, negative)
    if tense == "past" and state.adjective in FEELINGS and chance(random, 0.3):
        return made._replace(time=pick(random, scenery.times_of["past"]))
    return made


def occupation(random: Random) -> Clause:
    """Somebody is a student."""
    subject = pick(
        random, (*map(Phrase, nouns.pronouns + nouns.names), *map(Phrase, nouns.humans[:2] + nouns.humans[7:9]))
    )
    masculine, feminine = pick(random, nouns.professions)
    return Clause(
        subject, Role(masculine, feminine), pick(random, ("present", "present", "past")), chance(random, 0.25)
    )


def presence(random: Random) -> Clause:
    """There is something somewhere."""
    scene: Where
    if chance(random, 0.6):
        noun = pick(random, nouns.animals + nouns.humans)
        scene = pick(random, scenery.outdoors if noun.kind == "animal" else scenery.around)
    else:
        noun = pick(random, nouns.contents + nouns.possessions)
        landmark = pick(random, nouns.named("table, bed, chair"))
        preposition = pick(random, (scenery.on, scenery.under, scenery.near, scenery.behind))
        scene = Where(preposition, Phrase(landmark))
    shows = noun.french != noun.french_plural
    turn = random.random()
    if turn < 0.2:
        subject = Phrase(noun, determiner="no", plural=shows and chance(random, 0.4))
    elif turn < 0.55:
        subject = Phrase(noun, determiner=pick(random, NUMBERS), plural=True)
    else:
        subject = described(random, noun, 0.3, determiner="a", plural=chance(random, 0.3))
    return Clause(subject, Existence(scene), pick(random, ("present", "present", "past")))
