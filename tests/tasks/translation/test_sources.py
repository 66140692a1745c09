"""From texts to ids: what is cut, what cannot be read, and what asks for a language."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import Bundle, load
from clearhead.errors import BundleError, DecodingError, UsageError
from clearhead.recipe import Recipe
from clearhead.tasks.translation import source_ids, too_long
from clearhead.text import LibraryTokenizer, Roles
from clearhead.training.run_inputs import prepare_run


@pytest.fixture
def copy(run_folder: Path, tmp_path: Path) -> Path:
    """A bundle's folder that a test may damage."""
    return shutil.copytree(run_folder / "bundle", tmp_path / "copy")


class TestCutting:
    def test_too_long_a_text_is_cut(self, two_languages: Bundle) -> None:
        """max_length is 64: the tag, the end symbol, and 62 bytes of text ("1" is a piece of its own)."""
        fits, cut = "1" * 62, "1" * 70
        assert two_languages.too_long([fits, cut, " " * 200, "one"]) == [1]
        assert two_languages.translate(cut, "fr") == two_languages.translate(fits, "fr")

    def test_of_megabytes_a_beginning_is_read(self, two_languages: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
        """faults.md A13: a line of ten million characters is not cut into ten million pieces to keep 62."""
        given_sizes: list[int] = []
        tokenizer = two_languages.source_tokenizer
        assert tokenizer is two_languages.target_tokenizer

        class Library:
            def __getattr__(self, name: str) -> Any:
                return getattr(library, name)

            def encode_batch_fast(self, texts: list[str]) -> Any:
                given_sizes.extend(map(len, texts))
                return library.encode_batch_fast(texts)

        library = tokenizer._library
        monkeypatch.setattr(tokenizer, "_library", Library())
        long = "one two " * 1_250_000
        assert two_languages.too_long([long]) == [0]
        assert two_languages.translate(long, "fr") == two_languages.translate("one two " * 60, "fr")
        with pytest.raises(DecodingError, match=r"has 1000[01] tokens"):
            two_languages.score(["one"], [long], "fr")
        assert max(given_sizes) < 1_000_000


class TestUnreadable:
    """faults.md B5: nonsense is not written with a straight face."""

    TEXTS = ("I am a student.", "저는 학생입니다.", "Je suis étudiante.", "Привет, как дела?", "👍", "", "50 Ω")

    def test_the_shipped_model(self, street: Bundle) -> None:
        """Its sources are English and French; Korean is among its targets, and in its tokenizer."""
        known = Bundle(
            street.model, street.source_tokenizer, street.target_tokenizer, street.recipe, source_scripts=("LATIN",)
        )
        assert known.unreadable(self.TEXTS) == [1, 3]

    def test_a_bundle_that_does_not_say(self, street: Bundle) -> None:
        """An older one: its tokenizer tells of Cyrillic, which is cut into bytes."""
        older = Bundle(street.model, street.source_tokenizer, street.target_tokenizer, street.recipe)
        assert older.unreadable(self.TEXTS) == [3]

    def test_bytes_alone_tell_of_no_script(self, two_languages: Bundle) -> None:
        assert two_languages.unreadable(self.TEXTS) == []

    def test_what_training_found_is_stored(self, run_folder: Path, make_recipe: Callable[..., Recipe]) -> None:
        """The tiny run's sources are English words; of single bytes nothing is said."""
        stored = json.loads((run_folder / "bundle" / "config.json").read_text())["source_scripts"]
        assert stored == []
        assert prepare_run(make_recipe("text.size=300")).source_scripts == ("LATIN",)

    def test_it_is_kept(self, street: Bundle, tmp_path: Path) -> None:
        Bundle(
            street.model, street.source_tokenizer, street.target_tokenizer, street.recipe, source_scripts=("LATIN",)
        ).save(tmp_path / "kept")
        assert load(tmp_path / "kept").source_scripts == ("LATIN",)

    @pytest.mark.parametrize("wrong", [3, None, True])
    def test_a_wrong_one_is_refused(self, copy: Path, wrong: object) -> None:
        config = json.loads((copy / "config.json").read_text())
        config["source_scripts"] = wrong
        (copy / "config.json").write_text(json.dumps(config))
        with pytest.raises(BundleError, match="is not a bundle's config"):
            load(copy)


class TestLanguages:
    def test_none_is_named(self, two_languages: Bundle) -> None:
        with pytest.raises(UsageError, match="this model translates into en, fr; say which, as in to='en' or --to en"):
            two_languages.translate("one")

    def test_one_that_it_does_not_know(self, two_languages: Bundle) -> None:
        with pytest.raises(UsageError, match="this model translates into en, fr, not 'xx'; say which"):
            two_languages.translate("one", "xx")

    def test_a_model_of_one_direction(self, run_folder: Path) -> None:
        bundle = load(run_folder)
        assert bundle.languages == ()
        assert bundle.translate("one", "fr") == bundle.translate("one")
        with pytest.raises(UsageError, match="this model translates into fr only, not 'de'; leave `to` out"):
            bundle.translate("one", "de")


def test_a_source_stands_between_what_its_tokenizer_says() -> None:
    """BART reads <s> and </s> around it; a tag comes first."""
    document = sentence_pieces()
    roles = Roles(0, 2, 2, None, 20, before=(1,), after=(2, 3), opening=(1,), tags={"fra": 4})
    tokenizer = LibraryTokenizer(document, roles)
    own = tokenizer.encode("ab")
    assert source_ids(["ab", " "], [4], tokenizer, 20) == [[4, 1, *own, 2, 3], None]
    [cut] = source_ids(["ab" * 30], [4], tokenizer, 9)
    assert cut is not None
    assert (len(cut), cut[:2], cut[-2:]) == (9, [4, 1], [2, 3])
    # One of the languages' tags takes a place, too.
    assert too_long(["a" * 4, "a" * 40], tokenizer, 8) == [1]


def sentence_pieces() -> str:
    from tokenizers import Tokenizer, models

    tokens = ["<pad>", "<s>", "</s>", "<x>", ">>fra<<", "a", "b"]
    return Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, [])).to_str()
