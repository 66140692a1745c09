"""What is masked: by known numbers of SplitMix64, by counting, and by hand."""

import numpy as np
import pytest

from clearhead.data.masking import JUDGING, Masking, drawn, epoch_key, splitmix64

MASK, PIECES = 3, np.arange(4, 104)
PLACES = np.arange(200_000)


def masking(key: int = 1, share: float = 0.15, replaced: float = 0.8, random: float = 0.1) -> Masking:
    return Masking(share, replaced, random, MASK, PIECES, np.uint64(key))


def test_splitmix64_as_it_is_known() -> None:
    """The first numbers of two seeds, as in Rosetta Code's "Pseudo-random numbers/Splitmix64" and in Java's tests."""
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert splitmix64(np.uint64(1234567), np.arange(5)).tolist() == expected
    assert splitmix64(np.uint64(0), np.array([0])).tolist() == [0xE220A8397B1DCDAF]
    assert splitmix64(np.uint64(1234567), np.array([4, 2])).tolist() == [expected[4], expected[2]]
    assert drawn(np.uint64(0), np.array([0])).tolist() == [(0xE220A8397B1DCDAF >> 11) / 2**53]


@pytest.mark.parametrize(("share", "replaced", "random"), [(0.15, 0.8, 0.1), (0.25, 0.8, 0.1), (0.4, 1.0, 0.0)])
def test_how_many_become_what(share: float, replaced: float, random: float) -> None:
    """Counted over 200,000 places, within five standard deviations of a binomial distribution."""
    ids = np.full(len(PLACES), 50)
    read, chosen = masking(7, share, replaced, random).read(ids, PLACES)

    def near(count: int, of: int, rate: float) -> bool:
        return abs(count - of * rate) <= 5 * (of * rate * (1 - rate)) ** 0.5

    assert near(chosen.sum(), len(ids), share)
    masked = read[chosen]
    assert near((masked == MASK).sum(), len(masked), replaced)
    # Of 100 pieces that are drawn one is the very one that stood there.
    assert near(((masked != MASK) & (masked != 50)).sum(), len(masked), random * 0.99)
    assert (read[~chosen] == 50).all()
    others = masked[(masked != MASK) & (masked != 50)]
    assert set(others.tolist()) <= set(PIECES.tolist()) - {50}
    assert random == 0.0 or len(set(others.tolist())) == 99


def test_control_symbols_are_never_masked() -> None:
    ids = np.resize([1, 50, 2, 0], len(PLACES))
    read, chosen = masking(share=0.9).read(ids, PLACES)
    assert (read[ids < 3] == ids[ids < 3]).all()
    assert not chosen[ids < 3].any()
    assert not np.isin(read, [0, 1, 2])[ids == 50].any()


def test_a_place_gets_the_same_however_it_is_asked_for() -> None:
    ids = np.resize(PIECES, len(PLACES))
    read, chosen = masking().read(ids, PLACES)
    some = np.array([199_999, 3, 77_777])
    assert masking().read(ids[some], some)[0].tolist() == read[some].tolist()
    assert masking().read(ids[some], some)[1].tolist() == chosen[some].tolist()


def test_other_epochs_and_seeds_mask_other_places() -> None:
    """About as many as chance has it: 0.15² of all in both."""
    ids = np.resize(PIECES, len(PLACES))
    keys = [epoch_key(1, 0), epoch_key(1, 1), epoch_key(2, 0), JUDGING]
    assert len(set(map(int, keys))) == 4
    assert epoch_key(1, 0) == keys[0]
    chosen = [masking(int(key)).read(ids, PLACES)[1] for key in keys]
    for one in range(4):
        for other in range(one):
            assert (chosen[one] & chosen[other]).mean() == pytest.approx(0.15**2, abs=0.002)


def test_the_most_that_are_masked() -> None:
    """By hand: 1,000 · 0.2 + 6 · √(1,000 · 0.2 · 0.8) = 200 + 75.9; and no more than there are."""
    assert masking(share=0.2).most(1000) == 276
    assert masking(share=0.5).most(4) == 4
    assert masking().most(0) == 0
