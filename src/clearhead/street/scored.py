"""The test sets: the same in every corpus, and in each sentence a pair of words that never meet in training."""

from collections import Counter
from functools import cache
from random import Random

from clearhead.street import agreement, coreference, long, plain, word_sense
from clearhead.street.examples import DIRECTIONS, PHENOMENA, Example, example, is_long, is_lowered, plainly
from clearhead.street.held_out import pairs_held_out
from clearhead.street.sample import Draw
from clearhead.street.trees import Sentence

SIZES = {"plain": 400, "coreference": 400, "word-sense": 400, "long": 300}
PER_DISTANCE = 50
# Answers by orders: il, elle (his, her) by two orders of gender; fourteen senses or more by cue before or after.
CELLS = {"coreference": 4, "word-sense": 28}


@cache
def testing() -> tuple[Example, ...]:
    """Every test set: the same in every corpus."""
    random = Random("test")
    examples: list[Example] = []
    for direction in DIRECTIONS:
        for phenomenon in PHENOMENA:
            examples += (agreeing if phenomenon == "agreement" else tested)(random, direction, phenomenon)
    return tuple(examples)


def tested(random: Random, direction: str, phenomenon: str) -> list[Example]:
    """The test set of a phenomenon in a direction, each answer in each order equally often."""
    found: dict[str, Example] = {}
    cells: Counter[tuple[str, str]] = Counter()
    by_cue: Counter[tuple[str, str]] = Counter()
    full = -(-SIZES[phenomenon] // CELLS.get(phenomenon, 1))
    while len(found) < SIZES[phenomenon]:
        draw = to_test(random, direction, phenomenon)
        cell = (draw.answer, draw.order)
        made = example(direction, phenomenon, draw, None, False, is_lowered(random, phenomenon))
        key = plainly(made.source)
        if cells[cell] >= full or key in found or (phenomenon == "long" and not is_long(made)):
            continue
        if (direction, phenomenon) == ("fr-en", "coreference") and tells_too_much(draw, by_cue):
            continue
        found[key] = made
        cells[cell] += 1
        by_cue[draw.cue, draw.answer] += 1
    return list(found.values())


def tells_too_much(draw: Draw, by_cue: Counter[tuple[str, str]]) -> bool:
    """Whether this thing has been his more often than hers, or hers than his: few owners are held out of each."""
    other = "her" if draw.answer == "his" else "his"
    return by_cue[draw.cue, draw.answer] > by_cue[draw.cue, other]


def to_test(random: Random, direction: str, phenomenon: str) -> Draw:
    """A draw of a phenomenon whose deciding pair is held out."""
    source = direction[:2]
    if phenomenon == "coreference":
        return coreference.whose(random, True) if source == "fr" else coreference.draw(random, True)
    if phenomenon == "word-sense":
        return word_sense.draw(random, source, True)
    if phenomenon == "long":
        return long.draw(random)
    while True:
        # One clause: two together are what `long` is about.
        draw = Draw(Sentence((plain.clause(random),)))
        held = pairs_held_out(draw.tree)
        if held:
            return draw._replace(deciding=held[0])


def agreeing(random: Random, direction: str, phenomenon: str) -> list[Example]:
    """As many sentences of every distance."""
    buckets: dict[int, dict[str, Example]] = {distance: {} for distance in range(agreement.LONGEST + 1)}
    while any(len(bucket) < PER_DISTANCE for bucket in buckets.values()):
        wanted = min(buckets, key=lambda distance: len(buckets[distance]))
        draw, distance = agreement.draw(random, direction[:2], wanted)
        bucket = buckets.get(distance)
        if bucket is None or len(bucket) >= PER_DISTANCE or not draw.deciding[0]:
            continue
        made = example(direction, phenomenon, draw, distance, False, is_lowered(random, phenomenon))
        bucket.setdefault(plainly(made.source), made)
    return [one for bucket in buckets.values() for one in bucket.values()]
