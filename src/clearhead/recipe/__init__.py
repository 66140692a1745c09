"""What to train, as checked data: a recipe is YAML, read here and nowhere else."""

from clearhead.recipe.provenance import read_provenance, without_paths
from clearhead.recipe.reading import build_recipe, find_recipe, load_recipe, parse_recipe, shipped_recipe
from clearhead.recipe.resolved import ResolvedModel, ResolvedRecipe, ResolvedTraining
from clearhead.recipe.sections import (
    Average,
    BuiltInCorpus,
    CorpusSettings,
    Data,
    DecodingSettings,
    FilterSettings,
    LossSettings,
    ModelSettings,
    OptimizerSettings,
    Recipe,
    Schedule,
    Text,
    Training,
)

__all__ = [
    "Average",
    "BuiltInCorpus",
    "CorpusSettings",
    "Data",
    "DecodingSettings",
    "FilterSettings",
    "LossSettings",
    "ModelSettings",
    "OptimizerSettings",
    "Recipe",
    "ResolvedModel",
    "ResolvedRecipe",
    "ResolvedTraining",
    "Schedule",
    "Text",
    "Training",
    "build_recipe",
    "find_recipe",
    "load_recipe",
    "parse_recipe",
    "read_provenance",
    "shipped_recipe",
    "without_paths",
]
