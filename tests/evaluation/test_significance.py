"""Whether a difference is chance, where everybody can tell."""

from clearhead.evaluation import compare

SENTENCES = ["the cat sat on the mat", "a dog runs in the park", "she reads a long book", "it rains in the city"]


class TestCompare:
    def test_a_system_and_itself(self) -> None:
        assert compare(SENTENCES * 5, SENTENCES * 5, SENTENCES * 5) > 0.5

    def test_all_right_and_all_wrong(self) -> None:
        assert compare(SENTENCES * 5, ["wrong"] * 20, SENTENCES * 5) < 0.01
