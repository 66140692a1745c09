"""IBM's model 1: the textbook's example, and random corpora against a plain loop over dictionaries."""

import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest

from clearhead.data import TokenFile, learn_lexicon, lexicon
from clearhead.data.lexicon import Lexicon
from clearhead.errors import DataError

DAS, HAUS, BUCH, EIN = range(4)
THE, HOUSE, BOOK, A = range(4)
SOURCES, TARGETS = [[DAS, HAUS], [DAS, BUCH], [EIN, BUCH]], [[THE, HOUSE], [THE, BOOK], [A, BOOK]]


def token_file(sentences: Sequence[Sequence[int]]) -> TokenFile:
    ids = np.array([token for sentence in sentences for token in sentence], np.uint16)
    return TokenFile(ids, np.array([len(sentence) for sentence in sentences], np.int32))


def learned(sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], size: int, iterations: int) -> Lexicon:
    return learn_lexicon(token_file(sources), token_file(targets), size, size, iterations)


def entries(found: Lexicon, source: int) -> dict[int, float]:
    part = slice(found.offsets[source], found.offsets[source + 1])
    return dict(zip(found.targets[part].tolist(), found.probabilities[part].tolist(), strict=True))


@pytest.mark.parametrize(
    ("iterations", "das", "haus", "buch", "ein"),
    [
        (1, (0.5, 0.25, 0.25), (0.5, 0.5), (0.25, 0.5, 0.25), (0.5, 0.5)),
        (2, (0.6364, 0.1818, 0.1818), (0.4286, 0.5714), (0.1818, 0.6364, 0.1818), (0.4286, 0.5714)),
        (3, (0.7479, 0.1313, 0.1208), (0.3466, 0.6534), (0.1208, 0.7479, 0.1313), (0.3466, 0.6534)),
    ],
)
def test_the_example_of_the_textbook(
    iterations: int, das: Sequence[float], haus: Sequence[float], buch: Sequence[float], ein: Sequence[float]
) -> None:
    """Koehn, "Statistical Machine Translation" (2010), figure 4.4: das Haus, das Buch, ein Buch."""
    found = learned(SOURCES, TARGETS, 4, iterations)
    expected = {
        DAS: dict(zip((THE, HOUSE, BOOK), das, strict=True)),
        HAUS: dict(zip((THE, HOUSE), haus, strict=True)),
        BUCH: dict(zip((THE, BOOK, A), buch, strict=True)),
        EIN: dict(zip((BOOK, A), ein, strict=True)),
    }
    for source, probabilities in expected.items():
        assert entries(found, source) == pytest.approx(probabilities, abs=5e-5)


def plain_model_1(
    sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], iterations: int
) -> dict[tuple[int, int], float]:
    """The algorithm as it is always written down, token by token."""
    table: dict[tuple[int, int], float] = defaultdict(lambda: 1.0)
    for _ in range(iterations):
        counts: dict[tuple[int, int], float] = defaultdict(float)
        totals: dict[int, float] = defaultdict(float)
        for source, target in zip(sources, targets, strict=True):
            for made in target:
                whole = sum(table[made, maker] for maker in source)
                for maker in source:
                    counts[made, maker] += table[made, maker] / whole
                    totals[maker] += table[made, maker] / whole
        table = {(made, maker): count / totals[maker] for (made, maker), count in counts.items()}
    return table


@pytest.mark.parametrize("chunk", [1, 7, 1 << 17])
def test_random_corpora_with_repeated_pieces(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "_CHUNK", chunk)
    draw = random.Random(3)
    sources, targets = ([[draw.randrange(9) for _ in range(draw.randrange(1, 8))] for _ in range(20)] for _ in "12")
    assert any(len(set(source)) < len(source) for source in sources)
    found = learned(sources, targets, 9, 4)
    expected = plain_model_1(sources, targets, 4)
    for source in range(9):
        wanted = {made: value for (made, maker), value in expected.items() if maker == source and value > 1e-3}
        got = {made: value for made, value in entries(found, source).items() if value > 1e-3}
        assert got == pytest.approx(wanted, rel=1e-4)


def test_a_piece_that_the_corpus_lacks_has_no_translation() -> None:
    found = learned(SOURCES, TARGETS, 6, 2)
    assert entries(found, 4) == entries(found, 5) == {}
    assert len(found.offsets) == 7


def test_the_best_are_the_most_probable() -> None:
    """After three iterations das is the (0.75), house (0.13) and book (0.12); of equal ones the first is taken."""
    offsets, targets = learned(SOURCES, TARGETS, 4, 3).best(2)
    assert offsets.tolist() == [0, 2, 4, 6, 8]
    assert targets.tolist() == [THE, HOUSE, THE, HOUSE, BOOK, A, BOOK, A]
    assert learned(SOURCES, TARGETS, 4, 1).best(2)[1].tolist()[:2] == [THE, HOUSE]


def test_sources_and_targets_that_are_not_pairs() -> None:
    with pytest.raises(DataError, match="3 sources but 2 targets; give one target for each source"):
        learned(SOURCES, TARGETS[:2], 4, 1)
