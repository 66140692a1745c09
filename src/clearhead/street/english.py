"""English from a tree: do-support, third person, his and her."""

from clearhead.street.english_forms import article
from clearhead.street.trees import (
    Action,
    Clause,
    Existence,
    Fixed,
    Located,
    Of,
    Phrase,
    Relative,
    Role,
    Sentence,
    State,
    Tree,
    Where,
)  # fmt: skip

BE = {"present": ("am", "is", "are"), "past": ("was", "was", "were")}
OWN = {"I": "my", "we": "our", "they": "their"}
OBJECTIVE = {"I": "me", "he": "him", "she": "her", "we": "us", "they": "them"}


def sentence(tree: Tree) -> str:
    """The sentence, capitalised and with its full stop."""
    if isinstance(tree, Fixed):
        return tree.english
    if tree.greeting:
        return f"{tree.greeting.english} {sentence(tree._replace(greeting=None))}"
    clauses = [clause(part) for part in tree.clauses]
    text = f"{tree_joint(tree)}".join(clauses) + "."
    return text[0].upper() + text[1:]


def tree_joint(tree: Sentence) -> str:
    """What stands between clauses: a comma goes before *but* and, in a longer row, between the others."""
    return {"": " ", "but": ", but "}.get(tree.joint, f" {tree.joint} ")


def clause(part: Clause) -> str:
    """One clause, with a time or a place before it where the tree fronts one."""
    subject = part.subject
    name = "it" if part.pronoun else phrase(subject)
    number = 2 if is_many(subject) or subject.noun.key in ("we", "they") else 0 if subject.noun.key == "I" else 1
    words = [name, said(part, number)]
    if isinstance(part.predicate, Existence):
        words = ["there", said(part, number)]
    if part.time and part.time_first:
        words[0] = f"{part.time.key}, {words[0]}"
    elif part.time:
        words.append(part.time.key)
    if part.where_first:
        words[0] = f"{where(part.where_first)}, {words[0]}"
    return " ".join(words)


def is_many(subject: Phrase) -> bool:
    """Whether the verb is plural."""
    return subject.plural or subject.other is not None


def said(part: Clause, number: int) -> str:
    """The predicate with its verb."""
    predicate = part.predicate
    if isinstance(predicate, Action):
        return action(part, predicate, number)
    if isinstance(predicate, State):
        return state(part, predicate, number)
    if isinstance(predicate, Role):
        role = predicate.feminine if part.subject.noun.feminine else predicate.masculine
        rest = role.english_plural if number == 2 else f"{article(role.english)} {role.english}"
    elif isinstance(predicate, Existence):
        rest = phrase(part.subject) + " " + where(predicate.where)
        return be(part.tense, False, number) + " " + rest
    else:
        rest = where(predicate.where)
    return be(part.tense, part.negative, number) + " " + rest


def be(tense: str, negative: bool, number: int) -> str:
    """*to be*, contracted with *not* where English does so."""
    if tense == "future":
        return "won't be" if negative else "will be"
    form = BE[tense][number]
    return form + (" not" if form == "am" else "n't") if negative else form


def helped(verb: tuple[str, str, str], tense: str, negative: bool, number: int) -> str:
    """A verb (base, third person, past) in its tense, with *do* or *will* where it needs one."""
    base, third, past = verb
    if base.startswith("can "):
        return base.replace("can", "can't") if negative else base
    if tense == "future":
        return ("won't " if negative else "will ") + base
    if negative:
        return ("didn't " if tense == "past" else "doesn't " if number == 1 else "don't ") + base
    return past if tense == "past" else third if number == 1 else base


def action(part: Clause, predicate: Action, number: int) -> str:
    """Verb, object, recipient, place."""
    verb = predicate.verb
    words = [helped((verb.english, verb.third_person, verb.past), part.tense, part.negative, number)]
    if predicate.adverb:
        words.insert(0, predicate.adverb.key)
    if verb.particle:
        words.append(verb.particle)
    if predicate.object:
        words.append(phrase(predicate.object, part.subject))
    if predicate.recipient:
        words.append("to " + phrase(predicate.recipient))
    if predicate.where:
        words.append(where(predicate.where))
    return " ".join(words)


def state(part: Clause, predicate: State, number: int) -> str:
    """*is* or *seems*, how much, and the adjective."""
    if predicate.seems:
        words = [helped(("seem", "seems", "seemed"), part.tense, part.negative, number)]
        if predicate.adverb:
            words.insert(0, predicate.adverb.key)
    else:
        words = [be(part.tense, part.negative, number)]
    if predicate.degree:
        words.append(predicate.degree)
    words.append(predicate.adjective.english)
    return " ".join(words)


def phrase(part: Phrase, owner: Phrase | None = None) -> str:
    """Determiner, adjective, noun, what modifies it; `owner` is whose *his* and *her* are."""
    noun = part.noun
    words = [noun.english_plural if part.plural else noun.english]
    if part.adjective:
        words.insert(0, part.adjective.english)
    if part.determiner and not noun.is_proper:
        determiner = determined(part, words[0], owner)
        if determiner:
            words.insert(0, determiner)
    if part.modifier:
        words.append(modifier(part.modifier, part))
    if part.other:
        words.append("and " + phrase(part.other, owner))
    return " ".join(words)


def determined(part: Phrase, following: str, owner: Phrase | None) -> str:
    """The determiner. An indefinite plural and a substance have none."""
    if part.determiner == "a":
        return "" if part.plural or part.noun.kind == "mass" else article(following)
    if part.determiner == "own":
        return possessive(owner)
    return part.determiner


def possessive(owner: Phrase | None) -> str:
    """Whose, by the owner's own person, number and gender."""
    if owner is None:
        return "the"
    if owner.noun.key in OWN:
        return OWN[owner.noun.key]
    if is_many(owner):
        return "their"
    return "her" if owner.noun.feminine else "his"


def modifier(part: Where | Relative | Of, head: Phrase) -> str:
    """A place, an owner or a relative clause."""
    if isinstance(part, Where):
        return where(part)
    if isinstance(part, Of):
        return "of " + phrase(part.owner)
    words = ["who" if head.noun.kind in ("human", "name") else "that"]
    if part.subject:
        words.append(phrase(part.subject))
    words.append(part.verb.past)
    if part.verb.particle:
        words.append(part.verb.particle)
    if part.object:
        words.append(phrase(part.object, part.subject or head))
    if part.where:
        words.append(where(part.where))
    if part.time:
        words.append(part.time.key)
    return " ".join(words)


def where(part: Where) -> str:
    """A preposition and its landmark."""
    return part.preposition.key + " " + phrase(part.landmark)


__all__ = ["Located", "clause", "phrase", "sentence"]
