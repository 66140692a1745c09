"""Korean from a tree: what modifies comes first, the verb last, and every noun wears a particle.

One level of speech throughout, 합니다체: it is as much at home in "저는 학생입니다" as in a story. Korean marks
neither *the* nor *a*; it says the subject of which something is told with 은/는 and one that is new (a cat, two boys)
with 이/가. A plural takes 들 where it is animate and not counted.
"""

from functools import cache

from clearhead.street.korean_forms import (
    attributive,
    attributive_present,
    conjugated,
    identified,
    linked,
    with_particle,
)  # fmt: skip
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

NUMBERS = {"two": "두", "three": "세", "four": "네", "five": "다섯", "six": "여섯", "ten": "열"}
OWN = {"I": "제", "we": "우리"}
SUBJECTS = {"저": "제가"}
TOWARDS = {"go": "에", "return": "으로", "arrive": "에"}
HOLDING = ("can hold",)
DEGREES = {"very": "매우 ", "too": "너무 "}
JOINTS = {"and": "고", "but": "지만"}


def sentence(tree: Tree) -> str:
    """The sentence, or with *because* two: what happened, and then why (…기 때문입니다), the noun said again."""
    if isinstance(tree, Fixed):
        return tree.korean
    if tree.greeting:
        return f"{tree.greeting.korean} {sentence(tree._replace(greeting=None))}"
    if tree.joint == "because":
        told, reason = tree.clauses
        return f"{clause(told, 'formal')}. {clause(reason, '때문')}."
    *before, last = tree.clauses
    return " ".join([clause(part, JOINTS[tree.joint]) for part in before] + [clause(last, "formal")]) + "."


def clause(part: Clause, ending: str) -> str:
    """Place or time that was fronted, subject, time, and the predicate."""
    words = []
    if part.time and part.time_first:
        words.append(part.time.korean)
    if part.where_first:
        words.append(where(part.where_first) + "에서")
    if isinstance(part.predicate, Existence):
        return " ".join([*words, existence(part, part.predicate, ending)])
    words.append(subject(part, ending))
    if part.time and not part.time_first:
        words.append(part.time.korean)
    words.append(said(part, ending))
    return " ".join(words)


def subject(part: Clause, ending: str) -> str:
    """The subject with 은/는; with 이/가 where it is new, or inside a reason."""
    text = phrase(part.subject)
    is_new = part.subject.determiner != "the" and not part.subject.noun.is_proper and part.subject.determiner != "own"
    if is_place(part.predicate):
        return text + ("에" if ending == "때문" or is_new else "에는")
    if ending == "때문" or is_new:
        return SUBJECTS.get(text) or with_particle(text, "이")
    return with_particle(text, "은")


def is_place(predicate: object) -> bool:
    """Whether Korean makes the subject a place: 길에 먼지가 많다 (is dusty), 상자에 공을 넣을 수 있다 (can hold it)."""
    if isinstance(predicate, State):
        return predicate.adjective.korean_kind == "within" and not predicate.seems
    return isinstance(predicate, Action) and predicate.verb.key in HOLDING


def existence(part: Clause, predicate: Existence, ending: str) -> str:
    """공원에 고양이 두 마리가 있습니다 / 고양이가 없습니다."""
    verb = "없" if part.subject.determiner == "no" else "있"
    place = where(predicate.where) + "에"
    return f"{place} {with_particle(phrase(part.subject), '이')} {conjugated(verb, part.tense, False, ending)}"


def said(part: Clause, ending: str) -> str:
    """The predicate, its verb last."""
    predicate = part.predicate
    if isinstance(predicate, Action):
        return action(part, predicate, ending)
    if isinstance(predicate, State):
        return state(predicate, part.tense, part.negative, ending)
    if isinstance(predicate, Role):
        role = predicate.feminine if part.subject.noun.feminine else predicate.masculine
        return identified(role.korean, part.tense, part.negative, ending)
    return where(predicate.where) + "에 " + conjugated("있", part.tense, part.negative, ending)


def action(part: Clause, predicate: Action, ending: str) -> str:
    """How often, place, recipient, object, verb."""
    verb, thing = predicate.verb, predicate.object
    words = [predicate.adverb.korean] if predicate.adverb else []
    if predicate.where:
        words.append(with_particle(where(predicate.where), TOWARDS.get(verb.key, "에서")))
    if predicate.recipient:
        words.append(phrase(predicate.recipient) + "에게")
    if thing:
        words.append(with_particle(phrase(thing, part.subject), verb.korean_particle))
    if part.negative and verb.korean_negative:
        words.append(conjugated(verb.korean_negative, part.tense, False, ending))
    else:
        words.append(conjugated(stem_of(verb, thing), part.tense, part.negative, ending))
    return " ".join(words)


def stem_of(verb: Verb, thing: Phrase | None) -> str:
    """The verb that this object asks for: 외투를 입다, 모자를 쓰다."""
    return verb.korean_by_object.get(thing.noun.key, verb.korean) if thing else verb.korean


def state(predicate: State, tense: str, negative: bool, ending: str) -> str:
    """An adjective as the predicate."""
    words = predicate.adverb.korean + " " if predicate.adverb else ""
    said_so = described(predicate.adjective, predicate.degree, predicate.seems, tense, negative, ending)
    return words + said_so


@cache
def described(word: Adjective, degree: str, seems: bool, tense: str, negative: bool, ending: str) -> str:
    """큽니다, 빨간색입니다, 피곤해 보입니다. What has been reached is past already: 화가 났습니다 is *is furious*."""
    if word.korean_kind == "noun":
        return identified(word.korean, tense, negative, ending)
    stem = intensified(word, DEGREES.get(degree, ""))
    if seems:
        return conjugated(linked(stem) + " 보이", tense, negative, ending)
    return conjugated(stem, "past" if word.korean_kind == "reached" else tense, negative, ending)


def intensified(word: Adjective, degree: str) -> str:
    """The stem with its degree, which stands next to what has it: 너무 넓, but 먼지가 너무 많."""
    thing, _, rest = word.korean.rpartition(" ")
    if thing.endswith(("이", "가")) and word.korean_kind in ("state", "within"):
        return f"{thing} {degree}{rest}"
    return degree + word.korean


@cache
def beside(word: Adjective) -> str:
    """An adjective before its noun: 큰, 지친, 붐비는, 빨간."""
    if word.korean_attributive:
        return word.korean_attributive
    return attributive_present(word.korean) if word.korean_kind == "verb" else attributive(word.korean)


def phrase(part: Phrase, owner: Phrase | None = None) -> str:
    """What modifies, owner, adjective, noun, 들, number and counter."""
    noun = part.noun
    words = [modifier(part.modifier, part)] if part.modifier else []
    if part.determiner == "own" and owner is not None:
        words.append(OWN.get(owner.noun.key, "자기"))
    if part.adjective:
        words.append(beside(part.adjective))
    counted = part.determiner in NUMBERS
    several = part.plural and noun.is_animate and not counted and part.determiner != "no"
    words.append(noun.korean + ("들" if several else ""))
    if counted:
        words.append(f"{NUMBERS[part.determiner]} {noun.counter}")
    text = " ".join(words)
    return with_particle(text, "과") + " " + phrase(part.other, owner) if part.other else text


def modifier(part: Where | Relative | Of, head: Phrase) -> str:
    """탁자 위에 있는, 부엌의, 왕의, 소년이 어제 공원에서 잃어버린."""
    if isinstance(part, Where):
        return where(part) + ("에 있는" if part.preposition.korean else "의")
    if isinstance(part, Of):
        return phrase(part.owner) + "의"
    words = []
    if part.subject:
        name = phrase(part.subject)
        words.append(SUBJECTS.get(name) or with_particle(name, "이"))
    if part.time:
        words.append(part.time.korean)
    if part.where:
        words.append(with_particle(where(part.where), TOWARDS.get(part.verb.key, "에서")))
    if part.object:
        words.append(with_particle(phrase(part.object, part.subject), part.verb.korean_particle))
    return " ".join([*words, attributive(stem_of(part.verb, part.object or head))])


def where(part: Where) -> str:
    """The landmark, and on which side of it: 탁자 위. A place that one is at needs no side: 공원."""
    landmark = phrase(part.landmark)
    return f"{landmark} {part.preposition.korean}" if part.preposition.korean else landmark
