"""The corpus: training, validation and test examples of every direction and phenomenon."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from zlib import crc32

from clearhead.errors import DataError
from clearhead.street import agreement, coreference, long, nouns, plain, scenery, word_sense
from clearhead.street.examples import DIRECTIONS, Example, example, is_lowered, is_short, plainly
from clearhead.street.held_out import pairs_held_out
from clearhead.street.sample import Draw, chance, pick
from clearhead.street.scored import testing
from clearhead.street.trees import Clause, Phrase, Role, Sentence, Tree

VALIDATION = 300  # examples of a direction
RESERVED = 16  # one source sentence in so many may only validate
# One training sentence in so many is a fixed expression. They are short, so a batch of them has hundreds, and to be
# met in many batches they must be many.
EXPRESSIONS = 20
UNSTOPPED = 0.04  # the share that lacks its full stop and no capital: what people type
TOGETHER = (2, 2, 3, 3, 4)  # how many sentences stand on a line that holds several
ATTEMPTS = 40  # draws for each example wanted, before there are too few new sentences left


@dataclass(frozen=True, slots=True)
class Corpus:
    """Three lists that share no source sentence."""

    train: list[Example] = field(default_factory=list)
    validate: list[Example] = field(default_factory=list)
    test: list[Example] = field(default_factory=list)


def generate(pairs: int, seed: int, several: float = 0.0) -> Corpus:
    """About `pairs` training examples over all directions, shuffled; validation and test examples beside them.

    several: the share of training examples that are lines of two to four sentences. Without them a model learns that a
    line ends by its twentieth word or so, and leaves clauses of a longer sentence out.
    Nothing of the test set depends on these numbers, so that scores of different runs can be compared.
    """
    if pairs < len(DIRECTIONS):
        raise DataError(
            f"pairs={pairs} is too few; a corpus needs at least one for each of {len(DIRECTIONS)} directions"
        )
    random = Random(seed)
    train: list[Example] = []
    for direction in DIRECTIONS:
        always = fixed(direction)
        always *= max(pairs // len(DIRECTIONS) // EXPRESSIONS // len(always), 1)
        wanted = max(pairs // len(DIRECTIONS) - len(always), 0)
        train += always + list(training(random, direction, wanted, several))
    random.shuffle(train)
    return Corpus(train, validation(seed), list(testing()))


def fixed(direction: str) -> list[Example]:
    """What every training set holds: "I am a student.", and greetings as people type them: thanks, Thanks, Thanks!"""
    student = Sentence((Clause(Phrase(nouns.by_key["I"]), Role(*nouns.professions[0])),))
    said: list[Tree] = [*scenery.greetings, *(scenery.english_greetings if direction.startswith("en") else ())]
    both = [(tree, lowered) for tree in (student, *said) for lowered in (False, True)]
    examples = [example(direction, "plain", Draw(tree), None, False, lowered) for tree, lowered in both]
    typed = [unstopped(one) for one in examples[2:] if one.source.endswith((".", "?"))]
    return examples + typed + [exclaimed(one) for one in examples[2:] if one.source.endswith(".")]


def unstopped(made: Example) -> Example:
    """The example without what ends it."""
    return replace(made, source=made.source.rstrip(" .?"), target=made.target.rstrip(" .?"))


def exclaimed(made: Example) -> Example:
    """The example with an exclamation mark, before which French has a space."""
    source, target = made.direction.split("-")
    marks = {"en": "!", "fr": " !", "ko": "!"}
    bare = unstopped(made)
    return replace(bare, source=bare.source + marks[source], target=bare.target + marks[target])


def training(random: Random, direction: str, wanted: int, several: float = 0.0) -> Iterator[Example]:
    """Distinct examples in which no held-out pair meets."""
    seen: set[str] = {one.source for one in fixed(direction)}
    for _ in range(wanted * ATTEMPTS):
        made = drawn(random, direction)
        if made and not is_reserved(made.source) and made.source not in seen:
            seen.add(made.source)
            wanted -= 1
            # Decided once a sentence is kept: many are refused, and no line is, so lines would become a larger share.
            yield together(random, direction) if several and random.random() < several else made
        if wanted <= 0:
            break
    if wanted > 0:
        raise DataError(f"pairs asks for {wanted:,} more sentences of {direction} than could be found; ask for fewer")


def together(random: Random, direction: str) -> Example:
    """A line of some sentences, each of which may be trained on alone."""
    wanted, found = pick(random, TOGETHER), list[Example]()
    while len(found) < wanted:
        one = drawn(random, direction)
        if one and may_follow(one):
            found.append(one)
    source, target = (" ".join(getattr(one, side) for one in found) for side in ("source", "target"))
    return Example(direction, "plain", source, target)


def may_follow(made: Example) -> bool:
    """Whether a sentence may stand beside others: it is for training, and has its capital and its full stop."""
    return made.source[0].isupper() and made.source.endswith((".", "?")) and not is_reserved(made.source)


def drawn(random: Random, direction: str) -> Example | None:
    """One sentence that may be trained on, or nothing where its words may not meet or it is too long."""
    phenomenon, draw, distance = chosen(random, direction)
    if pairs_held_out(draw.tree) or (distance or 0) > agreement.TRAINED:
        return None
    made = example(direction, phenomenon, draw, distance, random.random() < 0.3, is_lowered(random, phenomenon))
    made = unstopped(made) if random.random() < UNSTOPPED else made
    return made if is_short(made) else None


def chosen(random: Random, direction: str) -> tuple[str, Draw, int | None]:
    """A draw of one phenomenon, each in its share. fr→en also sees what en→fr turns on, the other way round."""
    source = direction[:2]
    turn = random.random()
    if turn < 0.26:
        return "plain", plain.draw(random), None
    if turn < 0.30:
        return "plain", plain.seldom(random), None
    if turn < 0.38:
        return "plain", long.taught(random), None
    if turn < 0.42:  # Most sentences with two persons hold a pair that is held out: what is left needs more of them.
        return "plain", plain.giving(random), None
    if turn < 0.48:
        return "plain", agreement.told(random), None
    if turn < 0.64:
        return "agreement", *agreement.draw(random, source)
    if source == "en" and turn < 0.77:
        return "coreference", coreference.draw(random), None
    if source == "fr" and turn < 0.81:
        turned = chance(random, 0.15)
        return (
            ("plain", bare(coreference.draw(random)), None)
            if turned
            else ("coreference", coreference.whose(random), None)
        )
    if source == "fr" and turn < 0.83:
        return "plain", bare(word_sense.draw(random, "en")), None
    return "word-sense", word_sense.draw(random, source), None


def bare(draw: Draw) -> Draw:
    """A draw that decides nothing, as the other direction's does when it is turned round."""
    return Draw(draw.tree)


def is_reserved(source: str) -> bool:
    """Whether a sentence may only validate: by its own letters, whatever the seed and the size."""
    return crc32(plainly(source).encode()) % RESERVED == 0


def validation(seed: int) -> list[Example]:
    """Sentences like those of training, none of them in it."""
    random = Random(f"validate {seed}")
    examples: list[Example] = []
    for direction in DIRECTIONS:
        found: dict[str, Example] = {}
        while len(found) < VALIDATION:
            made = drawn(random, direction)
            if made and is_reserved(made.source):
                found.setdefault(made.source, made)
        examples += found.values()
    return examples
