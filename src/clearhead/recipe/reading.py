"""From a recipe's file, the environment and `key=value` overrides to a checked `Recipe`."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic

from clearhead.errors import RecipeError
from clearhead.recipe.explaining import explain
from clearhead.recipe.plain_yaml import DEEPEST, MOST_CHARACTERS, read_yaml
from clearhead.recipe.sections import Recipe

# In an installed package the recipes lie inside it; in a checkout they are the repository's folder.
_SHIPPED = (Path(__file__).parents[1] / "recipes", Path(__file__).parents[3] / "recipes")


def find_recipe(name: str) -> Path:
    """The file that `name` means: a path, or the name of a recipe that comes with clearhead."""
    path = Path(name)
    if path.is_file() or path.suffix or len(path.parts) != 1:
        return path
    return shipped_recipe(name)


def shipped_recipe(name: str) -> Path:
    """The file of a recipe that comes with clearhead."""
    shipped = {file.stem: file for folder in _SHIPPED for file in folder.glob("*.yaml")}
    if name not in shipped:
        raise RecipeError(f"recipe {name!r} is no file and none of clearhead's own: {', '.join(sorted(shipped))}")
    return shipped[name]


def load_recipe(name: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe, by its path or its name, and set each `key=value` of `overrides` in it.

    `${NAME}` in any text is an environment variable. A relative `data.folder` is taken from the recipe's own folder.
    Raises RecipeError in one plain line.
    """
    path = find_recipe(str(name))
    try:
        with path.open("rb") as file:
            # Whatever the path names, no more is read than a recipe may have.
            text = file.read(4 * MOST_CHARACTERS + 4).decode("utf-8-sig")
    except FileNotFoundError:
        raise RecipeError(f"recipe {path} does not exist; expected a YAML file (see recipes/ for examples)") from None
    except IsADirectoryError:
        raise RecipeError(f"recipe {path} is a folder; expected a YAML file inside it") from None
    except OSError as error:
        raise RecipeError(f"recipe {path} cannot be read ({error.strerror}); check the path and its rights") from None
    except UnicodeDecodeError as error:
        _refuse_other_suffix(path)
        raise RecipeError(f"recipe {path} is not UTF-8 text (byte {error.start + 1}); expected a YAML file") from None
    values = _parse_file(text, path)
    for override in overrides:
        _set(values, override)
    recipe = build_recipe(_expand(values, str(path)), str(path))
    if recipe.model.base is not None:
        base = _beside(path, recipe.model.base)
        recipe = recipe.model_copy(update={"model": recipe.model.model_copy(update={"base": base})})
    if recipe.data.embedded is not None:
        return recipe
    try:
        folder = path.parent / Path(recipe.data.folder or ".").expanduser()
    except RuntimeError:
        raise RecipeError(
            f"{path}: data.folder={recipe.data.folder!r} names a home folder that is not there; write the whole path"
        ) from None
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"folder": str(folder.absolute())})})


def _beside(recipe: Path, base: str) -> str:
    """A place as it is meant: in the recipe's folder, or where a command is typed, as `model.from=runs/a` is.

    A word that is neither is the name of a model that comes with clearhead, such as street.
    """
    here, beside = Path(base), recipe.parent / base
    if len(here.parts) == 1 and not beside.exists() and not here.exists():
        return base
    return str((beside if beside.exists() else here).absolute())


_KINDS = {list: "a list", str: "a text", bool: "a switch"}


def build_recipe(values: Mapping[str, Any], origin: str) -> Recipe:
    """Check plain values against the recipe's form; `origin` names them in errors."""
    try:
        return Recipe.model_validate(values)
    except pydantic.ValidationError as error:
        raise RecipeError(f"{origin}: {explain(error)}") from None


def parse_recipe(text: str, origin: str) -> dict[str, Any]:
    """The plain values of a recipe's YAML; `origin` names it in errors."""
    values = read_yaml(text, origin)
    if not isinstance(values, dict):
        kind = "nothing" if values is None else _KINDS.get(type(values), "a number")
        raise RecipeError(
            f"{origin} holds {kind} and no keys; a recipe is YAML that names your text files, as in docs/tutorial.md"
        )
    return values


def _parse_file(text: str, path: Path) -> dict[str, Any]:
    """A recipe of any name; but of a file whose name is no recipe's it is not told where its YAML went wrong."""
    try:
        return parse_recipe(text, str(path))
    except RecipeError:
        _refuse_other_suffix(path)
        raise


def _refuse_other_suffix(path: Path) -> None:
    """Raise RecipeError for a file that is no recipe by its name either."""
    if path.suffix.lower() not in {".yaml", ".yml", ""}:
        raise RecipeError(
            f"{path} is no recipe but a {path.suffix} file; a recipe is YAML that names your text files, "
            "as in docs/tutorial.md"
        ) from None


def _expand(value: Any, origin: str) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, origin) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, origin) for item in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda match: _variable(match[1], origin), value)
    return value


def _variable(name: str, origin: str) -> str:
    if name not in os.environ:
        raise RecipeError(f"{origin}: the environment variable {name} is not set; set it, as in `export {name}=/path`")
    return os.environ[name]


def _set(values: dict[str, Any], override: str) -> None:
    """Set `a.b.c=value`, in which value is YAML and a number names an item of a list."""
    key, equals, text = override.partition("=")
    *path, last = key.strip().split(".")
    override = _short(override)
    if not equals or not key.strip() or len(path) > DEEPEST:
        raise RecipeError(f"{override} is not key=value; write it as in training.steps=100")
    try:
        value = read_yaml(text, "the value")
    except RecipeError as error:
        raise RecipeError(
            f"{override} is not key=value with a YAML value ({error}); quote it, as in name='\"a: b\"'"
        ) from None
    place: Any = values
    for part in path:
        place = _child(place, part, override)
    if isinstance(place, list):
        place[_position(place, last, override)] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise RecipeError(
            f"{override}: {'.'.join(path)} is {_short(str(place))}, which has no {last}; see --print-recipe"
        )


def _short(text: str) -> str:
    return repr(text) if len(text) <= 60 else f"{text[:57]!r}..."


def _child(place: Any, part: str, override: str) -> Any:
    if isinstance(place, list):
        return place[_position(place, part, override)]
    if isinstance(place, dict):
        # A single corpus may stand without the list around it.
        if part == "0" and "source" in place:
            return place
        if place.get(part) is None:
            place[part] = {}
        return place[part]
    raise RecipeError(f"{override}: nothing lies below {_short(str(place))}; --print-recipe shows every key")


def _position(items: list[Any], part: str, override: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", part) or int(part) >= len(items):
        raise RecipeError(f"{override}: {part!r} is not a place in a list of {len(items)}; the first is 0")
    return int(part)
