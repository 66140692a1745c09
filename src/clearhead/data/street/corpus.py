"""The corpus: training, validation and test examples of every direction and phenomenon."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random
from zlib import crc32

from clearhead.data.street import (
    agreement,
    coreference,
    english,
    french,
    korean,
    long,
    nouns,
    plain,
    scenery,
    word_sense,
)
from clearhead.data.street.held_out import pairs_held_out
from clearhead.data.street.sample import Draw
from clearhead.data.street.trees import Clause, Phrase, Role, Sentence, Tree
from clearhead.errors import DataError

DIRECTIONS = ("en-fr", "fr-en", "en-ko")
PHENOMENA = ("plain", "agreement", "coreference", "word-sense", "long")
LANGUAGES: dict[str, Callable[[Tree], str]] = {
    "en": english.sentence, "fr": french.sentence, "ko": korean.sentence,
}  # fmt: skip
# No training sentence has more words than these; every long one has.
LONGEST = {"en": 20, "fr": 20, "ko": 15}
TEST_SIZES = {"plain": 400, "coreference": 400, "word-sense": 400, "long": 300}
TEST_PER_DISTANCE = 50
VALIDATION = 300
LOWERED = 0.12  # the share without capitals and full stop
RESERVED = 64  # one source sentence in so many may only validate
FULL_FORMS = ((re.compile(r"\bcan't\b"), "cannot"), (re.compile(r"\bwon't\b"), "will not"), (re.compile(r"n't\b"), " not"))
ATTEMPTS = 40  # draws for each example wanted, before there are too few new sentences left


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence and its one right translation.

    `distance` belongs to agreement. `deciding` is the pair of words that decide the translation and never meet in
    training; `cue`, `answer`, `order` and `word` are what baselines.py needs.
    """

    direction: str
    phenomenon: str
    source: str
    target: str
    distance: int | None = None
    deciding: tuple[str, str] = ("", "")
    cue: str = ""
    answer: str = ""
    order: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Three lists that share no source sentence."""

    train: list[Example] = field(default_factory=list)
    validate: list[Example] = field(default_factory=list)
    test: list[Example] = field(default_factory=list)


def generate(pairs: int, seed: int) -> Corpus:
    """About `pairs` training examples over all directions, shuffled; validation and test examples beside them.

    Nothing of the test set depends on `pairs` or `seed`, so that scores of different runs can be compared.
    """
    if pairs < len(DIRECTIONS):
        raise DataError(f"pairs={pairs} is too few; a corpus needs at least one for each of {len(DIRECTIONS)} directions")
    random = Random(seed)
    train: list[Example] = []
    for direction in DIRECTIONS:
        always = list(fixed(direction))
        wanted = max(pairs // len(DIRECTIONS) - len(always), 0)
        train += always + list(training(random, direction, wanted))
    random.shuffle(train)
    return Corpus(train, validation(seed), list(testing()))


def fixed(direction: str) -> list[Example]:
    """What every training set holds: greetings, and "I am a student.", each also lower-cased."""
    student = Sentence((Clause(Phrase(nouns.by_key["I"]), Role(*nouns.professions[0])),))
    trees: list[Tree] = [student, *scenery.greetings]
    both = [(tree, lowered) for tree in trees for lowered in (False, True)]
    examples = [example(direction, "plain", Draw(tree), None, False, lowered) for tree, lowered in both]
    bare = [
        Example(direction, "plain", one.source.removesuffix("."), one.target.removesuffix("."))
        for one in examples
        if one.source.endswith(".") and one.source != example(direction, "plain", Draw(student), None, False, False).source
    ]
    return examples + bare


def training(random: Random, direction: str, wanted: int) -> Iterator[Example]:
    """Distinct examples in which no held-out pair meets."""
    seen: set[str] = {one.source for one in fixed(direction)}
    for _ in range(wanted * ATTEMPTS):
        if wanted <= 0:
            return
        made = drawn(random, direction)
        if made and not is_reserved(made.source) and made.source not in seen:
            seen.add(made.source)
            wanted -= 1
            yield made
    raise DataError(f"pairs asks for {wanted:,} more sentences of {direction} than could be found; ask for fewer")


def drawn(random: Random, direction: str) -> Example | None:
    """One example that may be trained on, or nothing where its words may not meet or it is too long."""
    phenomenon, draw, distance = chosen(random, direction)
    if pairs_held_out(draw.tree) or (distance or 0) > agreement.TRAINED:
        return None
    made = example(direction, phenomenon, draw, distance, random.random() < 0.3, is_lowered(random, phenomenon))
    source, target = direction.split("-")
    too_long = words(made.source) > LONGEST[source] or words(made.target) > LONGEST[target]
    return None if too_long else made


def is_lowered(random: Random, phenomenon: str) -> bool:
    """Plain sentences are lower-cased more often: they are what people type."""
    return random.random() < (2 * LOWERED if phenomenon == "plain" else LOWERED)


def chosen(random: Random, direction: str) -> tuple[str, Draw, int | None]:
    """A draw of one phenomenon, each in its share. fr→en also sees what en→fr turns on, the other way round."""
    source = direction[:2]
    turn = random.random()
    if turn < 0.33:
        return "plain", plain.draw(random), None
    if turn < 0.56:
        return "agreement", *agreement.draw(random, source)
    if source == "fr" and turn < 0.62:
        return "plain", coreference.draw(random)._replace(cue=""), None
    if source == "fr" and turn < 0.68:
        return "plain", word_sense.draw(random, "en")._replace(cue=""), None
    if turn < 0.78:
        return "coreference", coreference.whose(random) if source == "fr" else coreference.draw(random), None
    return "word-sense", word_sense.draw(random, source), None


def example(
    direction: str, phenomenon: str, draw: Draw, distance: int | None, in_full: bool = False, lowered: bool = False
) -> Example:
    """The example of a draw. `in_full` writes *did not* for *didn't*, in a source only: a target has one form."""
    source, target = direction.split("-")
    text, goal = LANGUAGES[source](draw.tree), LANGUAGES[target](draw.tree)
    answer = draw.answer
    if phenomenon == "coreference" and direction == "en-fr" and isinstance(draw.tree, Sentence):
        answer = "elle" if draw.tree.clauses[1].subject.noun.feminine else "il"
    if in_full and source == "en":
        for pattern, full in FULL_FORMS:
            text = pattern.sub(full, text)
    if lowered:
        text, goal = (line.lower().removesuffix(".") for line in (text, goal))
    return Example(
        direction, phenomenon, text, goal, distance, draw.deciding, draw.cue, answer, draw.order, draw.word
    )


def words(text: str) -> int:
    """The number of words."""
    return text.count(" ") + 1


def plainly(source: str) -> str:
    """A source without what its lower-cased and full forms change, so that such twins stay on one side."""
    for pattern, full in FULL_FORMS:
        source = pattern.sub(full, source)
    return source.lower().removesuffix(".")


def is_reserved(source: str) -> bool:
    """Whether a sentence may only validate: by its own letters, whatever the seed and the size."""
    return crc32(plainly(source).encode()) % RESERVED == 0


def validation(seed: int) -> list[Example]:
    """Sentences like those of training, none of them in it."""
    random = Random(f"validate {seed}")
    examples = []
    for direction in DIRECTIONS:
        found: dict[str, Example] = {}
        while len(found) < VALIDATION:
            made = drawn(random, direction)
            if made and is_reserved(made.source):
                found.setdefault(made.source, made)
        examples += found.values()
    return examples


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
    """The test set of a phenomenon in a direction."""
    found: dict[str, Example] = {}
    while len(found) < TEST_SIZES[phenomenon]:
        draw = to_test(random, direction, phenomenon)
        if phenomenon == "long":
            made = example(direction, phenomenon, draw, None)
            source, target = direction.split("-")
            fits = words(made.source) > LONGEST[source] and words(made.target) > LONGEST[target]
            if not fits or pairs_held_out(draw.tree):
                continue
        else:
            made = example(direction, phenomenon, draw, None, False, is_lowered(random, phenomenon))
        found.setdefault(plainly(made.source), made)
    return list(found.values())


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
        draw = plain.draw(random)
        if draw.deciding[0]:
            return draw


def agreeing(random: Random, direction: str, phenomenon: str) -> list[Example]:
    """As many sentences of every distance."""
    buckets: dict[int, dict[str, Example]] = {distance: {} for distance in range(agreement.LONGEST + 1)}
    while any(len(bucket) < TEST_PER_DISTANCE for bucket in buckets.values()):
        wanted = min(buckets, key=lambda distance: len(buckets[distance]))
        draw, distance = agreement.draw(random, direction[:2], wanted)
        bucket = buckets.get(distance)
        if bucket is None or len(bucket) >= TEST_PER_DISTANCE or not draw.deciding[0]:
            continue
        made = example(direction, phenomenon, draw, distance, False, is_lowered(random, phenomenon))
        bucket.setdefault(plainly(made.source), made)
    return [one for bucket in buckets.values() for one in bucket.values()]
