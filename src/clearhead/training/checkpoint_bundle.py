"""A checkpoint in use: as the bundle that its run would have kept of that step."""

import contextlib
from pathlib import Path

from clearhead.bundle import Bundle, load_weights
from clearhead.bundle.config_file import read_config
from clearhead.errors import BundleError, TrainingError
from clearhead.model.low_rank import merged
from clearhead.tasks import task_named
from clearhead.training.checkpoint import find_damage, read_base_settings, read_tokenizers, recipe_of
from clearhead.training.freezing import new_model
from clearhead.training.using import settings_for

# Of these a bundle is made. They are the newest weights themselves where a recipe averages none.
KEPT_WEIGHTS = "average.safetensors"


def is_checkpoint(place: Path) -> bool:
    """Whether a folder is RUN/checkpoints/step-N, damaged or not."""
    return (place / "manifest.json").is_file()


def bundle_of(checkpoint: Path) -> Bundle:
    """The model of a checkpoint as it is validated: the averaged weights, adapters merged into them.

    Raises TrainingError where the checkpoint is damaged, or of another version of clearhead.
    """
    if (problem := find_damage(checkpoint)) is not None:
        raise TrainingError(f"{problem}; name another checkpoint")
    recipe = recipe_of(checkpoint)
    if recipe is None:
        raise TrainingError(f"checkpoint {checkpoint} is of another version of clearhead; name another, or train anew")
    source, target = read_tokenizers(checkpoint)
    config = task_named(recipe.task).model_config(recipe, (source.size, target.size))
    model = new_model(config, recipe.training, recipe.model.lora)
    try:
        load_weights(model, checkpoint / KEPT_WEIGHTS)
    except BundleError as error:
        # What a bundle's error advises is not what helps here.
        reason = str(error).partition("; ")[0]
        raise TrainingError(f"checkpoint {checkpoint} does not fit its own recipe ({reason}); name another") from None
    kept = model if recipe.model.lora is None else merged(model)
    settings = settings_for(recipe, target, read_base_settings(checkpoint))
    return Bundle(kept.eval(), source, target, recipe, source_scripts=_scripts(checkpoint), settings=settings)


def _scripts(checkpoint: Path) -> list[str] | None:
    """In which scripts the sources are written, as the run's bundle has it: a checkpoint does not say."""
    with contextlib.suppress(BundleError):
        return read_config(checkpoint.absolute().parents[1] / "bundle").scripts
    return None
