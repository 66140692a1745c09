"""Words cut into other pieces: the same text always, as often as the rate says, and the same way when asked again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearhead.data import MergeDropout, TokenFile
from clearhead.text import BytePairTokenizer

LINES = ["the tall man and the small man", "die große Bank am Fluss", "나는 은행에 갔다", "a man, a bank", ""] * 3
TOKENIZER = BytePairTokenizer.learn(LINES, size=330, languages=["de"])
HALVES = np.array(TOKENIZER.merge_parents)
# Of 0 and 1 came 2, of 2 and 0 came 3; 4 was not merged.
SMALL = np.array([[-1, -1], [-1, -1], [0, 1], [2, 0], [-1, -1]])


def token_file(sequences: list[list[int]]) -> TokenFile:
    ids = np.array([index for sequence in sequences for index in sequence], dtype=np.uint16)
    return TokenFile(ids, np.array([len(sequence) for sequence in sequences], dtype=np.int32))


def sequences_of(side: MergeDropout, indices: list[int]) -> list[list[int]]:
    ids, lengths = side.gather(np.array(indices))
    return [part.tolist() for part in np.split(ids, np.cumsum(lengths)[:-1])]


def cut(file: TokenFile, rate: float, *, seed=1, epoch=0, side=0, halves=HALVES, longest=10_000) -> MergeDropout:
    return MergeDropout(file, halves, rate, longest=longest, seed=seed, epoch=epoch, side=side)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(LINES), st.text()), min_size=1),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 99),
)
def test_the_text_is_the_same(texts, rate, seed):
    encoded = TOKENIZER.encode_many(texts)
    side = cut(token_file(encoded), rate, seed=seed)
    found = sequences_of(side, list(range(len(texts))))
    assert TOKENIZER.decode_many(found) == TOKENIZER.decode_many(encoded)
    assert side.lengths.tolist() == [len(sequence) for sequence in found]
    assert len(side) == len(texts)


def test_at_rate_zero_nothing_is_cut():
    encoded = TOKENIZER.encode_many(LINES)
    assert sequences_of(cut(token_file(encoded), 0.0), list(range(len(LINES)))) == encoded


def test_close_to_one_all_that_is_left_are_bytes():
    encoded = TOKENIZER.encode_many(LINES)
    found = sequences_of(cut(token_file(encoded), 1 - 1e-9), list(range(len(LINES))))
    assert {index for sequence in found for index in sequence} <= set(TOKENIZER.byte_ids)


def test_how_often():
    """Piece 3 takes two merges. Whole: 1 - p; 2 0: p (1 - p); 0 1 0: p². Within four standard deviations of each."""
    rate, count = 0.3, 30_000
    found = sequences_of(cut(token_file([[3]] * count), rate, halves=SMALL), list(range(count)))
    for sequence, expected in ([3], 1 - rate), ([2, 0], rate * (1 - rate)), ([0, 1, 0], rate * rate):
        deviation = (expected * (1 - expected) / count) ** 0.5
        assert abs(found.count(sequence) / count - expected) < 4 * deviation


def test_pieces_beside_each_other_are_cut_independently():
    """Both of two: p². Were their draws related, it would be p, or 0."""
    rate, count = 0.3, 30_000
    found = sequences_of(cut(token_file([[2, 2]] * count), rate, halves=SMALL), list(range(count)))
    expected = rate * rate
    deviation = (expected * (1 - expected) / count) ** 0.5
    assert abs(found.count([0, 1, 0, 1]) / count - expected) < 4 * deviation


def test_controls_and_tags_stay():
    ids = [TOKENIZER.tag("de"), TOKENIZER.begin, TOKENIZER.end, TOKENIZER.padding]
    assert sequences_of(cut(token_file([ids]), 0.999), [0]) == [ids]


def test_what_stands_beside_an_example_changes_nothing():
    side = cut(token_file(TOKENIZER.encode_many(LINES)), 0.5)
    together = sequences_of(side, list(range(len(LINES))))
    assert [sequences_of(side, [index])[0] for index in range(len(LINES))] == together
    assert sequences_of(side, [3, 0, 3]) == [together[3], together[0], together[3]]


def test_lengths_are_the_same_in_chunks_and_at_once(monkeypatch):
    file = token_file(TOKENIZER.encode_many(LINES))
    at_once = cut(file, 0.5).lengths
    for ids in 1, 7, 30:
        monkeypatch.setattr("clearhead.data.merge_dropout._CHUNK", ids)
        assert cut(file, 0.5).lengths.tolist() == at_once.tolist()


@pytest.mark.parametrize("other", [{"seed": 2}, {"epoch": 1}, {"side": 1}, {"seed": 1 + 2**32}])
def test_each_seed_epoch_and_side_cuts_anew(other):
    file, everything = token_file(TOKENIZER.encode_many(LINES)), list(range(len(LINES)))
    first = sequences_of(cut(file, 0.5), everything)
    assert sequences_of(cut(file, 0.5), everything) == first
    assert sequences_of(cut(file, 0.5, **other), everything) != first


@pytest.mark.parametrize(("longest", "expected"), [(9, [[0, 1, 0], [0, 1, 0] * 3]), (8, [[0, 1, 0], [3, 3, 3]])])
def test_what_would_become_too_long_stays_whole(longest, expected):
    """Undone all the way, 3 becomes three ids, and three of them become nine."""
    side = cut(token_file([[3], [3, 3, 3]]), 1 - 1e-9, halves=SMALL, longest=longest)
    assert sequences_of(side, [0, 1]) == expected
    assert side.lengths.tolist() == list(map(len, expected))


def test_the_file_is_left_as_it_is():
    file = token_file([[3, 4], [2]])
    cut(file, 0.9, halves=SMALL).gather(np.array([0, 1]))
    assert file.ids.tolist() == [3, 4, 2]


def test_ids_that_need_four_bytes():
    file = TokenFile(np.array([70_000], dtype=np.uint32), np.array([1], dtype=np.int32))
    halves = np.full((70_001, 2), -1)
    halves[70_000] = 69_998, 69_999
    assert sequences_of(cut(file, 1 - 1e-9, halves=halves), [0]) == [[69_998, 69_999]]
