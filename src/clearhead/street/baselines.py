"""How far one gets without understanding: by the cue word alone, or by the order alone.

Each baseline is the best that such a reader can do: for what it looks at, it says what was most often right in
training, and where it has not seen that, what was most often right of all.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from clearhead.street.corpus import Corpus
from clearhead.street.examples import DIRECTIONS, Example

PHENOMENA = ("coreference", "word-sense")


@dataclass(frozen=True, slots=True)
class Baselines:
    """Accuracies on the test set, between 0 and 1. `word` sees the ambiguous word but nothing around it."""

    direction: str
    phenomenon: str
    cue: float
    order: float
    word: float | None


def score_baselines(corpus: Corpus) -> tuple[Baselines, ...]:
    """Both baselines for coreference and word sense in every direction, learnt on train and scored on test.

    What is to be decided: in coreference il or elle (en→fr), first or second noun (en→ko), his or her (fr→en); in word
    sense, which sense.
    """
    return tuple(of(corpus, direction, phenomenon) for phenomenon in PHENOMENA for direction in DIRECTIONS)


def of(corpus: Corpus, direction: str, phenomenon: str) -> Baselines:
    """The baselines of one direction and phenomenon."""
    train, test = (
        [one for one in part if (one.direction, one.phenomenon) == (direction, phenomenon)]
        for part in (corpus.train, corpus.test)
    )
    is_sense = phenomenon == "word-sense"
    return Baselines(
        direction,
        phenomenon,
        accuracy(train, test, lambda one: one.cue),
        accuracy(train, test, lambda one: f"{one.word} {one.order}"),
        accuracy(train, test, lambda one: one.word) if is_sense else None,
    )


def accuracy(train: list[Example], test: list[Example], seen: Callable[[Example], str]) -> float:
    """How often the majority answer for what is seen is right."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in train:
        counts[seen(one)][one.answer] += 1
    usual = Counter(one.answer for one in train).most_common(1)
    guesses = {key: counter.most_common(1)[0][0] for key, counter in counts.items()}
    fallback = usual[0][0] if usual else ""
    return sum(guesses.get(seen(one), fallback) == one.answer for one in test) / max(len(test), 1)
