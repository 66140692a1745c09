"""From a recipe to materials."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from clearhead import street
from clearhead.errors import DataError
from clearhead.recipe import Recipe, load_recipe
from clearhead.training.preparation import corpus_folder, gather

MakeRecipe = Callable[..., Recipe]


class TestGathering:
    def test_what_there_is(self, make_recipe: MakeRecipe) -> None:
        materials = gather(make_recipe())
        assert len(materials.training) == 30
        assert [len(one.corpus) for one in materials.validation] == [6]
        assert materials.validation[0].sources == ("six one", "six two", "six three")
        assert materials.validation[0].references == ("six un", "six deux", "six trois")
        assert materials.source_tokenizer is materials.target_tokenizer
        assert materials.config.width == 16

    def test_separate_tokenizers(self, make_recipe: MakeRecipe) -> None:
        materials = gather(make_recipe("text={size: 262, joint: false}", "model.share_embeddings=target"))
        assert materials.source_tokenizer.encode("three") != materials.target_tokenizer.encode("three")
        assert materials.untrained_model().config.share_embeddings == "target"

    def test_tags(self, make_recipe: MakeRecipe) -> None:
        """DESIGN: the target language's tag stands before each source."""
        materials = gather(make_recipe("text={size: 260, tags: true}"))
        assert materials.source_tokenizer.languages == ("fr",)
        assert int(materials.training.source[0][0]) == materials.source_tokenizer.tag("fr")
        assert materials.validation[0].to_language == "fr"

    def test_the_model_is_the_seeds(self, make_recipe: MakeRecipe) -> None:
        first, again, other = (
            next(iter(gather(make_recipe(f"training.seed={seed}")).untrained_model().parameters()))
            for seed in (1, 1, 2)
        )
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    def test_filters_are_for_training_only(self, make_recipe: MakeRecipe) -> None:
        materials = gather(make_recipe("data.filters.max_tokens=8"))
        assert len(materials.training) < 30
        assert len(materials.validation[0].corpus) == 6

    @pytest.mark.parametrize("key", ["data.train.0.source", "data.validate.0.target"])
    def test_a_file_that_is_not_there(self, make_recipe: MakeRecipe, key: str) -> None:
        """The last file is missed before the first is read: hours may lie between."""
        with pytest.raises(DataError, match=r"trian.en does not exist; did you mean train.en\?"):
            gather(make_recipe(f"{key}=trian.en"))


def test_an_embedded_corpus_is_written_into_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(street, "cached", lambda pairs, seed: tmp_path / f"{pairs}-{seed}")
    recipe = load_recipe("street", ["data.embedded={corpus: street, pairs: 7, seed: 3}"])
    assert corpus_folder(recipe) == tmp_path / "7-3"
