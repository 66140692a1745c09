"""A bundle's config.json: what its folder holds, read and written here. Nothing in it is trusted.

    {"format": 1, "family": …, "model": {sizes}, "files": {name: sha256}, "source_scripts": […], "name": …,
     "languages": [[from, to]], "decoding": {…}, "seed": …, "task": …, "documents": …, "labels": […], "sha256": …}

It is all that using the bundle needs, beside the weights and the tokenizers. `files` are all that is read, each with
its SHA-256; recipe.yaml and README.md may be missing, or be other files than these. The last field is the SHA-256 of
the others, so that a byte of the config itself that is not what it was is found too. The first bundles of format 1 had
its first four fields: what else is needed was said in recipe.yaml. A task that is not said is translation.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clearhead.bundle.settings import Settings
from clearhead.errors import BundleError
from clearhead.files import sha256
from clearhead.tasks import FAMILY_TASKS, task_for
from clearhead.tensor_file import strict_json

if TYPE_CHECKING:
    from clearhead.model import FamilyConfig

NAME, RECIPE, WEIGHTS = "config.json", "recipe.yaml", "model.safetensors"
# The number of the layout of a bundle's folder, counted up when an older clearhead could not read it.
FORMAT = 1

_FIRST_FIELDS = {"format", "family", "model", "files"}
_SETTINGS = ("name", "languages", "decoding", "seed")
_LATER_SETTINGS = ("task", "documents", "labels", "pooling", "template", "ends", "sampling", "origin")
_MOST_BYTES, _MOST_NAMES = 4 << 20, 100


class Config(NamedTuple):
    """family: a key of `FAMILY_TASKS`. sizes: what its config is made from, not yet checked.

    files: names and their hashes.
    scripts: in which the training's sources were written; settings: how the bundle is used. None where it does not say.
    """

    family: str
    sizes: dict[str, Any]
    files: dict[str, str]
    scripts: list[str] | None
    settings: Settings | None

    @property
    def tokenizers(self) -> tuple[str, ...]:
        """The files of the source's and of the target's tokenizer; one where both sides share it."""
        return ("tokenizer.json",) if "tokenizer.json" in self.files else ("source.json", "target.json")

    @property
    def needed(self) -> dict[str, str]:
        """The files that using the bundle needs, and their hashes."""
        # The tokenizers of that room are imported with it, and take time.
        from clearhead.text import roles_path

        roles = (roles_path(Path(name)).name for name in self.tokenizers)
        return {name: self.files[name] for name in (WEIGHTS, *self.tokenizers, *roles) if name in self.files}


def write_config(
    folder: Path,
    sizes: "FamilyConfig",
    files: Mapping[str, str],
    scripts: Sequence[str] | None,
    settings: Settings,
) -> None:
    """Write config.json for a folder that holds all other files already."""
    config = {"format": FORMAT, "family": task_for(sizes).family, "model": sizes.as_plain(), "files": dict(files)}
    if scripts is not None:
        config["source_scripts"] = list(scripts)
    config |= settings.as_plain()
    config["sha256"] = _digest(config)
    (folder / NAME).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def read_config(folder: Path) -> Config:
    """What the folder's config.json says. Raises BundleError where it is damaged, or of another clearhead."""
    path = folder / NAME
    try:
        config = strict_json(read_text(folder, NAME, _MOST_BYTES))
        if "format" not in config and "model_type" in config:
            raise BundleError(
                f"{folder} is a model of Hugging Face's and no bundle; make one of it by "
                f"`clearhead import {folder} --out MODEL`"
            )
        form, family = config["format"], config["family"]
        if isinstance(form, bool) or form != FORMAT:
            raise BundleError(
                f"{path} has format {_short(form)}, but this clearhead reads format {FORMAT}; update clearhead"
            )
        if family not in FAMILY_TASKS:
            raise BundleError(
                f"{path} has family {_short(family)}; expected {', '.join(FAMILY_TASKS)}; update clearhead"
            )
        _check_digest(config)
        found = _config(config)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        problem = f"no {error}" if isinstance(error, KeyError) else error
        raise BundleError(f"{path} is not a bundle's config ({problem}); copy the bundle again") from None
    if missing := {WEIGHTS, *found.tokenizers} - found.files.keys():
        raise BundleError(f"{path} names no {', '.join(sorted(missing))}; copy the bundle again")
    return found


def _config(config: Mapping[str, Any]) -> Config:
    sizes, files, scripts = config["model"], config["files"], config.get("source_scripts")
    if not isinstance(sizes, dict) or not isinstance(files, dict) or len(files) > _MOST_NAMES:
        raise ValueError("model or files is not an object")
    for name, value in files.items():
        if Path(name).name != name or name in ("", ".", "..", NAME):
            raise ValueError(f"{_short(name)} is no file of a bundle")
        if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
            raise ValueError(f"the sha256 of {name[:80]!r} is not a sha256")
    named = isinstance(scripts, list) and len(scripts) <= _MOST_NAMES
    if scripts is not None and not (named and all(isinstance(one, str) and len(one) <= 80 for one in scripts)):
        raise ValueError("source_scripts is not a list of names")
    # A bundle says all of them or, as the first ones, none.
    settings = None
    if config.keys() & {*_SETTINGS, *_LATER_SETTINGS}:
        said = {name: config[name] for name in (*_SETTINGS, *_LATER_SETTINGS) if name in config}
        settings = Settings.from_plain(said)
    return Config(config["family"], sizes, files, scripts, settings)


def _check_digest(config: dict[str, Any]) -> None:
    """Hold the other fields against their hash. Only the first bundles had none, and their four fields alone."""
    said = config.pop("sha256", None)
    if said is None and config.keys() == _FIRST_FIELDS:
        return
    if said != _digest(config):
        raise ValueError("its sha256 is not that of its other fields")


def _digest(config: Mapping[str, Any]) -> str:
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_text(folder: Path, name: str, most: int) -> str:
    """A file of the folder as text. Raises BundleError where it is no file inside it, too large or not UTF-8."""
    try:
        return _read_bytes(folder, name, most).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleError(f"{folder / name} cannot be read ({error}); copy the bundle again") from None


def read_listed(folder: Path, files: Mapping[str, str], name: str, most: int) -> str:
    """A file that may be missing as text: nothing, where it is another one than the config lists."""
    try:
        content = _read_bytes(folder, name, most)
    except BundleError:
        return ""
    return content.decode("utf-8", "replace") if hashlib.sha256(content).hexdigest() == files.get(name) else ""


def _read_bytes(folder: Path, name: str, most: int) -> bytes:
    path = folder / name
    require_inside(folder, name)
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise BundleError(f"{path} is larger than {most:,} bytes; copy the bundle again")
        return content
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the bundle again") from None


def require_inside(folder: Path, name: str) -> None:
    """Raise BundleError where `name` is no file of the folder: a name such as ../secret, or a link that leads out."""
    path = folder / name
    try:
        inside = Path(name).name == name and path.resolve().is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError, RuntimeError):  # A name that no file can have; links in a circle.
        inside = False
    if not inside:
        raise BundleError(f"{folder} lacks {_short(name)}, which its config.json names; copy the bundle again")


def check_files(folder: Path, files: Mapping[str, str]) -> None:
    """Hold every file against its hash. Raises BundleError for the first that is damaged or not there."""
    for name, expected in files.items():
        require_inside(folder, name)
        try:
            found = sha256(folder / name)
        except OSError as error:
            raise BundleError(f"{folder / name} cannot be read ({error.strerror}); check its rights") from None
        if found != expected:
            raise BundleError(
                f"{folder / name} is damaged (its sha256 is not that in config.json); copy the bundle again"
            )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
