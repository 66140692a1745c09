"""The recipe that a bundle keeps: where a model came from, without any place of its maker's machine.

To open a bundle never depends on it.
"""

import copy
from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, TypeVar

import pydantic

from clearhead.errors import RecipeError
from clearhead.recipe.reading import parse_recipe
from clearhead.recipe.sections import Recipe
from clearhead.recipe.values import Section

CorpusKind = TypeVar("CorpusKind", bound=Section)

# What stands in for a needed key that cannot be read.
_NEEDED: dict[str, Any] = {
    "name": "unknown", "data": {}, "train": [{}], "validate": [{}], "source": "unknown", "target": "unknown",
    "text": "unknown", "table": "unknown", "share": 0.1, "training": {}, "steps": 1,
}  # fmt: skip
# Each round mends all problems that are seen; what was hidden behind one of them is seen in the next.
_ROUNDS = 20


def without_paths(recipe: Recipe) -> Recipe:
    """The same recipe with the last name alone of every place that lies outside of its own folder."""
    data = recipe.data
    changes: dict[str, Any] = {
        "folder": data.folder and _last_name(data.folder),
        "train": tuple(_within(corpus) for corpus in data.train),
        "validation": tuple(_within(corpus) for corpus in data.validation),
    }
    if (old := data.replay) is not None:
        within = {name: tuple(map(_within, getattr(old, name))) for name in ("train", "validation")}
        changes["replay"] = old.model_copy(update=within)
    model = recipe.model
    if model.base is not None:
        model = model.model_copy(update={"base": _last_name(model.base)})
    return recipe.model_copy(update={"data": data.model_copy(update=changes), "model": model})


def _within(corpus: CorpusKind) -> CorpusKind:
    sides = [side for side in ("source", "target", "text", "table") if hasattr(corpus, side)]
    names = {side: _last_name(path) for side in sides if _leads_out(path := getattr(corpus, side))}
    return corpus.model_copy(update=names)


def _leads_out(path: str) -> bool:
    parts = PureWindowsPath(path).parts  # They split at both kinds of slash.
    return path.startswith(("/", "\\", "~")) or ".." in parts or bool(PureWindowsPath(path).drive)


def _last_name(path: str) -> str:
    name = PurePosixPath(path.replace("\\", "/")).name
    return "data" if name in {"", ".."} else name


def read_provenance(text: str, origin: str) -> Recipe:
    """A bundle's recipe. What this clearhead does not know, or cannot read, is as its default is."""
    try:
        values = parse_recipe(text, origin)
    except RecipeError:
        values = {}
    for _ in range(_ROUNDS):
        try:
            return Recipe.model_validate(values)
        except pydantic.ValidationError as error:
            for problem in error.errors(include_url=False):
                _mend(values, problem["loc"], problem["type"] == "missing")
    files, training = {"source": "unknown", "target": "unknown"}, {"steps": 1}
    return Recipe.model_validate({"name": "unknown", "data": {"train": files, "validate": files}, "training": training})


def _mend(values: dict[str, Any], place: Sequence[int | str], missing: bool) -> None:
    """Give what is missing a value, or remove the innermost key on the way to what is wrong.

    Of keys that contradict each other nobody knows which is meant: all of them go.
    """
    if not place:
        values.clear()
        return
    here: Any = values
    innermost: tuple[dict[str, Any], str] | None = None
    for part in place:
        if isinstance(here, dict) and isinstance(part, str) and part in here:
            innermost, here = (here, part), here[part]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
    last = place[-1]
    if missing and isinstance(here, dict) and last in _NEEDED:
        here[str(last)] = copy.deepcopy(_NEEDED[str(last)])  # It may be filled in the next round.
    elif innermost is not None:
        del innermost[0][innermost[1]]
