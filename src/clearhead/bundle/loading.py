"""From a folder on disk to a model in use; nothing in the folder is trusted."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearhead.decoding import Precision
from clearhead.errors import BundleError, ConfigError, RecipeError, TokenizerError, UsageError
from clearhead.files import sha256
from clearhead.native import compiler

if TYPE_CHECKING:
    import clearhead.bundle.bundle

# Models that come with clearhead, each a run folder without its checkpoints.
SHIPPED = Path(__file__).with_name("shipped")
# The number of the layout of a bundle's folder, counted up when an older clearhead could not read it.
FORMAT = 1


def load(
    path: str | Path, device: str = "cpu", precision: Precision = "fp32", shortlist: str | Path | None = None
) -> "clearhead.bundle.bundle.Bundle":
    """Read a bundle from its folder, or from the run folder that holds it, onto a device such as "cpu" or "cuda".

    path: may be "street" as well, the small trained model that comes with clearhead.
    precision: in which numbers to multiply while translating: "fp32", or with rounding "bf16" and, on a CPU, "int8".
    shortlist: a file made by `clearhead shortlist`, which makes translating faster on a CPU.
    Every file is checked against its hash. Raises BundleError where the folder is no bundle or a damaged one, or the
    shortlist is none of this model.
    """
    folder = find_bundle(Path(path))
    sizes, hashes, scripts = _read_config(folder)
    for name, expected in hashes.items():
        _check_file(folder, name, expected)
    if device == "cpu":
        compiler.begin()
    return _assemble(folder, sizes, scripts, device, precision, shortlist)


def _assemble(
    folder: Path,
    sizes: dict[str, Any],
    scripts: list[str] | None,
    device: str,
    precision: Precision,
    shortlist: str | Path | None,
) -> "clearhead.bundle.bundle.Bundle":
    """The model in use, from a folder whose files are whole."""
    # Not before: torch takes a second, in which all that is wrong with the folder has long been said, and in which the
    # compiler is at work.
    from clearhead.bundle.bundle import Bundle
    from clearhead.bundle.shortlist import load_shortlist
    from clearhead.bundle.storage import load_tokenizers, load_weights
    from clearhead.model import EncoderDecoder, TransformerConfig
    from clearhead.recipe import build_recipe, parse_recipe

    try:
        recipe = build_recipe(parse_recipe(_read_text(folder / "recipe.yaml"), "recipe.yaml"), "recipe.yaml")
        model = EncoderDecoder(TransformerConfig(**sizes))
        source, target = load_tokenizers(folder)
    except (TypeError, ConfigError, RecipeError, TokenizerError) as error:
        raise BundleError(f"{folder} is not a bundle of this clearhead ({error}); update clearhead") from None
    pieces = None if shortlist is None else load_shortlist(shortlist, source, target)
    load_weights(model, folder / "model.safetensors")
    try:
        model = model.to(device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"device={device!r} cannot be used ({error}); choose cpu, or cuda where there is one"
        ) from None
    bundle = Bundle(model.eval(), source, target, recipe, precision, pieces, scripts)
    bundle.folder = folder
    return bundle


def find_bundle(path: Path) -> Path:
    """The bundle's folder, given it, or the run folder that holds it, or the name of a model of clearhead's own.

    Where a model lies under such a name, that one is meant.
    """
    try:
        for folder in (path, path / "bundle"):
            if (folder / "config.json").is_file():
                return folder
        exists, is_run = path.exists(), (path / "checkpoints").is_dir()
    except OSError as error:
        raise BundleError(f"model {path} cannot be read ({error.strerror}); check the path and its rights") from None
    if is_run:
        raise BundleError(
            f"model {path} has not been validated yet, so it has no bundle; go on with its training (--resume)"
        )
    own = shipped()
    if str(path) in own:
        return own[str(path)]
    if not exists:
        raise BundleError(
            f"model {path} does not exist; expected a run folder or a bundle folder made by `clearhead train`, "
            f"or the name of clearhead's own: {', '.join(own)}"
        )
    raise BundleError(f"model {path} is not a model; expected a folder with config.json, or a run folder with bundle/")


def shipped() -> dict[str, Path]:
    """The bundles that come with clearhead, by their names."""
    return {config.parents[1].name: config.parent for config in sorted(SHIPPED.glob("*/bundle/config.json"))}


def _read_config(folder: Path) -> tuple[dict[str, Any], dict[str, str], list[str] | None]:
    """The model's sizes, the files' hashes and the sources' scripts, once the format is known to be ours."""
    path = folder / "config.json"
    try:
        config = json.loads(_read_text(path))
        form, family = config["format"], config["family"]
        if form != FORMAT:
            raise BundleError(f"{path} has format {form!r}, but this clearhead reads format {FORMAT}; update clearhead")
        if family != "encoder-decoder":
            raise BundleError(f"{path} has family {family!r}; expected encoder-decoder; update clearhead")
        sizes, hashes = dict(config["model"]), dict(config["files"])
        scripts = [str(script) for script in config["source_scripts"]] if "source_scripts" in config else None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"{path} is not a bundle's config ({error!r}); copy the bundle again") from None
    tokenizers = {"tokenizer.json"} if "tokenizer.json" in hashes else {"source.json", "target.json"}
    if missing := {"model.safetensors", "recipe.yaml", *tokenizers} - hashes.keys():
        raise BundleError(f"{path} names no {', '.join(sorted(missing))}; copy the bundle again")
    return sizes, hashes, scripts


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the bundle again") from None


def _check_file(folder: Path, name: str, expected: str) -> None:
    path = folder / name
    # Neither a name such as ../secret nor a link may make us read outside the bundle.
    try:
        inside = Path(name).name == name and path.resolve().is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError):  # A name that no file can have.
        inside = False
    if not inside:
        raise BundleError(f"{folder} lacks {name!r}, which its config.json names; copy the bundle again")
    if sha256(path) != expected:
        raise BundleError(f"{path} is damaged (its sha256 is not that in config.json); copy the bundle again")
