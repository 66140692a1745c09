"""The most probable tokens by PyTorch; test_runtime.py compares them with NumPy's and C's under every kind of ban."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from clearhead.runtimes.choosing import Chooser, most_probable
from clearhead.runtimes.runtime import Bans, log_softmax, permitted

CPU = torch.device("cpu")


@pytest.mark.parametrize("vocabulary", [5, 128, 1000, 1024, 1280, 4099])
@pytest.mark.parametrize("count", [1, 2, 8])
def test_the_most_probable_tokens_are_those_of_the_whole_row(vocabulary: int, count: int) -> None:
    log_probabilities = torch.randn(3, 4, vocabulary, generator=torch.Generator().manual_seed(vocabulary + count))
    # One row has its best ones side by side, another at the end of an incomplete block.
    log_probabilities[0, 0, 2:5] += 10
    log_probabilities[1, 2, -3:] += 10
    found = most_probable(log_probabilities, count)
    values, tokens = log_probabilities.topk(min(count, vocabulary))
    assert torch.equal(found.log_probabilities, values)
    assert torch.equal(found.tokens, tokens)


def test_no_block_is_made_of_what_is_not_there() -> None:
    """Where all but the last token are impossible, no token beyond the last one is chosen instead."""
    log_probabilities = torch.full((1, 1, 300), -math.inf)
    log_probabilities[..., -1] = -1.0
    values, tokens = most_probable(log_probabilities, 2)
    assert (values[0, 0, 0], tokens[0, 0, 0]) == (-1.0, 299)
    assert tokens.max() < 300
    assert values[0, 0, 1] == -math.inf


@given(
    values=st.lists(st.one_of(st.just(-math.inf), st.floats(-50, 0, width=32)), min_size=1, max_size=700),
    count=st.integers(1, 12),
    suppressed=st.sets(st.integers(0, 699), max_size=5),
    forced=st.one_of(st.none(), st.integers(-1, 699)),
)
def test_they_are_the_first_of_a_sort(
    values: list[float], count: int, suppressed: set[int], forced: int | None
) -> None:
    """By Python's own sort of what may be written; each value is that of its token."""
    size = len(values)
    banned = {one for one in suppressed if one < size}
    only = None if forced is None or forced < 0 else forced % size
    allowed = [
        value if (number not in banned if only is None else number == only) else -math.inf
        for number, value in enumerate(values)
    ]
    told = None if forced is None else np.array([-1 if only is None else only])
    found = Chooser(CPU).best(torch.tensor([[values]]), count, Bans(tuple(banned), None, told))
    assert found.log_probabilities[0, 0].tolist() == sorted(allowed, reverse=True)[:count]
    tokens = found.tokens[0, 0].tolist()
    assert [allowed[token] for token in tokens] == found.log_probabilities[0, 0].tolist()
    assert len(set(tokens)) == len(tokens)


@pytest.mark.parametrize("vocabulary", [5, 300, 3000])
def test_what_is_no_number_comes_first(vocabulary: int) -> None:
    log_probabilities = torch.zeros(1, 1, vocabulary)
    log_probabilities[..., -1] = math.nan
    values, tokens = most_probable(log_probabilities, 2)
    assert values[0, 0, 0].isnan()
    assert tokens[0, 0, 0] == vocabulary - 1


@pytest.mark.parametrize("suppressed", [(), (0, 3)])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
def test_log_probabilities_are_those_of_the_plain_way(suppressed: tuple[int, ...], kind: torch.dtype) -> None:
    """Of bfloat16 logits in float32; of float64 ones in float64."""
    logits = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(1)).to(kind)
    precise = logits.to(torch.promote_types(kind, torch.float32)).numpy()
    expected, chooser, bans = log_softmax(precise), Chooser(CPU), Bans(suppressed)
    found = chooser.log_softmax(logits)
    assert found.numpy().dtype == expected.dtype
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
    masked = found.masked_fill(chooser.banned(bans, found.shape), -math.inf)
    np.testing.assert_allclose(masked.numpy(), permitted(expected, bans), atol=1e-6)
