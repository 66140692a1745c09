"""Long sentences: three to six plain clauses joined by *and*, longer than any sentence of the training set."""

from random import Random

from clearhead.data.street import plain
from clearhead.data.street.sample import Draw
from clearhead.data.street.trees import Sentence


def draw(random: Random) -> Draw:
    """A row of plain clauses. How long it came out is checked by who asked for it."""
    return Draw(Sentence(tuple(plain.short(random) for _ in range(3 + int(random.random() * 3))), "and"))
