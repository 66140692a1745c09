"""What may be another than it was, where a run is resumed: each key of a recipe in one table."""

import enum
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clearhead.errors import TrainingError
from clearhead.recipe import Recipe
from clearhead.tasks import task_named


class Change(enum.Enum):
    """What becomes of a key that has another value than when the run began."""

    REFUSED = "the weights or the pieces are made for the old value"
    DONE = "it is said, done, and written into the next checkpoint"
    PLACE = "as DONE; another way to write the same place is no change"


# The longest name that fits a key, or begins it, decides. A corpus's number in its list is left out.
CHANGES = {
    "name": Change.DONE,
    "family": Change.REFUSED,
    "task": Change.REFUSED,
    "data": Change.DONE,
    "data.folder": Change.PLACE,
    "data.train.source": Change.PLACE,
    "data.train.target": Change.PLACE,
    "data.validate.source": Change.PLACE,
    "data.validate.target": Change.PLACE,
    "data.train.text": Change.PLACE,
    "data.validate.text": Change.PLACE,
    "data.train.table": Change.PLACE,
    "data.validate.table": Change.PLACE,
    "data.replay.train.source": Change.PLACE,
    "data.replay.train.target": Change.PLACE,
    "data.replay.train.text": Change.PLACE,
    "data.replay.train.table": Change.PLACE,
    "data.replay.validate.source": Change.PLACE,
    "data.replay.validate.target": Change.PLACE,
    "data.replay.validate.text": Change.PLACE,
    "data.replay.validate.table": Change.PLACE,
    # Which class each number is.
    "data.labels": Change.REFUSED,
    # How text becomes ids, which the rows of the embeddings stand for.
    "text": Change.REFUSED,
    "text.merge_dropout": Change.DONE,
    # What the weights are multiplied with, and in which order.
    "model": Change.REFUSED,
    "model.dropout": Change.DONE,
    "model.attention_dropout": Change.DONE,
    "model.activation_dropout": Change.DONE,
    "model.position_shift": Change.DONE,
    "training": Change.DONE,
    # What one remembers of the gradients means nothing to the other.
    "training.optimizer.name": Change.REFUSED,
    "decoding": Change.DONE,
}

# Two models are compared at so many pieces: their number is the tokenizers', which stay.
_PIECES = 8_000


def change_of(key: str) -> Change:
    """What becomes of a key such as `data.train.0.source`. One that nobody knows is an older clearhead's."""
    parts = [part for part in key.split(".") if not part.isdigit()]
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((CHANGES[name] for name in names if name in CHANGES), Change.DONE)


def changed_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """The keys, in order, whose values differ between two recipes, each as `flat` gives it."""
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key) and not (change_of(key) is Change.PLACE and _same_place(key, old, new)):
            yield key


def require_same(checkpoint: Path, old: Recipe, new: Recipe) -> None:
    """Raise TrainingError where a recipe asks for what a run that began with another one cannot become."""
    before, now = flat(effective(old)), flat(effective(new))
    for key in changed_keys(before, now):
        if change_of(key) is Change.REFUSED:
            was, asked = before.get(key), now.get(key)
            raise TrainingError(
                f"checkpoint {checkpoint} does not fit the recipe's {key.partition('.')[0]} ({key} is {asked}, but was "
                f"{was} when the run began); train into another folder by --out, or set {key}={was}"
            )


def with_sizes_of(old: Recipe, new: Recipe) -> Recipe:
    """`new` with the sizes, classes and normal form that were chosen when the run began, where it names none itself.

    Version 0.1 wrote `text.normalize: nfc`, which was its default.
    """
    model, text = new.model, new.text
    if model.base is not None:  # The trained model that it began with may be gone; its sizes and pieces are not.
        text = old.text.model_copy(update={name: getattr(text, name) for name in text.model_fields_set})
    if model.preset is None and old.model.preset is not None:
        named = {name: getattr(model, name) for name in type(model).model_fields}
        model = old.model.model_copy(update={name: value for name, value in named.items() if value is not None})
    data = new.data if new.data.labels is not None else new.data.model_copy(update={"labels": old.data.labels})
    if text.size is None:
        text = text.model_copy(update={"size": old.text.size})
    if "normalize" not in new.text.model_fields_set:
        text = text.model_copy(update={"normalize": old.text.normalize})
    return new.model_copy(update={"model": model, "text": text, "data": data})


def effective(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain values, in which a model's sizes stand whether or not they come from its preset."""
    values = plain(recipe)
    # The number of pieces is of no matter here: it is the tokenizers', which stay.
    config = task_named(recipe.task).model_config(recipe, (_PIECES, _PIECES))
    named = [name for name in type(recipe.model).model_fields if hasattr(config, name)]
    # Two ways to come to the same sizes are the same model.
    lora = values["model"].get("lora")
    values["model"] = {**{name: getattr(config, name) for name in sorted(named)}, "lora": lora}
    return values


def plain(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain values, by the names that a recipe's file has."""
    return recipe.model_dump(by_alias=True)


def flat(values: Any, place: str = "") -> dict[str, Any]:
    """Nested dictionaries and lists as one dictionary with keys such as training.steps."""
    if not isinstance(values, dict | list | tuple):
        return {place: values}
    items = values.items() if isinstance(values, dict) else enumerate(values)
    return {key: item for name, value in items for key, item in flat(value, f"{place}.{name}".lstrip(".")).items()}


def _same_place(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    places = (_place(key, values) for values in (old, new))
    return next(places) == next(places)


def _place(key: str, values: Mapping[str, Any]) -> str | None:
    """Where a file or folder of a recipe really is."""
    value = values.get(key)
    if not isinstance(value, str):
        return None
    folder = "" if key == "data.folder" else values.get("data.folder") or ""
    return os.path.realpath(Path(folder).expanduser() / value)
