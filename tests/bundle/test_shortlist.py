"""A model's shortlist: learned from two files, written, read, and refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from clearhead.bundle import Bundle, learn_shortlist, load_shortlist, save_shortlist
from clearhead.decoding import Shortlist
from clearhead.errors import DataError, UsageError
from clearhead.model import EncoderDecoder
from clearhead.recipe import Recipe
from clearhead.text import Tokenizer

WORDS = ("one", "two", "three", "un", "deux", "trois")
PAIRS = [("one two", "un deux"), ("one three", "un trois"), ("two three two", "deux trois deux")]


@pytest.fixture(scope="module")
def bundle(make_recipe: Callable[..., Recipe]) -> Bundle:
    """A model that was never trained, whose every word is a piece, with a space before it or without."""
    joined = [f"{word} {word}" for word in WORDS]
    tokenizer = Tokenizer.learn(joined * 2, 400)
    assert all(len(tokenizer.encode(text)) == 2 for text in joined)
    recipe = make_recipe("text.size=400")
    model = EncoderDecoder(recipe.model.config(tokenizer.size, tokenizer.size), seed=3).eval()
    return Bundle(model, tokenizer, tokenizer, recipe)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pairs")
    # Each word always with a space before it, so that it is one piece.
    for number, name in enumerate(("source", "target")):
        (folder / name).write_text("".join(f" {pair[number]}\n" for pair in PAIRS))
    return folder / "source", folder / "target"


@pytest.fixture
def path(bundle: Bundle, files: tuple[Path, Path], tmp_path: Path) -> Path:
    """A shortlist on disk."""
    path = tmp_path / "shortlist.safetensors"
    save_shortlist(learn_shortlist(bundle, *files), path, bundle.source_tokenizer, bundle.target_tokenizer)
    return path


def piece(bundle: Bundle, word: str) -> int:
    (found,) = bundle.source_tokenizer.encode(f" {word}")
    return found


def targets(shortlist: Shortlist, source: int) -> set[int]:
    return set(shortlist.targets[shortlist.offsets[source] : shortlist.offsets[source + 1]].tolist())


class TestLearning:
    def test_a_word_becomes_its_translation_or_stays_itself(self, bundle: Bundle, files: tuple[Path, Path]) -> None:
        found = learn_shortlist(bundle, *files, best=1)
        for english, french in (("one", "un"), ("two", "deux"), ("three", "trois")):
            assert targets(found, piece(bundle, english)) == {piece(bundle, english), piece(bundle, french)}
        assert targets(found, piece(bundle, "un")) == {piece(bundle, "un")}

    def test_more_are_kept_when_asked_for(self, bundle: Bundle, files: tuple[Path, Path]) -> None:
        found = learn_shortlist(bundle, *files, best=2)
        assert targets(found, piece(bundle, "two")) > {piece(bundle, "two"), piece(bundle, "deux")}

    def test_the_frequent_the_end_and_every_byte_may_always_be(self, bundle: Bundle, files: tuple[Path, Path]) -> None:
        """ " deux" and the end symbol are there three times each, " un" and " trois" twice."""
        tokenizer = bundle.target_tokenizer
        found = learn_shortlist(bundle, *files, frequent=2)
        assert set(found.always.tolist()) == {tokenizer.end, *tokenizer.byte_ids, piece(bundle, "deux")}

    def test_what_the_corpus_lacks_is_not_frequent(self, bundle: Bundle, files: tuple[Path, Path]) -> None:
        tokenizer = bundle.target_tokenizer
        french = {piece(bundle, word) for word in ("un", "deux", "trois")}
        found = learn_shortlist(bundle, *files, frequent=399)
        assert set(found.always.tolist()) == {tokenizer.end, *tokenizer.byte_ids} | french

    def test_separate_pieces_are_not_each_other(self, bundle: Bundle, files: tuple[Path, Path]) -> None:
        again = Tokenizer.from_json(bundle.target_tokenizer.to_json())
        apart = Bundle(bundle.model, bundle.source_tokenizer, again, bundle.recipe)
        found = learn_shortlist(apart, *files, best=1)
        assert targets(found, piece(bundle, "one")) == {piece(bundle, "un")}
        assert targets(found, piece(bundle, "un")) == set()

    def test_a_language_that_is_not_the_models(self, two_languages: Bundle, files: tuple[Path, Path]) -> None:
        with pytest.raises(UsageError, match="this model translates into en, fr, not 'ko'; say which"):
            learn_shortlist(two_languages, *files, "ko")

    def test_files_that_are_none(self, bundle: Bundle, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="does not exist"):
            learn_shortlist(bundle, tmp_path / "a", tmp_path / "b")


class TestUse:
    def test_translations_have_what_the_list_has(self, bundle: Bundle) -> None:
        """A model that was never trained writes anything; a shortlist of one word lets it write that alone."""
        size, word = bundle.source_tokenizer.size, piece(bundle, "deux")
        only = Shortlist(np.zeros(size + 1, np.int64), np.arange(0), np.array([word]), size)
        limited = Bundle(bundle.model, bundle.source_tokenizer, bundle.target_tokenizer, bundle.recipe, shortlist=only)
        for beam_size in (1, 3):
            [[found]] = limited.search(["one two"], beam_size=beam_size)
            assert set(found.tokens) <= {word, bundle.target_tokenizer.end}
            [[free]] = bundle.search(["one two"], beam_size=beam_size)
            assert not set(free.tokens) <= {word, bundle.target_tokenizer.end}

    def test_reported_scores_are_the_models(self, bundle: Bundle, path: Path) -> None:
        """By hand for the first token: a share of the whole vocabulary, and as search has it a share of the list."""
        tokenizer = bundle.target_tokenizer
        shortlist = load_shortlist(path, tokenizer, tokenizer)
        limited = Bundle(bundle.model, tokenizer, tokenizer, bundle.recipe, shortlist=shortlist)
        source = [*tokenizer.encode("one two"), tokenizer.end]
        with torch.inference_mode():
            logits = bundle.model(torch.tensor([source]), torch.tensor([[tokenizer.begin]]))[0, 0].double()
        allowed = {tokenizer.end, *shortlist.always.tolist()}.union(*(targets(shortlist, one) for one in source))
        for exact, among in ((True, range(tokenizer.size)), (False, sorted(allowed))):
            [[found]] = limited.search(["one two"], beam_size=1, exact=exact)
            share = logits[found.tokens[0]] - logits[list(among)].logsumexp(0)
            assert found.token_log_probabilities[0] == pytest.approx(float(share), abs=1e-5)

    def test_another_language(self, two_languages: Bundle, files: tuple[Path, Path]) -> None:
        french = learn_shortlist(two_languages, *files, "fr")
        tokenizer = two_languages.source_tokenizer
        limited = Bundle(two_languages.model, tokenizer, tokenizer, two_languages.recipe, shortlist=french)
        assert isinstance(limited.translate("one", "fr"), str)
        with pytest.raises(UsageError, match="the shortlist is for translations into fr, not en; make one for that"):
            limited.translate("one", "en")
