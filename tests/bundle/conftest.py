"""A model whose words are its pieces, pairs of lines, and a shortlist on disk that is learned from them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.bundle import Bundle, learn_shortlist, save_shortlist
from clearhead.model import EncoderDecoder
from clearhead.recipe import Recipe
from clearhead.text import BytePairTokenizer

WORDS = ("one", "two", "three", "un", "deux", "trois")
PAIRS = [("one two", "un deux"), ("one three", "un trois"), ("two three two", "deux trois deux")]


@pytest.fixture(scope="package")
def wordy(make_recipe: Callable[..., Recipe]) -> Bundle:
    """A model that was never trained, whose every word is a piece, with a space before it or without."""
    joined = [f"{word} {word}" for word in WORDS]
    tokenizer = BytePairTokenizer.learn(joined * 2, 400)
    assert all(len(tokenizer.encode(text)) == 2 for text in joined)
    recipe = make_recipe("text.size=400")
    model = EncoderDecoder(recipe.model.config(tokenizer.size, tokenizer.size), seed=3).eval()
    return Bundle(model, tokenizer, tokenizer, recipe)


@pytest.fixture(scope="package")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pairs")
    # Each word always with a space before it, so that it is one piece.
    for number, name in enumerate(("source", "target")):
        (folder / name).write_text("".join(f" {pair[number]}\n" for pair in PAIRS))
    return folder / "source", folder / "target"


@pytest.fixture
def listed(wordy: Bundle, pairs: tuple[Path, Path], tmp_path: Path) -> Path:
    """A shortlist on disk."""
    path = tmp_path / "shortlist.safetensors"
    save_shortlist(learn_shortlist(wordy, *pairs), path, wordy.source_tokenizer, wordy.target_tokenizer)
    return path
