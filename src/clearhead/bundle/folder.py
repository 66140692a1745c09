"""A bundle's folder: which files lie in it, written and read here. Nothing in it is trusted."""

import functools
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clearhead.bundle.config_file import RECIPE, WEIGHTS, Config, read_listed, write_config
from clearhead.bundle.fitting import require_listed, require_sizes
from clearhead.bundle.settings import Settings
from clearhead.bundle.tokenizers import load_tokenizers, tokenizer_files
from clearhead.errors import BundleError, ConfigError, TokenizerError
from clearhead.files import publish_folder, sha256
from clearhead.runtimes.stored import StoredWeights
from clearhead.tasks import FAMILY_TASKS, TASKS
from clearhead.text import Tokenizer

if TYPE_CHECKING:
    import clearhead.recipe
    import clearhead.tasks

_LOG = logging.getLogger(__name__)
_MOST_RECIPE = 1 << 20


class Parts(NamedTuple):
    """What a bundle consists of beside its model.

    recipe: reads where it came from. scripts: in which its training's sources were written; None where nobody says.
    """

    source: Tokenizer
    target: Tokenizer
    recipe: "Callable[[], clearhead.recipe.Recipe]"
    scripts: Sequence[str] | None
    settings: Settings


def write_folder(path: Path, model: "clearhead.tasks.Model", parts: Parts, card: str) -> None:
    """Write a bundle's folder, whole or not at all; `card` is its README.

    The weights are stored as the recipe's `training.bundle_precision` says. A bundle that was there is replaced.
    Where the model has more than weights, such as a hook, a warning says that no bundle holds it.
    Raises BundleError where something else is, where a weight is too large to be stored so, or where the model has
    other weights than its config says.
    """
    from clearhead.bundle.storage import save_weights
    from clearhead.model.as_built import departure
    from clearhead.recipe import without_paths
    from clearhead.runtimes.weights import require_numbers

    require_numbers(model)
    require_listed(model, model.config)
    if path.exists() and not (path / "config.json").is_file() and not (path.is_dir() and not any(path.iterdir())):
        raise BundleError(f"{path} exists and is no bundle, so it is not replaced; name another folder")
    recipe = parts.recipe()
    with publish_folder(path) as draft:
        save_weights(model, draft / WEIGHTS, recipe.training.bundle_precision)
        for name, tokenizer in tokenizer_files(parts.source, parts.target).items():
            tokenizer.save(draft / name)
        (draft / RECIPE).write_text(without_paths(recipe).to_yaml(), encoding="utf-8")
        (draft / "README.md").write_text(card or f"# {parts.settings.name}\n", encoding="utf-8")
        hashes = {file.name: sha256(file) for file in sorted(draft.iterdir())}
        write_config(draft, model.config, hashes, parts.scripts, parts.settings)
    if (reason := departure(model)) is not None:
        _LOG.warning("the model has %s, which no bundle holds: %s has its weights alone", reason, path)


def read_folder(folder: Path, config: Config) -> tuple[StoredWeights, Parts]:
    """What is in a folder whose files are whole, the model as its weights. Raises BundleError where it does not fit.

    The recipe is not read before somebody asks for it: whatever is in it stops nobody.
    """
    weights = folder / WEIGHTS
    try:
        sizes = FAMILY_TASKS[config.family].config(config.sizes)
        source, target = load_tokenizers(folder, config.tokenizers)
    except (TypeError, ConfigError, TokenizerError) as error:
        problem = " ".join(str(error).split())[:300]
        raise BundleError(f"{folder} is not a bundle of this clearhead ({problem}); update clearhead") from None
    # Nothing of these sizes is built before the files have shown that they are of these sizes.
    require_sizes(sizes, weights, source, target)
    text = read_listed(folder, config.files, RECIPE, _MOST_RECIPE)
    settings = config.settings or _settings_of_before(text)
    if TASKS[settings.task].family != config.family:
        raise BundleError(
            f"{folder}: config.json has family={config.family}, which is not for task={settings.task}; copy the bundle "
            "again"
        )
    if len(settings.labels) != getattr(sizes, "classes", 0):
        raise BundleError(
            f"{folder}: config.json has {len(settings.labels)} labels for a model of {getattr(sizes, 'classes', 0)} "
            "classes; copy the bundle again"
        )
    recipe = functools.partial(_provenance, text)
    return StoredWeights(weights, sizes), Parts(source, target, recipe, config.scripts, settings)


def _settings_of_before(text: str) -> Settings:
    """Of a bundle whose config.json does not tell them, as version 0.1 wrote it: what its recipe says."""
    recipe = _provenance(text)
    settings = Settings.of(recipe)
    if recipe.decoding.model_fields_set < {"beam_size", "length_penalty"}:
        _LOG.warning(
            "the model's recipe.yaml, which says how it translates, is missing or damaged; it translates with "
            "beam_size=%d and length_penalty=%s unless you say otherwise",
            settings.beam_size,
            settings.length_penalty,
        )
    return settings


def _provenance(text: str) -> "clearhead.recipe.Recipe":
    from clearhead.recipe import read_provenance

    return read_provenance(text, RECIPE)
