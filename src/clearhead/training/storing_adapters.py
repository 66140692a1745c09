"""What a run with adapters has learned, in the files of the package `peft` beside its bundle."""

from pathlib import Path

from clearhead.interop.adapter_files import Pair
from clearhead.interop.adapter_writing import Learned, write_adapter
from clearhead.interop.layer_names import TABLES
from clearhead.model.low_rank import adapters
from clearhead.recipe import LoraSettings, without_paths
from clearhead.tasks import Model
from clearhead.text.published import published
from clearhead.training.heads import is_of_classes
from clearhead.training.new_tokens import new_ids
from clearhead.training.run_inputs import RunInputs


def store_adapter(folder: Path, model: Model, lora: LoraSettings, inputs: RunInputs) -> None:
    """Write what learned, adapters, a new head and new tokens' rows, in the files of the package `peft`."""
    recipe, tokenizer = inputs.recipe, inputs.source_tokenizer
    named = {name: one.detach().cpu().numpy() for name, one in model.named_parameters()}
    sides = {name: [named[f"{name}.adapter.{side}.weight"] for side in ("down", "up")] for name, _ in adapters(model)}
    has_classes, ids = bool(getattr(model.config, "classes", 0)), sorted(new_ids(tokenizer, recipe.text))
    learned = Learned(
        {name: Pair(*both) for name, both in sides.items()},
        lora.alpha,
        {name: one for name, one in named.items() if has_classes and is_of_classes(name)},
        recipe.task,
        without_paths(recipe).model.base or "",
        inputs.settings.origin,
        ids,
        {name: one[ids] for name, one in named.items() if ids and name in TABLES},
        published(tokenizer) if ids else None,
    )
    write_adapter(folder, model.config, learned)
