"""Sampling from tables of probabilities. Ids: 0 begin, 1 end, then words."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from clearhead.decoding.hypothesis import Hypothesis, best_first
from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.sampling import Draws, draw_tokens
from clearhead.decoding.search import search
from clearhead.errors import DecodingError

BEGIN, END, A, B = 0, 1, 2, 3
PROBABILITIES = np.array([0.0, 0.5, 0.3, 0.2], np.float32)


def options(top_beams: int = 1, suppressed: tuple[int, ...] = (), **sampling: Any) -> SearchOptions:
    return SearchOptions(
        begin=BEGIN, end=END, suppressed=suppressed, top_beams=top_beams, sampling=Sampling(**sampling)
    )


def table(tokens: tuple[int, ...]) -> list[float]:
    return PROBABILITIES.tolist()


def drawn(uniforms: list[float], **sampling: Any) -> list[int]:
    with np.errstate(divide="ignore"):
        logits = np.broadcast_to(np.log(PROBABILITIES), (len(uniforms), 4))
    found: list[int] = draw_tokens(logits, np.array(uniforms), Sampling(**sampling)).tolist()
    return found


class Sampled:
    """Samples from tables, as the engine does: each draw by itself, those of a sentence together at the end."""

    def __init__(self, table_state: Any) -> None:
        self.table_state = table_state

    def __call__(
        self, tables: Any, max_length: int, options: SearchOptions, numbers: Any = None, prefix: Any = ()
    ) -> list[list[Hypothesis]]:
        each, sampling = options.top_beams, options.sampling
        assert sampling is not None
        numbers = range(len(tables)) if numbers is None else numbers
        drawn = [(number, draw) for number in numbers for draw in range(each)]
        found = search(
            self.table_state(*(one for one in tables for _ in range(each))), [max_length] * len(drawn), options,
            prefixes=[prefix] * len(drawn), draws=Draws(sampling, drawn, max_length),
        )  # fmt: skip
        flat = [one for [one] in found]
        return [best_first(flat[place : place + each]) for place in range(0, len(flat), each)]


@pytest.fixture
def sample(table_state: Any) -> Sampled:
    return Sampled(table_state)


def test_a_draw_inverts_the_cumulative_distribution() -> None:
    """0.5, 0.8 and 1 are where one token gives way to the next."""
    assert drawn([0.0, 0.49, 0.51, 0.79, 0.81, 0.9999999]) == [END, END, A, A, B, B]


def test_temperature_sharpens_or_flattens() -> None:
    """At 1/2, squares: 0.25, 0.09 and 0.04 of 0.38 give way at 0.658 and 0.895. Hot, at 10⁶, all three are equal."""
    assert drawn([0.65, 0.66, 0.89, 0.90], temperature=0.5) == [END, A, A, B]
    assert drawn([0.33, 0.34, 0.66, 0.67], temperature=1e6) == [END, A, A, B]


def test_top_k_draws_among_the_k_most_probable() -> None:
    """0.5 and 0.3 of 0.8 give way at 0.625."""
    assert drawn([0.62, 0.63, 0.9999999], top_k=2) == [END, A, A]
    assert drawn([0.0, 0.9999999], top_k=1) == [END, END]
    assert drawn([0.81], top_k=99) == [B]


def test_top_p_draws_among_the_fewest_that_reach_p() -> None:
    """0.5 alone reaches 0.45; 0.5 and 0.3 reach 0.7; all are needed for 0.9. Within top_k=2, 0.5 is 0.625."""
    assert drawn([0.9999999], top_p=0.45) == [END]
    assert drawn([0.62, 0.63, 0.9999999], top_p=0.7) == [END, A, A]
    assert drawn([0.81], top_p=0.9) == [B]
    assert drawn([0.9999999], top_k=2, top_p=0.6) == [END]


def test_what_has_no_probability_is_never_drawn() -> None:
    assert 0 not in drawn([0.0, 0.5, 1 - 2**-53], temperature=1e6)


def test_frequencies_follow_the_table(sample: Any) -> None:
    """Four standard deviations of a binomial on either side."""
    count = 4000
    found = sample([table] * count, 1, options(seed=3))
    counts = Counter(hypothesis.tokens[0] for [hypothesis] in found)
    for token, probability in enumerate(PROBABILITIES.tolist()):
        margin = 4 * math.sqrt(count * probability * (1 - probability))
        assert abs(counts[token] - count * probability) <= margin


def test_a_seed_repeats_and_another_differs(sample: Any) -> None:
    def run(seed: int) -> list[Any]:
        return sample([table] * 20, 20, options(seed=seed))

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_draw_depends_on_nothing_else_in_the_batch(sample: Any) -> None:
    together = sample([table] * 6, 9, options(3))
    alone = [sample([table], 9, options(3), numbers=[number])[0] for number in range(6)]
    assert together == alone
    fewer = sample([table] * 6, 9, options(1))
    assert all(one in three for [one], three in zip(fewer, together, strict=True))


def test_samples_are_sorted_and_log_probabilities_are_the_models(sample: Any) -> None:
    """Temperature and suppression change what is drawn, not what it is worth."""
    [found] = sample([table], 30, options(8, suppressed=(BEGIN, B), temperature=3.0))
    assert [hypothesis.score for hypothesis in found] == sorted((h.score for h in found), reverse=True)
    for hypothesis in found:
        assert set(hypothesis.tokens) <= {END, A}
        expected = math.log(0.5) + (len(hypothesis.tokens) - 1) * math.log(0.3)
        assert hypothesis.log_probability == pytest.approx(expected, abs=1e-5)


def test_a_prefix_is_forced_on_every_sample(sample: Any) -> None:
    [found] = sample([table], 9, options(5), prefix=(B, A))
    assert all(hypothesis.tokens[:2] == (B, A) for hypothesis in found)


@pytest.mark.parametrize("probabilities", [[math.nan] * 4, [0.0] * 4, [0.5, 0.0, 0.0, math.nan], [1.0, 0.0, 0.0, 0.0]])
@pytest.mark.parametrize("chosen", [{}, {"top_k": 2}, {"top_p": 0.5}, {"temperature": 1e-3}, {"temperature": 1e6}])
def test_where_nothing_has_a_probability_nothing_is_drawn(
    sample: Any, probabilities: list[float], chosen: dict[str, Any]
) -> None:
    """faults.md A5, A17: NaN, and a probability of 0 for all that may be written, were a RuntimeError."""

    def broken(tokens: tuple[int, ...]) -> list[float]:
        return [0.0, 0.0, 0.6, 0.4] if len(tokens) < 2 else probabilities

    with pytest.raises(DecodingError, match=r"log-probabilities are not numbers .* weights are damaged"):
        sample(
            [lambda tokens: [0.0, 0.0, 0.6, 0.4] if len(tokens) < 2 else probabilities],
            9,
            options(40, suppressed=(BEGIN,), **chosen),
        )


def test_the_hottest_and_the_coldest_draws_are_draws() -> None:
    """faults.md A5. Cold, the likeliest; hot, one third each."""
    assert drawn([0.0, 0.5, 0.9999999], temperature=1e-3) == [END, END, END]
    assert drawn([0.33, 0.34, 0.66, 0.67], temperature=1e6) == [END, A, A, B]


def test_no_sentences_give_no_hypotheses(sample: Any) -> None:
    assert sample([], 9, options()) == []
