"""What to train, as checked data: a recipe is YAML, read here and nowhere else."""

from clearhead.recipe.corpora import (
    OLD,
    BuiltInCorpus,
    CorpusSettings,
    Data,
    FilterSettings,
    ShareSettings,
    TableSettings,
    TextSettings,
)
from clearhead.recipe.jobs import FAMILIES, share_to_validate, tables_to_validate, texts_to_validate
from clearhead.recipe.model_settings import LoraSettings, ModelSettings
from clearhead.recipe.provenance import read_provenance, without_paths
from clearhead.recipe.reading import build_recipe, find_recipe, load_recipe, parse_recipe, shipped_recipe
from clearhead.recipe.resolved import ResolvedModel, ResolvedRecipe, ResolvedTraining
from clearhead.recipe.sections import (
    Average,
    ClassWeights,
    DecodingSettings,
    LossSettings,
    MaskingSettings,
    OptimizerSettings,
    Recipe,
    Schedule,
    Text,
    Training,
)

__all__ = [
    "FAMILIES",
    "OLD",
    "Average",
    "BuiltInCorpus",
    "ClassWeights",
    "CorpusSettings",
    "Data",
    "DecodingSettings",
    "FilterSettings",
    "LoraSettings",
    "LossSettings",
    "MaskingSettings",
    "ModelSettings",
    "OptimizerSettings",
    "Recipe",
    "ResolvedModel",
    "ResolvedRecipe",
    "ResolvedTraining",
    "Schedule",
    "ShareSettings",
    "TableSettings",
    "Text",
    "TextSettings",
    "Training",
    "build_recipe",
    "find_recipe",
    "load_recipe",
    "parse_recipe",
    "read_provenance",
    "share_to_validate",
    "shipped_recipe",
    "tables_to_validate",
    "texts_to_validate",
    "without_paths",
]
