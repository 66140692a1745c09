"""French from a tree: agreement in gender and number, ne … pas de, the order of adjectives, the passé composé."""

from clearhead.street.french_forms import agreeing, begins_with_vowel, joined
from clearhead.street.trees import (
    Action,
    Clause,
    Existence,
    Fixed,
    Of,
    Phrase,
    Relative,
    Role,
    State,
    Tree,
    Where,
)  # fmt: skip
from clearhead.street.words import Adjective, Verb

PERSONS = {"I": 0, "we": 2, "they": 3}
PRESENT = {
    "avoir": ("ai", "a", "avons", "ont"), "être": ("suis", "est", "sommes", "sont"),
    "sembler": ("semble", "semble", "semblons", "semblent"),
}  # fmt: skip
IMPERFECT = {
    "être": ("étais", "était", "étions", "étaient"),
    "sembler": ("semblais", "semblait", "semblions", "semblaient"),
}
FUTURE = {"être": "ser", "sembler": "sembler", "avoir": "aur"}
FUTURE_ENDINGS = ("ai", "a", "ons", "ont")
NUMBERS = {"two": "deux", "three": "trois", "four": "quatre", "five": "cinq", "six": "six", "ten": "dix"}
OWN = {"I": ("mon", "ma", "mes"), "we": ("notre", "notre", "nos"), "they": ("leur", "leur", "leurs")}
HIS = ("son", "sa", "ses")
DEGREES = {"very": "très", "too": "trop"}
JOINTS = {"and": " et ", "but": ", mais ", "because": " parce que "}


def sentence(tree: Tree) -> str:
    """The sentence, capitalised and with its full stop."""
    if isinstance(tree, Fixed):
        return tree.french
    if tree.greeting:
        return f"{tree.greeting.french} {sentence(tree._replace(greeting=None))}"
    words: list[str] = []
    for index, part in enumerate(tree.clauses):
        if index:
            words += JOINTS[tree.joint].split(" ") if tree.joint != "and" else ["et"]
        words += clause(part)
    text = joined([word for word in words if word]).replace(" ,", ",") + "."
    return text[0].upper() + text[1:]


def clause(part: Clause) -> list[str]:
    """One clause, with a time or a place before it where the tree fronts one."""
    words: list[str] = []
    if part.where_first:
        words += [*where(part.where_first), ","]
    if part.time and part.time_first:
        words += [*part.time.french.split(), ","]
    if isinstance(part.predicate, Existence):
        words += existence(part, part.predicate)
    else:
        words += subject(part)
        words += said(part)
    if part.time and not part.time_first:
        words += part.time.french.split()
    return words


def subject(part: Clause) -> list[str]:
    """The subject, or the pronoun that stands for it."""
    if part.pronoun:
        return [("elle" if part.subject.noun.feminine else "il") + ("s" if part.subject.plural else "")]
    return phrase(part.subject)


def person(who: Phrase) -> int:
    """Which of je, il, nous, ils the verb agrees with."""
    if who.noun.key in PERSONS:
        return PERSONS[who.noun.key]
    return 3 if is_many(who) else 1


def is_many(who: Phrase) -> bool:
    """Whether participles and adjectives are plural."""
    return who.plural or who.other is not None or who.noun.key in ("we", "they")


def is_feminine(who: Phrase) -> bool:
    """Whether they are feminine: of two, both must be."""
    return who.noun.feminine and (who.other is None or who.other.noun.feminine)


def denied(verb: list[str], negative: bool) -> list[str]:
    """*ne … pas* around the finite verb, which comes first."""
    return ["ne", verb[0], "pas", *verb[1:]] if negative else verb


def said(part: Clause) -> list[str]:
    """The predicate with its verb."""
    predicate, who = part.predicate, part.subject
    if isinstance(predicate, Action):
        return action(part, predicate)
    if isinstance(predicate, State):
        verb = linking("sembler" if predicate.seems else "être", part.tense, person(who))
        words = denied([verb], part.negative)
        if predicate.adverb:
            words.append(predicate.adverb.french)
        degree = DEGREES.get(predicate.degree, "")
        return [*words, degree, adjective(predicate.adjective, is_feminine(who), is_many(who))]
    words = denied([linking("être", part.tense, person(who))], part.negative)
    if isinstance(predicate, Role):
        role = predicate.feminine if is_feminine(who) else predicate.masculine
        return [*words, role.french_plural if is_many(who) else role.french]
    return [*words, *where(predicate.where)]


def linking(verb: str, tense: str, index: int) -> str:
    """*être* or *sembler*: a state in the past is in the imparfait."""
    if tense == "future":
        return FUTURE[verb] + FUTURE_ENDINGS[index]
    return (PRESENT if tense == "present" else IMPERFECT)[verb][index]


def existence(part: Clause, predicate: Existence) -> list[str]:
    """*il y a … *, and *il n'y a pas de … *."""
    verb = {"present": "a", "past": "avait", "future": "aura"}[part.tense]
    negative = part.subject.determiner == "no"
    words = ["il", "n'y", verb, "pas"] if negative else ["il", "y", verb]
    return [*words, *phrase(part.subject), *where(predicate.where)]


def action(part: Clause, predicate: Action) -> list[str]:
    """Verb (and how often), object, recipient, place. After a negation, an indefinite object takes *de*."""
    words = denied(finite(predicate.verb, part.tense, part.subject), part.negative)
    if predicate.adverb:
        words.append(predicate.adverb.french)
    particle = predicate.verb.french_particle
    if particle:
        for index, member in enumerate(members(predicate.object)):
            words += (["et"] if index else []) + [particle, *phrase(member, part.subject)]
    elif predicate.object:
        words += phrase(predicate.object, part.subject, part.negative)
    if predicate.recipient:
        words += ["à", *phrase(predicate.recipient)]
    if predicate.where:
        words += where(predicate.where)
    return words


def members(part: Phrase | None) -> list[Phrase]:
    """The phrases that *and* joins: French repeats a preposition before each."""
    if part is None:
        return []
    return [part._replace(other=None), *members(part.other)]


def finite(verb: Verb, tense: str, who: Phrase) -> list[str]:
    """Present, future, or passé composé; with être the participle agrees with the subject."""
    index = person(who)
    if tense == "present":
        return verb.french[index].split()
    if tense == "future":
        return [verb.future.removesuffix("e") + FUTURE_ENDINGS[index]]
    if verb.with_etre:
        return [PRESENT["être"][index], agreeing(verb.participle, is_feminine(who), is_many(who))]
    return [PRESENT["avoir"][index], verb.participle]


def adjective(word: Adjective, feminine: bool, plural: bool) -> str:
    """The form that agrees."""
    if feminine:
        return word.feminine_plural if plural else word.feminine
    return word.masculine_plural if plural else word.masculine


def phrase(part: Phrase, owner: Phrase | None = None, denied_object: bool = False) -> list[str]:
    """Determiner, adjective before or after, noun, what modifies it."""
    noun = part.noun
    words = noun.french_plural.split() if part.plural else noun.french.split()
    if part.adjective and part.adjective.precedes:
        before = adjective(part.adjective, noun.feminine, part.plural)
        if not noun.feminine and not part.plural and begins_with_vowel(words[0]):
            before = part.adjective.before_vowel
        words.insert(0, before)
    elif part.adjective:
        words.append(adjective(part.adjective, noun.feminine, part.plural))
    if not noun.is_proper:
        words = determiner(part, words[0], owner, denied_object) + words
    if part.modifier:
        words += modifier(part.modifier, part)
    if part.other:
        words += ["et", *phrase(part.other, owner, denied_object)]
    return words


def determiner(part: Phrase, following: str, owner: Phrase | None, denied_object: bool) -> list[str]:
    """le, un, des, du, deux, mon …; *de* after a negation and before a plural adjective."""
    feminine, plural = part.noun.feminine, part.plural
    definite = "les" if plural else "la" if feminine else "le"
    if part.determiner in ("the", ""):  # English says *at school*, French à l'école
        return [definite]
    if part.determiner == "own":
        return [possessive(owner, feminine, plural, following)]
    if part.determiner in NUMBERS:
        return [NUMBERS[part.determiner]]
    if denied_object or part.determiner == "no":
        return ["de"]
    if part.noun.kind == "mass":
        return ["de", definite]
    if plural:
        return ["de"] if part.adjective and part.adjective.precedes else ["des"]
    return ["une" if feminine else "un"]


def possessive(owner: Phrase | None, feminine: bool, plural: bool, following: str) -> str:
    """Whose: it agrees with the thing; a feminine that begins with a vowel takes the masculine form."""
    forms = HIS
    if owner is not None:
        forms = OWN.get(owner.noun.key, OWN["they"] if is_many(owner) else HIS)
    if plural:
        return forms[2]
    return forms[1] if feminine and not begins_with_vowel(following) else forms[0]


def modifier(part: Where | Relative | Of, head: Phrase) -> list[str]:
    """A place, an owner or a relative clause."""
    if isinstance(part, Where):
        return where(part)
    if isinstance(part, Of):
        return ["de", *phrase(part.owner)]
    if part.subject:
        # The object stands before the verb, so that the participle agrees with it: la clé qu'il a perdue.
        words = ["que", *phrase(part.subject), *preceded(part.verb, head, person(part.subject))]
    else:
        words = ["qui", *finite(part.verb, "past", head)]
    if part.object:
        words += phrase(part.object, part.subject or head)
    if part.where:
        words += where(part.where)
    if part.time:
        words += part.time.french.split()
    return words


def preceded(verb: Verb, head: Phrase, index: int) -> list[str]:
    """A passé composé whose object came before it."""
    return [PRESENT["avoir"][index], agreeing(verb.participle, head.noun.feminine, head.plural)]


def where(part: Where) -> list[str]:
    """A preposition and its landmark."""
    return [*part.preposition.french, *phrase(part.landmark)]
