"""Long sentences: three to five plain clauses joined by *and*, longer than any sentence of the training set."""

from random import Random

from clearhead.street import plain
from clearhead.street.held_out import pairs_held_out
from clearhead.street.sample import Draw, pick
from clearhead.street.trees import Clause, Sentence


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
