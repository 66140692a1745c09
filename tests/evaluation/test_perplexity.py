"""Perplexity, and how it is shown."""

import math

import pytest

from clearhead.evaluation import TextScores, perplexity_of, shown_perplexity


def test_of_a_fair_choice() -> None:
    """A loss of ln n nats is that of a fair choice among n tokens."""
    assert perplexity_of(math.log(8)) == pytest.approx(8)


def test_it_is_a_number_whatever_the_loss() -> None:
    """faults.md C7: exp(710) is beyond float64."""
    assert math.isfinite(perplexity_of(1e9))


@pytest.mark.parametrize(
    ("perplexity", "shown"),
    [
        (3.4369, "3.44"),
        (999.4, "999.40"),
        (999.96, "1,000"),
        (45_678.9, "45,679"),
        (999_999.4, "999,999"),
        (999_999.5, "> 999,999"),
        (1e304, "> 999,999"),
        (math.inf, "> 999,999"),
        (math.nan, "nan"),
    ],
)
def test_six_digits_of_perplexity_at_most(perplexity: float, shown: str) -> None:
    """faults.md C7."""
    assert shown_perplexity(perplexity) == shown
    assert sum(map(str.isdigit, shown_perplexity(perplexity, 3))) <= 6


def test_a_fair_choice_among_the_bytes_is_eight_bits() -> None:
    """Of two bytes a character, and four characters a token: 256, 256², and 256⁸."""
    nats = 80 * math.log(256)
    found = TextScores(nats, tokens=10, characters=40, utf8_bytes=80, least_context=1, most_context=64)
    assert found.bits_per_byte == pytest.approx(8)
    assert found.character_perplexity == pytest.approx(256**2)
    assert found.token_perplexity == pytest.approx(256**8)
    assert found.loss == pytest.approx(8 * math.log(256))
    assert str(found) == "perplexity > 999,999 a token, 65,536 a character; 8.0000 bits a byte"
    assert found.context.startswith("every token is scored once, from 1 to 64 tokens before it")
