"""Whether a difference is chance: where everybody can tell, and beside sacreBLEU's own paired tests."""

import random
from collections.abc import Sequence

import pytest
from sacrebleu.significance import PairedTest

from clearhead.evaluation import differences
from clearhead.evaluation.metrics import metrics

SENTENCES = ["the cat sat on the mat", "a dog runs in the park", "she reads a long book", "it rains in the city"]


def noisy(share: float, seed: int) -> list[str]:
    """The sentences several times, with this share of the words lost."""
    chance = random.Random(seed)
    return [" ".join(word for word in line.split() if chance.random() > share) for line in SENTENCES * 6]


class TestDifferences:
    def test_a_system_and_itself(self) -> None:
        found = differences(SENTENCES, SENTENCES, SENTENCES)
        assert {name: (one.gain, one.bootstrap, one.randomisation) for name, one in found.items()} == dict.fromkeys(
            ("bleu", "chrf", "ter"), (0.0, 1.0, 1.0)
        )

    def test_all_right_and_all_wrong(self) -> None:
        found = differences(SENTENCES * 5, ["wrong"] * 20, SENTENCES * 5, names=["bleu"])
        assert max(found["bleu"].bootstrap, found["bleu"].randomisation) < 0.01
        assert found["bleu"].gain == pytest.approx(-100)

    @pytest.mark.parametrize("kind", ["bs", "ar"])
    @pytest.mark.parametrize("name", ["bleu", "chrf", "ter"])
    def test_the_p_values_are_sacrebleus(self, kind: str, name: str) -> None:
        """Its paired tests draw from the same seed."""
        first, second, right = noisy(0.12, 1), noisy(0.06, 2), SENTENCES * 6
        systems: list[tuple[str, Sequence[str]]] = [("first", first), ("second", second)]
        _, expected = PairedTest(systems, {name: metrics()[name]}, [right], test_type=kind)()
        (label,) = expected.keys() - {"System"}
        found = differences(first, second, right, names=[name])[name]
        assert [found.first, found.second] == pytest.approx([one.score for one in expected[label]])
        p_value = found.bootstrap if kind == "bs" else found.randomisation
        assert 0.002 < p_value < 0.9
        assert p_value == pytest.approx(expected[label][1].p_value)
