"""From a folder on disk to a model in use; nothing in the folder is trusted."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from clearhead.bundle.archive import extracted, is_archive
from clearhead.bundle.config_file import Config, check_files, read_config
from clearhead.decoding import Precision
from clearhead.errors import BundleError
from clearhead.native import compiler

if TYPE_CHECKING:
    import torch

    import clearhead.bundle.bundle

# Models that come with clearhead, each a run folder without its checkpoints.
SHIPPED = Path(__file__).with_name("shipped")
_RECIPES = frozenset({".yaml", ".yml"})
# Of a name of two parts, as OWNER/NAME.
_FROM_THE_HUB = "; one of the Hugging Face hub is made into a bundle by `clearhead import`"


def load(
    path: str | Path,
    device: "str | torch.device" = "cpu",
    precision: Precision = "fp32",
    shortlist: str | Path | None = None,
) -> "clearhead.bundle.bundle.Bundle":
    """Read a bundle from its folder, or from the run folder that holds it, onto a device such as "cpu" or "cuda".

    path: may be a .zip of either as well, or "street", the small trained model that comes with clearhead.
    precision: in which numbers to multiply while translating: "fp32", or with rounding "bf16" and, on a CPU, "int8".
    shortlist: a file made by `clearhead shortlist`, which makes translating faster on a CPU.

    Every file that is used is checked against its hash; recipe.yaml and README.md may be missing, or be others. Raises
    BundleError where the folder is no bundle or a damaged one, or the shortlist is none of this model.
    """
    place = find_bundle(Path(path))
    if shortlist is not None and not Path(shortlist).exists():
        raise BundleError(f"the shortlist {shortlist} does not exist; make it with `clearhead shortlist`")
    with extracted(place) as folder:
        config = read_config(folder)
        check_files(folder, config.needed)
        if str(device) == "cpu":
            compiler.begin()
        bundle = _assemble(folder, config, str(device), precision, shortlist)
    bundle.folder = place if place.is_dir() else None  # A .zip's folder is gone now.
    return bundle


def _assemble(
    folder: Path, config: Config, device: str, precision: Precision, shortlist: str | Path | None
) -> "clearhead.bundle.bundle.Bundle":
    """The model in use, from a folder whose files are whole."""
    # Not before: what is wrong with the folder has long been said by then, and the compiler is at work.
    from clearhead.bundle.bundle import Bundle
    from clearhead.bundle.folder import read_folder
    from clearhead.bundle.serving import Serving
    from clearhead.bundle.shortlist_file import load_shortlist

    weights, parts = read_folder(folder, config)
    pieces = None if shortlist is None else load_shortlist(shortlist, parts.source, parts.target)
    # Until somebody asks the bundle for its model, nobody else can reach it.
    alone = Serving(weights, device)
    return Bundle(alone, parts.source, parts.target, parts.recipe, precision, pieces, parts.scripts, parts.settings)


def find_bundle(path: Path) -> Path:
    """The bundle's folder, given it, or the run folder that holds it, or the name of a model of clearhead's own.

    Where a model lies under such a name, that one is meant. A .zip is returned as it is: `load` unpacks it while it
    reads.
    """
    try:
        for folder in (path, path / "bundle"):
            if (folder / "config.json").is_file():
                return folder
        if is_archive(path):
            return path
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
        hub = _FROM_THE_HUB if len(path.parts) == 2 and not path.is_absolute() else ""
        raise BundleError(
            f"model {path} does not exist; expected a run folder or a bundle folder made by `clearhead train`, "
            f"or the name of clearhead's own: {', '.join(own)}{hub}"
        )
    raise BundleError(
        f"model {path} is not a model; expected a folder with config.json, a run folder with bundle/, or a .zip of "
        f"one{_hint(path)}"
    )


def _hint(path: Path) -> str:
    """What makes a model of a file, or the model that was probably meant."""
    if path.suffix in _RECIPES and not (path.parent / "config.json").is_file():
        return f"; make one of the recipe by `clearhead train {path} --out RUN`"
    if path.suffix == ".gguf":
        return f"; make one of it by `clearhead import {path} --out MODEL`"
    near = _near(path)
    return f"; did you mean {near}?" if near else ""


def _near(path: Path) -> Path | None:
    """The model that holds `path`, such as a checkpoint's or that of a file of weights, or the first one in it."""
    with contextlib.suppress(OSError):
        inside = sorted(path.iterdir()) if path.is_dir() else []
        for folder in (*path.parents[:3], *inside):
            if any((one / "config.json").is_file() for one in (folder, folder / "bundle")):
                return folder
    return None


def shipped() -> dict[str, Path]:
    """The bundles that come with clearhead, by their names."""
    return {config.parents[1].name: config.parent for config in sorted(SHIPPED.glob("*/bundle/config.json"))}
