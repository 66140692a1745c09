"""Rows of plain clauses joined by *and*: the long ones of the test set, and the shorter ones that training has.

What is tested is length alone. So training has rows too, of two to four clauses, but none of them is longer than its
other sentences may be.
"""

from random import Random

from clearhead.street import english, plain
from clearhead.street.examples import LONGEST, words
from clearhead.street.held_out import pairs_held_out
from clearhead.street.sample import Draw, pick
from clearhead.street.trees import Clause, Sentence

TAUGHT = (2, 3, 3, 4, 4)  # how many clauses a row of training has
ROOM = range(15, LONGEST["en"] + 1)  # how many English words
LEAST = 3  # words that each further clause is sure to find


def draw(random: Random) -> Draw:
    """A row of plain clauses of one tense. How long it came out is checked by who asked for it.

    Within a clause no held-out pair meets: what is new here is the length alone.
    """
    tense = pick(random, plain.TENSES)
    clauses: list[Clause] = []
    while len(clauses) < 3 + int(random.random() * 3):
        clause = plain.short(random, tense)
        if not pairs_held_out(Sentence((clause,))):
            clauses.append(clause)
    return Draw(Sentence(tuple(clauses), "and"))


def taught(random: Random) -> Draw:
    """A row for training: no longer than its other sentences, and in all of it no held-out pair meets."""
    tense, wanted = pick(random, plain.TENSES), pick(random, TAUGHT)
    tree, room = Sentence((), "and"), pick(random, ROOM) - (wanted - 1)
    while len(tree.clauses) < wanted:
        clause = plain.short(random, tense)
        longer = tree._replace(clauses=(*tree.clauses, clause))
        left = room - words(english.clause(clause))
        # Drawn anew, or hardly any of three clauses would be left: two of them often hold such a pair.
        if left >= LEAST * (wanted - len(longer.clauses)) and not pairs_held_out(longer):
            tree, room = longer, left
    return Draw(tree)
