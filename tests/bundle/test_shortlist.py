"""A model's shortlist: learned from two files, written, read, and refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from clearhead.bundle import Bundle, learn_shortlist, load_shortlist
from clearhead.decoding import Shortlist
from clearhead.errors import DataError, UsageError
from clearhead.text import BytePairTokenizer


def piece(wordy: Bundle, word: str) -> int:
    (found,) = wordy.source_tokenizer.encode(f" {word}")
    return found


def targets(shortlist: Shortlist, source: int) -> set[int]:
    return set(shortlist.targets[shortlist.offsets[source] : shortlist.offsets[source + 1]].tolist())


class TestLearning:
    def test_a_word_becomes_its_translation_or_stays_itself(self, wordy: Bundle, pairs: tuple[Path, Path]) -> None:
        found = learn_shortlist(wordy, *pairs, best=1)
        for english, french in (("one", "un"), ("two", "deux"), ("three", "trois")):
            assert targets(found, piece(wordy, english)) == {piece(wordy, english), piece(wordy, french)}
        assert targets(found, piece(wordy, "un")) == {piece(wordy, "un")}

    def test_more_are_kept_when_asked_for(self, wordy: Bundle, pairs: tuple[Path, Path]) -> None:
        found = learn_shortlist(wordy, *pairs, best=2)
        assert targets(found, piece(wordy, "two")) > {piece(wordy, "two"), piece(wordy, "deux")}

    def test_the_frequent_the_end_and_every_byte_may_always_be(self, wordy: Bundle, pairs: tuple[Path, Path]) -> None:
        """ " deux" and the end symbol are there three times each, " un" and " trois" twice."""
        tokenizer = wordy.target_tokenizer
        found = learn_shortlist(wordy, *pairs, frequent=2)
        assert set(found.always.tolist()) == {tokenizer.end, *tokenizer.byte_ids, piece(wordy, "deux")}

    def test_what_the_corpus_lacks_is_not_frequent(self, wordy: Bundle, pairs: tuple[Path, Path]) -> None:
        tokenizer = wordy.target_tokenizer
        french = {piece(wordy, word) for word in ("un", "deux", "trois")}
        found = learn_shortlist(wordy, *pairs, frequent=399)
        assert set(found.always.tolist()) == {tokenizer.end, *tokenizer.byte_ids} | french

    def test_separate_pieces_are_not_each_other(self, wordy: Bundle, pairs: tuple[Path, Path]) -> None:
        again = BytePairTokenizer.from_json(wordy.target_tokenizer.to_json())
        apart = Bundle(wordy.model, wordy.source_tokenizer, again, wordy.recipe)
        found = learn_shortlist(apart, *pairs, best=1)
        assert targets(found, piece(wordy, "one")) == {piece(wordy, "un")}
        assert targets(found, piece(wordy, "un")) == set()

    def test_a_language_that_is_not_the_models(self, two_languages: Bundle, pairs: tuple[Path, Path]) -> None:
        with pytest.raises(UsageError, match="this model translates into en, fr, not 'ko'; say which"):
            learn_shortlist(two_languages, *pairs, "ko")

    def test_files_that_are_none(self, wordy: Bundle, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="does not exist"):
            learn_shortlist(wordy, tmp_path / "a", tmp_path / "b")


class TestUse:
    def test_translations_have_what_the_list_has(self, wordy: Bundle) -> None:
        """A model that was never trained writes anything; a shortlist of one word lets it write that alone."""
        size, word = wordy.source_tokenizer.size, piece(wordy, "deux")
        only = Shortlist(np.zeros(size + 1, np.int64), np.arange(0), np.array([word]), size)
        limited = Bundle(wordy.model, wordy.source_tokenizer, wordy.target_tokenizer, wordy.recipe, shortlist=only)
        for beam_size in (1, 3):
            [[found]] = limited.search(["one two"], beam_size=beam_size)
            assert set(found.tokens) <= {word, wordy.target_tokenizer.end}
            [[free]] = wordy.search(["one two"], beam_size=beam_size)
            assert not set(free.tokens) <= {word, wordy.target_tokenizer.end}

    def test_reported_scores_are_the_models(self, wordy: Bundle, listed: Path) -> None:
        """By hand for the first token: a share of the whole vocabulary, and as search has it a share of the list."""
        tokenizer = wordy.target_tokenizer
        shortlist = load_shortlist(listed, tokenizer, tokenizer)
        limited = Bundle(wordy.model, tokenizer, tokenizer, wordy.recipe, shortlist=shortlist)
        source = [*tokenizer.encode("one two"), tokenizer.end]
        with torch.inference_mode():
            logits = wordy.model(torch.tensor([source]), torch.tensor([[tokenizer.begin]]))[0, 0].double()
        allowed = {tokenizer.end, *shortlist.always.tolist()}.union(*(targets(shortlist, one) for one in source))
        for exact, among in ((True, range(tokenizer.size)), (False, sorted(allowed))):
            [[found]] = limited.search(["one two"], beam_size=1, exact=exact)
            share = logits[found.tokens[0]] - logits[list(among)].logsumexp(0)
            assert found.token_log_probabilities[0] == pytest.approx(float(share), abs=1e-5)

    def test_another_language(self, two_languages: Bundle, pairs: tuple[Path, Path]) -> None:
        french = learn_shortlist(two_languages, *pairs, "fr")
        tokenizer = two_languages.source_tokenizer
        limited = Bundle(two_languages.model, tokenizer, tokenizer, two_languages.recipe, shortlist=french)
        assert isinstance(limited.translate("one", "fr"), str)
        with pytest.raises(UsageError, match="the shortlist is for translations into fr, not en; make one for that"):
            limited.translate("one", "en")
