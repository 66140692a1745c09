"""Packing: every example once, both sides within their rows, one shape, hardly a place empty."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearhead.data import FilterReport, PackedRows, PreparedCorpus, TokenFile, collate_packed, packing
from clearhead.errors import DataError

LENGTHS = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=200)
BEGIN, END, PADDING = 1, 2, 0


def pack(*lengths, **settings):
    """All batches of an epoch."""
    return list(packing.pack(*lengths, **settings))


def sides(pairs):
    source, target = np.array(pairs, dtype=np.int32).T
    return source, target


def sentences(count):
    """Lengths as of sentences: most of 10 to 40 tokens, a few of 100, a translation now longer and now shorter."""
    generator = np.random.default_rng(0)
    target = generator.lognormal(3.2, 0.55, count).clip(2, 100)
    source = (target * generator.lognormal(0, 0.2, count)).clip(2, 100)
    return source.astype(np.int32) + 1, target.astype(np.int32) + 1


def rows_of(batch):
    """The examples of each row."""
    return [row.tolist() for row in np.split(batch.indices, np.cumsum(batch.counts)[:-1])]


def as_lists(batches):
    return [rows_of(batch) for batch in batches]


@settings(derandomize=True, max_examples=100, deadline=None)
@given(LENGTHS, st.integers(40, 100), st.integers(1, 9), st.integers(0, 2**32), st.integers(0, 1000))
def test_every_example_once_and_both_sides_fit(pairs, length, rows, seed, epoch):
    source, target = sides(pairs)
    batches = pack(source, target, rows=rows, length=length, seed=seed, epoch=epoch)
    assert sorted(np.concatenate([batch.indices for batch in batches]).tolist()) == list(range(len(pairs)))
    for batch in batches:
        assert len(batch.counts) == rows
        assert batch.counts.sum() == len(batch.indices)
        for row in rows_of(batch):
            assert max(source[row].sum(), target[row].sum()) <= length


@settings(derandomize=True, max_examples=30, deadline=None)
@given(LENGTHS, st.integers(0, 10))
def test_it_is_a_pure_function(pairs, epoch):
    source, target = sides(pairs)
    before = source.copy(), target.copy()
    first = pack(source, target, rows=3, length=50, seed=1, epoch=epoch)
    np.random.random()  # NumPy's shared generator is somewhere else now.
    assert as_lists(first) == as_lists(pack(source, target, rows=3, length=50, seed=1, epoch=epoch))
    assert (source == before[0]).all()
    assert (target == before[1]).all()


@pytest.mark.parametrize("count", [3_000, 20_000])
def test_hardly_a_place_is_padding(count):
    """Of both sides together, empty rows counted."""
    source, target = sentences(count)
    batches = pack(source, target, rows=16, length=128, seed=1, epoch=0)
    assert (source.sum() + target.sum()) / (len(batches) * 16 * 128 * 2) > 0.95


def test_a_row_may_be_full_to_the_last_place():
    """Eight pairs of 5 and 4: four rows of two fill 10 places."""
    batches = pack(np.full(8, 5), np.full(8, 4), rows=4, length=10, seed=0, epoch=0)
    assert [batch.counts.tolist() for batch in batches] == [[2, 2, 2, 2]]


def test_the_longer_side_decides():
    """Sources of 1 and targets of 6, and the other way round: one of each share a row of 7, two alike do not."""
    source, target = np.array([1, 1, 6, 6]), np.array([6, 6, 1, 1])
    (batch,) = pack(source, target, rows=2, length=7, seed=3, epoch=0)
    assert batch.counts.tolist() == [2, 2]
    assert {tuple(sorted(source[row].tolist())) for row in rows_of(batch)} == {(1, 6)}


def test_the_rows_of_an_epoch_are_shared_out_evenly():
    """Nine full rows, four to a batch: three batches of three and one empty row each, and none of a single row."""
    batches = pack(np.full(9, 8), np.full(9, 8), rows=4, length=8, seed=0, epoch=0)
    assert [batch.counts.tolist() for batch in batches] == [[1, 1, 1, 0]] * 3


def test_an_epoch_of_several_parts_is_whole(monkeypatch):
    """Parts of 30 pairs: every example once, batches full up to the last part, none of them empty."""
    monkeypatch.setattr(packing, "_PART", 30)
    source, target = sentences(200)
    batches = pack(source, target, rows=4, length=128, seed=1, epoch=0)
    assert sorted(np.concatenate([batch.indices for batch in batches]).tolist()) == list(range(200))
    assert [len(batch.counts) for batch in batches] == [4] * len(batches)
    empty = [int((batch.counts == 0).sum()) for batch in batches]
    assert sum(empty) < 4
    assert not any(empty[:-3])


def test_whoever_goes_on_from_the_middle_finds_the_same(monkeypatch):
    """A part's random numbers are drawn when it is its turn, whoever asks for it."""
    monkeypatch.setattr(packing, "_PART", 30)
    source, target = sentences(200)
    settings = {"rows": 4, "length": 128, "seed": 1, "epoch": 0}
    one, other = packing.pack(source, target, **settings), packing.pack(source, target, **settings)
    interleaved = [(rows_of(next(one)), rows_of(next(other))) for _ in range(5)]
    assert all(first == second for first, second in interleaved)


def test_epochs_and_seeds_differ_in_composition():
    source, target = sentences(2_000)

    def rows(seed, epoch):
        batches = pack(source, target, rows=8, length=128, seed=seed, epoch=epoch)
        return {frozenset(row) for batch in batches for row in rows_of(batch)}

    first = rows(1, 0)
    for other in ((1, 1), (2, 0)):
        assert len(first & rows(*other)) < 0.05 * len(first)


def test_batches_are_no_longer_or_shorter_than_others():
    """Every batch has long and short pairs: the mean length hardly differs between the first rows and the last."""
    source, target = sentences(5_000)
    batches = pack(source, target, rows=16, length=128, seed=1, epoch=0)
    means = [target[batch.indices].mean() for batch in batches]
    assert abs(np.corrcoef(means, range(len(means)))[0, 1]) < 0.3
    assert np.std(means) < 0.15 * np.mean(means)


def test_whole_weights_are_copies():
    weights = np.array([2.0, 0.0, 1.0])
    batches = pack(np.full(3, 2), np.full(3, 2), rows=2, length=4, seed=0, epoch=0, weights=weights)
    assert sorted(np.concatenate([batch.indices for batch in batches]).tolist()) == [0, 0, 2]


def test_an_epoch_in_which_chance_draws_nothing_is_empty():
    weights = np.array([1e-9])
    assert pack(np.array([1]), np.array([1]), rows=2, length=9, seed=0, epoch=0, weights=weights) == []


def test_a_sentence_longer_than_a_row_is_named():
    message = (
        r"example 1 has 3 source and 50 target tokens, more than packed_length=40; raise training.packed_length.*38"
    )
    with pytest.raises(DataError, match=message):
        pack(np.array([3, 3]), np.array([4, 50]), rows=2, length=40, seed=0, epoch=0)


def file(*sequences):
    ids = np.array([index for sequence in sequences for index in sequence], dtype=np.uint16)
    return TokenFile(ids, np.array([len(sequence) for sequence in sequences], dtype=np.int32))


@pytest.fixture
def corpus():
    source = file([3, 10, 2], [3, 11, 12, 13, 2], [3, 2])
    target = file([20, 21, 2], [22, 2], [2])
    return PreparedCorpus(source, target, np.ones(3), FilterReport(kept=3), "three")


def test_two_rows_and_an_empty_one_by_hand(corpus):
    """Each target is read shifted right by one place within its own segment; its end is predicted and never read."""
    packed = PackedRows(np.array([1, 0, 2]), np.array([2, 0, 1]))
    batch = collate_packed(corpus, packed, 8, BEGIN, PADDING)
    assert batch.source.tolist() == [[3, 11, 12, 13, 2, 3, 10, 2], [0] * 8, [3, 2, 0, 0, 0, 0, 0, 0]]
    assert batch.target_input.tolist() == [[1, 22, 1, 20, 21, 0, 0, 0], [0] * 8, [1, 0, 0, 0, 0, 0, 0, 0]]
    assert batch.target_output.tolist() == [[22, 2, 20, 21, 2, 0, 0, 0], [0] * 8, [2, 0, 0, 0, 0, 0, 0, 0]]
    assert batch.segments.source.tolist() == [[1, 1, 1, 1, 1, 2, 2, 2], [0] * 8, [1, 1, 0, 0, 0, 0, 0, 0]]
    assert batch.segments.target.tolist() == [[1, 1, 2, 2, 2, 0, 0, 0], [0] * 8, [1, 0, 0, 0, 0, 0, 0, 0]]
    assert (batch.source_tokens, batch.target_tokens, len(batch)) == (10, 6, 3)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=60), st.integers(0, 99))
def test_what_stands_in_the_rows_is_the_corpus(pairs, seed):
    """Read back segment by segment, every batch gives its examples' ids, in their order, and nothing else."""
    source, target = (
        file(*([*range(3, 3 + length - 1), END] for length in lengths)) for lengths in zip(*pairs, strict=True)
    )
    corpus = PreparedCorpus(source, target, np.ones(len(pairs)), FilterReport(kept=len(pairs)), "some")
    for packed in pack(source.lengths, target.lengths, rows=3, length=20, seed=seed, epoch=0):
        batch = collate_packed(corpus, packed, 20, BEGIN, PADDING)
        for row, examples in enumerate(rows_of(packed)):
            for number, example in enumerate(examples, start=1):
                read = batch.source[row][batch.segments.source[row] == number].tolist()
                places = batch.segments.target[row] == number
                assert read == source[example].tolist()
                assert batch.target_output[row][places].tolist() == target[example].tolist()
                assert batch.target_input[row][places].tolist() == [BEGIN, *target[example][:-1].tolist()]
            for ids, segments in zip((batch.source, batch.target_output), batch.segments, strict=True):
                assert (segments[row].max() if len(segments[row]) else 0) == len(examples)
                assert not ids[row][segments[row] == 0].any()
        assert batch.target_tokens == int((batch.target_output != PADDING).sum())


def test_to_another_device(corpus):
    batch = collate_packed(corpus, PackedRows(np.array([0]), np.array([1])), 8, BEGIN, PADDING).to("meta")
    assert {one.device.type for one in (batch.source, batch.target_output, *batch.segments)} == {"meta"}
