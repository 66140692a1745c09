"""A bundle's folder as it is written: tests/bundle/test_loading.py damages it in every way."""

import json
import shutil
from pathlib import Path

import pytest
from torch import nn
from torch.nn.utils import parametrize

from clearhead.bundle import Bundle, load
from clearhead.errors import BundleError
from clearhead.model.attention import Attention
from clearhead.recipe import without_paths

TEXTS = ["one two", "six", "", "three four", "un été à l'ombre", " "]


class Other(Attention):
    """Another class: of a model's code a bundle holds nothing."""


@pytest.fixture
def copy(run_folder: Path, tmp_path: Path) -> Path:
    """A bundle's folder that a test may damage."""
    return shutil.copytree(run_folder / "bundle", tmp_path / "copy")


class TestSaving:
    def test_the_same_translations(self, two_languages: Bundle, two_languages_folder: Path) -> None:
        again = load(two_languages_folder)
        assert again.search(TEXTS, "fr", top_beams=2) == two_languages.search(TEXTS, "fr", top_beams=2)
        assert again.recipe == without_paths(two_languages.recipe)
        assert again.languages == ("en", "fr")

    def test_what_is_in_the_folder(self, two_languages_folder: Path) -> None:
        """DESIGN, "A run and a bundle on disk"."""
        names = {path.name for path in two_languages_folder.iterdir()}
        assert names == {"config.json", "model.safetensors", "tokenizer.json", "recipe.yaml", "README.md"}
        config = json.loads((two_languages_folder / "config.json").read_text())
        assert config["format"] == 1
        assert config["family"] == "encoder-decoder"
        assert set(config["files"]) == names - {"config.json"}

    def test_what_could_not_be_read_is_not_written(self, copy: Path, tmp_path: Path) -> None:
        """A parametrization keeps a weight under another name: the folder was written, and never loaded again."""
        bundle = load(copy)
        parametrize.register_parametrization(bundle.model.encoder.layers[0].feed_forward.inner, "weight", nn.Identity())
        with pytest.raises(BundleError, match="so no bundle of it could be read; take out what was added"):
            bundle.save(tmp_path / "new")
        assert not (tmp_path / "new").exists()

    def test_what_no_bundle_holds_is_told(self, copy: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        bundle = load(copy)
        bundle.save(tmp_path / "plain")
        assert not caplog.text
        bundle.model.encoder.layers[0].self_attention.__class__ = Other
        bundle.save(tmp_path / "new")
        assert "the model has another encoder.layers.0.self_attention, which no bundle holds" in caplog.text

    def test_an_older_bundle_is_replaced(self, two_languages: Bundle, copy: Path) -> None:
        two_languages.save(copy, card="# new")
        assert load(copy).languages == ("en", "fr")
        assert (copy / "README.md").read_text() == "# new"

    def test_nothing_else_is(self, two_languages: Bundle, tmp_path: Path) -> None:
        (tmp_path / "thesis.txt").write_text("three years")
        for place in (tmp_path, tmp_path / "thesis.txt"):
            with pytest.raises(BundleError, match="is no bundle, so it is not replaced; name another folder"):
                two_languages.save(place)
        assert (tmp_path / "thesis.txt").read_text() == "three years"
