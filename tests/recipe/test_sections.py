"""The sections of a recipe and their YAML."""

from collections.abc import Callable

import pydantic
import pytest

from clearhead.errors import ConfigError
from clearhead.model import TransformerConfig, paper_base
from clearhead.recipe import ModelSettings, Recipe, Schedule, build_recipe, parse_recipe

MakeRecipe = Callable[..., Recipe]


def read_again(recipe: Recipe) -> Recipe:
    return build_recipe(parse_recipe(recipe.to_yaml(), "again"), "again")


@pytest.mark.parametrize(
    "changes",
    [
        (),
        ("training.patience=null", "training.optimizer.clip=null"),
        ("training.packing=true", "training.packed_length=96", "training.compile=on", "training.graph=off"),
        ("training.patience=3", "model.dropout=0.25", "model.positions=rotary"),
        ("data.filters={max_tokens: 9, max_ratio: 2.5, deduplicate: true}", "text.tags=true"),
        ("training.optimizer.epsilon=1e-12", "training.schedule={name: cosine, peak: 3e-4, warmup: 0}"),
        ('name="no: yes"', "decoding={beam_size: 1, length_penalty: none}"),
    ],
)
def test_what_is_written_reads_the_same(make_recipe: MakeRecipe, changes: tuple[str, ...]) -> None:
    recipe = make_recipe(*changes)
    assert read_again(recipe) == recipe


def test_every_default_is_written(make_recipe: MakeRecipe) -> None:
    """DESIGN: "every default and every resolved `auto` written out"."""
    text = make_recipe().to_yaml()
    for line in ("family: encoder-decoder", "    label_smoothing: 0.1", "    weight_decay: 0.01", "  select_by: loss"):
        assert line in text.split("\n")


def test_turning_a_default_off_is_written(make_recipe: MakeRecipe) -> None:
    """Without the null, patience would be 5 again when the recipe is read."""
    assert "  patience: null" in make_recipe("training.patience=null").to_yaml().split("\n")


@pytest.mark.parametrize("change", ["training.freeze=", "training.freeze=null", "training.freeze=[]"])
def test_a_list_with_nothing_in_it_freezes_nothing(make_recipe: MakeRecipe, change: str) -> None:
    assert make_recipe("training.freeze=encoder.*", change).training.freeze == ()


def test_a_recipe_is_frozen(make_recipe: MakeRecipe) -> None:
    with pytest.raises(pydantic.ValidationError):
        make_recipe().training.steps = 3  # type: ignore[misc]


class TestModel:
    def test_a_preset_alone(self) -> None:
        assert ModelSettings(preset="paper_base").config(100, 100) == paper_base(100, 100)

    def test_what_differs_from_it(self) -> None:
        config = ModelSettings(preset="paper_base", width=64, norm="rms", share_embeddings="target").config(7, 9)
        expected = TransformerConfig(
            source_vocabulary=7, target_vocabulary=9, width=64, norm="rms", share_embeddings="target"
        )
        assert config == expected

    def test_sizes_that_contradict_each_other(self) -> None:
        with pytest.raises(ConfigError, match="width=100 is not divisible by heads=8"):
            ModelSettings(preset="paper_base", width=100).config(10, 10)


class TestSchedule:
    def test_the_papers_formula_has_a_factor_of_one(self) -> None:
        """Section 5.3, equation 3 has no factor; elsewhere peak is a rate."""
        assert Schedule(name="paper").peak == 1.0
        assert Schedule().peak == 1e-3
        assert Schedule(name="paper", peak=2.0).peak == 2.0
