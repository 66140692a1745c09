"""Drawing."""

from random import Random

from clearhead.street import nouns, scenery
from clearhead.street.sample import adjective_beside, chance, described, pick, time_for
from clearhead.street.verbs import by_key


def test_drawing_is_fair_enough() -> None:
    """Each of four items, and a share of a half."""
    random = Random(10)
    picks = [pick(random, "abcd") for _ in range(4_000)]
    assert all(800 < picks.count(item) < 1_200 for item in "abcd")
    assert 400 < sum(chance(random, 0.5) for _ in range(1_000)) < 600


def test_what_stands_beside_fits() -> None:
    """No adjective for a name; one of its class for a noun."""
    random = Random(11)
    assert adjective_beside(random, nouns.by_key["Emma"], 1.0) is None
    assert described(random, nouns.by_key["ring"], 1.0, plural=True).adjective is not None


def test_read_always_has_a_time() -> None:
    """Others need none."""
    random = Random(12)
    assert all(time_for(random, "past", by_key["read"], 0.0) in scenery.times_of["past"] for _ in range(50))
    assert time_for(random, "past", by_key["eat"], 0.0) is None
