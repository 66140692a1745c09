"""Sequences in a file: what goes in comes out, and damage is seen."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearhead.data import TokenFile
from clearhead.data.token_file import TokenWriter
from clearhead.errors import DataError

SEQUENCES = [[5, 6, 7], [], [8], [65_535, 0]]


@pytest.fixture
def path(tmp_path):
    TokenFile.write(tmp_path / "a.ids", SEQUENCES, 65_536)
    return tmp_path / "a.ids"


@settings(derandomize=True, max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([256, 65_536, 65_537, 2**32]), st.data())
def test_what_goes_in_comes_out(tmp_path, vocabulary_size, data):
    sequences = data.draw(st.lists(st.lists(st.integers(0, vocabulary_size - 1))))
    TokenFile.write(tmp_path / "a.ids", sequences, vocabulary_size)
    file = TokenFile.open(tmp_path / "a.ids")
    assert [file[index].tolist() for index in range(len(file))] == sequences
    assert file.lengths.tolist() == [len(sequence) for sequence in sequences]
    assert file.tokens == sum(map(len, sequences))
    assert file.lengths.dtype == np.int32


def test_the_size_of_the_file(tmp_path, path):
    """A header of 64 bytes, 6 ids of 2 bytes, 4 lengths of 4: 92; with ids of 4 bytes 104."""
    assert path.stat().st_size == 92
    TokenFile.write(tmp_path / "b.ids", SEQUENCES, 65_537)
    assert (tmp_path / "b.ids").stat().st_size == 104


def test_a_sequence_is_a_view_of_the_mapping(path):
    file = TokenFile.open(path)
    assert type(file[0]) is np.ndarray
    assert np.shares_memory(file[0], file.ids)
    assert file[-1].tolist() == [65_535, 0]
    with pytest.raises(ValueError, match="read-only"):
        file[0][0] = 1


@pytest.mark.parametrize("index", [4, -5])
def test_no_such_sequence(path, index):
    with pytest.raises(IndexError):
        TokenFile.open(path)[index]


def test_gather_some(path):
    ids, lengths = TokenFile.open(path).gather(np.array([3, 1, 0, 3]))
    assert ids.tolist() == [65_535, 0, 5, 6, 7, 65_535, 0]
    assert lengths.tolist() == [2, 0, 3, 2]


def test_every_flipped_bit_and_every_cut_is_seen(path):
    whole = path.read_bytes()
    for position in [*range(36), *range(64, len(whole))]:
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(DataError, match=r"a\.ids.*prepare it again"):
            TokenFile.open(path)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"a\.ids.*prepare it again"):
            TokenFile.open(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"none\.ids"):
        TokenFile.open(tmp_path / "none.ids")


def test_a_file_whose_writer_stopped_is_refused(tmp_path):
    def write_half():
        with TokenWriter.open(tmp_path / "a.ids", 100) as writer:
            writer.append([1, 2])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    with pytest.raises(DataError, match="not a token file"):
        TokenFile.open(tmp_path / "a.ids")


@pytest.mark.parametrize("ids", [[100], [-1]])
def test_an_id_outside_the_vocabulary_is_refused(tmp_path, ids):
    with pytest.raises(DataError, match=r"sequence 1 .* expected 0 to 99"):
        TokenFile.write(tmp_path / "a.ids", [[99], ids], 100)


def test_lengths_that_do_not_add_up_are_refused():
    with pytest.raises(DataError, match="add up to 3 ids but there are 2"):
        TokenFile(np.array([1, 2]), np.array([3], dtype=np.int32))
