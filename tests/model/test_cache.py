"""What a cache keeps. That decoding with it equals decoding without is in test_encoder_decoder.py."""

import torch

from clearhead.model.attention import KeysValues
from clearhead.model.cache import DecoderCache, Past


def numbered(rows: int, length: int) -> KeysValues:
    """Keys whose numbers say their row: 0, 1, 2, …"""
    key = torch.arange(rows).float().view(rows, 1, 1, 1).expand(rows, 1, length, 2)
    return KeysValues(key, -key)


def test_a_past_grows_by_what_is_appended() -> None:
    past = Past()
    assert past.length == 0
    past.append(numbered(3, 1))
    assert past.append(numbered(3, 1)).key.shape == (3, 1, 2, 2)
    assert past.length == 2


def test_rows_are_sentences_times_beams() -> None:
    """3 sentences of 2 beams; keep sentence 2 (rows 5, 4) and sentence 0 (rows 1, 1)."""
    cache = DecoderCache([numbered(3, 4)], torch.ones(3, 1, 1, 4, dtype=torch.bool), beams=2)
    cache.pasts[0].append(numbered(6, 1))
    cache.select(torch.tensor([2, 0]), torch.tensor([[1, 0], [1, 1]]))
    kept = cache.pasts[0].append(numbered(4, 1)).key
    assert kept[:, 0, 0, 0].tolist() == [5, 4, 1, 1]
    assert cache.memories[0].key[:, 0, 0, 0].tolist() == [2, 0]
    assert cache.source_mask.shape[0] == 2


def test_nothing_is_copied_where_nothing_moves() -> None:
    cache = DecoderCache([numbered(2, 4)], torch.ones(2, 1, 1, 4, dtype=torch.bool), beams=1)
    before = cache.pasts[0].append(numbered(2, 1)).key
    memory = cache.memories[0].key
    cache.select(torch.tensor([0, 1]), torch.tensor([[0], [0]]))
    assert cache.memories[0].key is memory
    assert cache.pasts[0].append(numbered(2, 0)).key.shape == before.shape


def test_one_row_may_become_several_beams() -> None:
    cache = DecoderCache([numbered(2, 4)], torch.ones(2, 1, 1, 4, dtype=torch.bool), beams=1)
    cache.pasts[0].append(numbered(2, 1))
    cache.select(torch.tensor([0, 1]), torch.zeros(2, 3, dtype=torch.long))
    assert cache.beams == 3
    assert cache.pasts[0].append(numbered(6, 0)).key[:, 0, 0, 0].tolist() == [0, 0, 0, 1, 1, 1]
