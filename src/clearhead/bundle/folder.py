"""A bundle's folder: which files lie in it, written and read here. Nothing in it is trusted."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from clearhead.bundle.config_file import Config, write_config
from clearhead.bundle.storage import load_tokenizers, load_weights, require_sizes, save_weights, tokenizer_files
from clearhead.decoding.weights import require_numbers
from clearhead.errors import BundleError, ConfigError, RecipeError, TokenizerError
from clearhead.files import publish_folder, sha256
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.recipe import Recipe, read_provenance, without_paths
from clearhead.text import Tokenizer

_MOST_RECIPE = 1 << 20


class Parts(NamedTuple):
    """What a bundle consists of. scripts: in which its training's sources were written; None where nobody says."""

    model: EncoderDecoder
    source: Tokenizer
    target: Tokenizer
    recipe: Recipe
    scripts: Sequence[str] | None


def write_folder(path: Path, parts: Parts, card: str) -> None:
    """Write a bundle's folder, whole or not at all; `card` is its README.

    The weights are stored as the recipe's `training.bundle_precision` says. A bundle that was there is replaced.
    Raises BundleError where something else is, or where a weight is too large to be stored so.
    """
    require_numbers(parts.model)
    if path.exists() and not (path / "config.json").is_file() and not (path.is_dir() and not any(path.iterdir())):
        raise BundleError(f"{path} exists and is no bundle, so it is not replaced; name another folder")
    recipe = parts.recipe
    with publish_folder(path) as draft:
        save_weights(parts.model, draft / "model.safetensors", recipe.training.bundle_precision)
        for name, tokenizer in tokenizer_files(parts.source, parts.target).items():
            tokenizer.save(draft / name)
        (draft / "recipe.yaml").write_text(without_paths(recipe).to_yaml(), encoding="utf-8")
        (draft / "README.md").write_text(card or f"# {recipe.name}\n", encoding="utf-8")
        hashes = {file.name: sha256(file) for file in sorted(draft.iterdir())}
        write_config(draft, recipe.family, parts.model.config, hashes, parts.scripts)


def read_folder(folder: Path, config: Config) -> Parts:
    """What is in a folder whose files are whole, the model on the CPU. Raises BundleError where it does not fit."""
    weights = folder / "model.safetensors"
    try:
        recipe = read_provenance(_recipe_text(folder), "recipe.yaml")
        sizes = TransformerConfig(**config.sizes)
        source, target = load_tokenizers(folder, config.tokenizers)
    except (TypeError, ConfigError, RecipeError, TokenizerError) as error:
        problem = " ".join(str(error).split())[:300]
        raise BundleError(f"{folder} is not a bundle of this clearhead ({problem}); update clearhead") from None
    # Nothing of these sizes is built before the files have shown that they are of these sizes.
    require_sizes(sizes, weights, source, target)
    # Whatever the caller has set: a model that is loaded in inference mode, too, can be used outside of it.
    with torch.inference_mode(False), torch.device("cpu"):
        model = EncoderDecoder(sizes)
        load_weights(model, weights)
    return Parts(model.eval(), source, target, recipe, config.scripts)


def _recipe_text(folder: Path) -> str:
    """The recipe, which tells where the model came from; nothing where it is no text."""
    return (folder / "recipe.yaml").read_bytes()[:_MOST_RECIPE].decode("utf-8", "replace")
