"""The abstract sentence that English, French and Korean are read off from.

A tree says who does what to whom; word order, agreement and particles are each language's own affair.
"""

from typing import NamedTuple

from clearhead.street.words import Adjective, Adverb, Noun, Preposition, Time, Verb


class Phrase(NamedTuple):
    """A noun with what belongs to it, or two of them joined by *and* (`other`)."""

    noun: Noun
    plural: bool = False
    determiner: str = "the"
    adjective: Adjective | None = None
    modifier: "Where | Relative | Of | None" = None
    other: "Phrase | None" = None


class Where(NamedTuple):
    """A place: *near the old house*."""

    preposition: Preposition
    landmark: Phrase


class Of(NamedTuple):
    """A whole or an owner: *of the river*."""

    owner: Phrase


class Relative(NamedTuple):
    """A relative clause in the past. Without a subject, the noun that it modifies is its subject."""

    verb: Verb
    subject: Phrase | None = None
    object: Phrase | None = None
    where: Where | None = None
    time: Time | None = None


class Action(NamedTuple):
    """Somebody does something, to something, for somebody, somewhere."""

    verb: Verb
    object: Phrase | None = None
    recipient: Phrase | None = None
    where: Where | None = None
    adverb: Adverb | None = None


class State(NamedTuple):
    """*is*, or *seems*, (very, too) tired."""

    adjective: Adjective
    degree: str = ""
    seems: bool = False
    adverb: Adverb | None = None


class Role(NamedTuple):
    """*is a student*: French drops the article, and the noun agrees with the subject."""

    masculine: Noun
    feminine: Noun


class Existence(NamedTuple):
    """*There is … in the garden*."""

    where: Where


class Located(NamedTuple):
    """*… is near the river*."""

    where: Where


class Clause(NamedTuple):
    """A subject and what is said of it. `pronoun`: English and French say *it*; Korean says the noun again."""

    subject: Phrase
    predicate: Action | State | Role | Existence | Located
    tense: str = "present"
    negative: bool = False
    time: Time | None = None
    time_first: bool = False
    where_first: Where | None = None
    pronoun: bool = False


class Fixed(NamedTuple):
    """An expression that is learnt whole: *Thanks*."""

    english: str
    french: str
    korean: str


class Sentence(NamedTuple):
    """One clause, or several joined by *and*, *but* or *because*; sometimes after a greeting."""

    clauses: tuple[Clause, ...]
    joint: str = ""
    greeting: Fixed | None = None


Tree = Sentence | Fixed


WORDS = frozenset({Noun, Verb, Adjective})
PASSED_BY = frozenset({Time, Preposition, Adverb, str, bool})


def words_of(tree: Tree) -> list[Noun | Verb | Adjective]:
    """Every content word of a tree, so that the split can see which of them meet."""
    found: list[Noun | Verb | Adjective] = []
    waiting: list[tuple[object, ...]] = [tree]
    while waiting:
        for part in waiting.pop():
            if part:  # most are None, False or ""
                kind = part.__class__
                if kind in WORDS:
                    found.append(part)  # type: ignore[arg-type]
                elif kind not in PASSED_BY:
                    waiting.append(part)  # type: ignore[arg-type]
    return found
