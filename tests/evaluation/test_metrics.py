"""BLEU, chrF, TER and exact matches: against sums by hand and sacreBLEU's own cases."""

import pytest

from clearhead.evaluation import measure

SENTENCES = ["the cat sat on the mat", "a dog runs in the park", "she reads a long book", "it rains in the city"]


class TestMeasure:
    def test_all_right(self) -> None:
        quality = measure(SENTENCES, SENTENCES)
        assert (round(quality.bleu, 6), round(quality.chrf, 6), quality.exact) == (100.0, 100.0, 100.0)

    def test_half_right(self) -> None:
        assert measure([*SENTENCES[:2], "x", "y"], SENTENCES).exact == 50.0

    def test_bleu_by_hand(self) -> None:
        """Papineni et al. 2002: 5 of 6 words, 3 of 5 pairs, 2 of 4 triples, 1 of 3 quadruples; equal length."""
        expected = 100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25
        assert measure(["the cat sat on a mat"], ["the cat sat on the mat"]).bleu == pytest.approx(expected)

    def test_ter_by_hand(self) -> None:
        """Snover et al. 2006: one shift of "a b" to the end and one word replaced are 2 edits, for 6 words; no case."""
        quality = measure(["a b C d e x"], ["c d e a b f"], with_ter=True)
        assert quality.ter == pytest.approx(100 * 2 / 6)
        assert {"nrefs:1", "case:lc", "tok:tercom"} <= set(str(quality.ter_signature).split("|"))

    def test_ter_is_dear_so_it_is_asked_for(self) -> None:
        quality = measure(SENTENCES, SENTENCES)
        assert (quality.ter, quality.ter_signature) == (None, None)

    def test_text_that_is_tokenised_already(self) -> None:
        """13a takes "d,e" apart, as the reference does; none leaves it one word, which the reference does not have."""
        assert measure(["a b c d,e"], ["a b c d ,e"], "none").bleu < 80
        assert measure(["a b c d,e"], ["a b c d ,e"]).bleu == pytest.approx(100)
        assert "tok:none" in measure(["a"], ["a"], "none").bleu_signature

    def test_signatures_say_what_was_computed(self) -> None:
        """The issue asks for cased, 13a; sacreBLEU writes it so."""
        quality = measure(SENTENCES, SENTENCES)
        assert {"nrefs:1", "case:mixed", "tok:13a"} <= set(quality.bleu_signature.split("|"))
        assert {"nc:6", "nw:0"} <= set(quality.chrf_signature.split("|"))

    def test_exact_is_the_same_text_not_the_same_bytes(self) -> None:
        """é as one character and as e with an accent (U+0065 U+0301) are canonically equal: Unicode, annex 15."""
        assert measure(["été"], ["e\u0301te\u0301"]).exact == 100.0
