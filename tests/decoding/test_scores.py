import math

import pytest

from clearhead.decoding.scores import LengthPenalty, PenaltyName, confidence
from clearhead.errors import DecodingError


@pytest.mark.parametrize("text", ["gnmt:0.6", "mean:1.0", "mean:0.0", "none"])
def test_a_penalty_reads_its_own_text(text: str) -> None:
    assert str(LengthPenalty.parse(text)) == text


def test_gnmt_is_equation_14_of_wu_et_al() -> None:
    """A length of 7 gives ((5 + 7) / 6)^alpha = 2^alpha; a length of 1 gives 1 for every alpha."""
    assert LengthPenalty.parse("gnmt:1").score(-3.0, 7) == -1.5
    assert LengthPenalty.parse("gnmt:2").score(-3.0, 7) == -0.75
    assert LengthPenalty.parse("gnmt:0.6").score(-3.0, 1) == -3.0


def test_mean_divides_by_the_number_of_tokens_to_the_power_alpha() -> None:
    assert LengthPenalty.parse("mean:1.0").score(-3.0, 4) == -0.75
    assert LengthPenalty.parse("mean:0.5").score(-3.0, 4) == -1.5


def test_none_is_the_plain_sum() -> None:
    assert LengthPenalty.parse("none").score(-3.0, 4) == -3.0
    assert LengthPenalty("none", 7.0) == LengthPenalty("none")


@pytest.mark.parametrize("text", ["gnmt:0.6", "mean:1.0", "mean:2", "none"])
def test_no_continuation_passes_the_best_possible_score(text: str) -> None:
    """Every way on from -2.0 at length 3 to a length of at most 10, losing 0 to 3 more."""
    penalty = LengthPenalty.parse(text)
    bound = penalty.best_possible(-2.0, 10)
    reachable = [penalty.score(-2.0 - loss / 10, length) for length in range(4, 11) for loss in range(31)]
    assert max(reachable) <= bound
    assert bound == penalty.score(-2.0, 10)


@pytest.mark.parametrize("text", ["", "gnmt", "gnmt:", "gnmt:x", "mean", "median:1", "none:1", "0.6", "NONE", "a:b:c"])
def test_unreadable_text_is_answered_with_the_three_forms(text: str) -> None:
    with pytest.raises(DecodingError, match=r"gnmt:ALPHA .* mean:ALPHA .* none") as error:
        LengthPenalty.parse(text)
    assert repr(text) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("alpha", [-0.1, math.nan, math.inf, 10.1, 400.0, 1e308])
def test_alpha_is_from_0_to_10(alpha: float) -> None:
    """faults.md A17, C14: a length to the power of 400 was an OverflowError."""
    with pytest.raises(DecodingError, match="must be a number from 0 to 10; write gnmt:ALPHA"):
        LengthPenalty("gnmt", alpha)
    with pytest.raises(DecodingError, match="must be a number from 0 to 10; write gnmt:ALPHA"):
        LengthPenalty.parse(f"mean:{alpha}")


@pytest.mark.parametrize("name", ["gnmt", "mean"])
def test_the_greatest_alpha_is_a_number_for_every_length(name: PenaltyName) -> None:
    penalty = LengthPenalty(name, 10.0)
    for length in (1, 10**6):
        assert math.isfinite(penalty.score(-1e4, length))


def test_an_unknown_name_is_refused_without_parsing_too() -> None:
    # Where annotations are checked as tests run, the check comes first, with a TypeError.
    with pytest.raises((DecodingError, TypeError), match="median"):
        LengthPenalty("median", 1.0)  # type: ignore[arg-type]


def test_confidence_is_the_geometric_mean_of_probabilities() -> None:
    """faults.md B5. The root of 0.9 · 0.4 is 0.6; what rounding made of certainty is 1; nothing is certain."""
    assert confidence([math.log(0.9), math.log(0.4)]) == pytest.approx(0.6)
    assert confidence([1e-9]) == 1.0
    assert confidence([]) == 1.0
    assert confidence([-1e9]) == 0.0
