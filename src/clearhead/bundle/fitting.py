"""Whether a file of weights and tokenizers fit a config: asked before anything of these sizes is built."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clearhead.errors import BundleError
from clearhead.model import FamilyConfig
from clearhead.model.shapes import parameter_shapes, table_numbers
from clearhead.tensor_file import read_header
from clearhead.text import Tokenizer

if TYPE_CHECKING:
    from torch import nn

# The types that weights may be stored in. What is computed with is float32.
_KINDS = ("F32", "F16", "BF16", "F64")
# Tables of positions are no part of the file. They may take this many bytes, or this many for each byte of weights.
_TABLES, _TABLES_FOR_EACH_BYTE = 64 << 20, 16


def require_sizes(config: FamilyConfig, path: Path, source: Tokenizer, target: Tokenizer) -> None:
    """Raise BundleError unless a file's weights and the tokenizers have the sizes of a config. Nothing is built."""
    tokenizers = {"source_vocabulary": source, "target_vocabulary": target, "vocabulary": source}
    for name, tokenizer in tokenizers.items():
        if (size := getattr(config, name, tokenizer.size)) != tokenizer.size:
            raise BundleError(
                f"{path.parent}: config.json has {name}={size}, but the tokenizer has {tokenizer.size} "
                "pieces; copy the bundle again"
            )
    if hasattr(config, "vocabulary") and source is not target:
        raise BundleError(f"{path.parent} has two tokenizers for a model of one vocabulary; copy the bundle again")
    require_shapes(path, parameter_shapes(config))
    most = max(_TABLES, _TABLES_FOR_EACH_BYTE * path.stat().st_size)
    if 4 * table_numbers(config) > most:
        raise BundleError(
            f"{path.parent}: config.json has max_length={config.max_length}, which needs tables of positions far "
            "larger than the model; copy the bundle again"
        )


def require_listed(model: "nn.Module", config: FamilyConfig) -> None:
    """Raise BundleError for a model of which no bundle could be read: its parameters are not those of its config.

    A bundle is read by the names and shapes that `model/shapes.py` lists for a config, without PyTorch.
    """
    wanted = parameter_shapes(config)
    found = {name: tuple(one.shape) for name, one in model.named_parameters()}
    different = [name for name in (found | wanted) if found.get(name) != wanted.get(name)]
    if different:
        name = different[0]
        raise BundleError(
            f"the model has {name} {_of_shape(found.get(name))}, but {_of_shape(wanted.get(name))} by its config, so "
            "no bundle of it could be read; take out what was added, or, if its class was edited, list its weights "
            "in model/shapes.py"
        )


def _of_shape(shape: tuple[int, ...] | None) -> str:
    return "not at all" if shape is None else f"of shape {shape}"


def require_shapes(path: Path, wanted: Mapping[str, tuple[int, ...]]) -> None:
    """Hold the header of a file of weights against names and shapes; no weight is read."""
    try:
        stored = read_header(path).tensors
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the bundle again") from None
    if stored.keys() != wanted.keys():
        name = min(stored.keys() ^ wanted.keys())
        raise BundleError(
            f"{path} does not fit its config.json (first difference: {name[:200]!r}); copy the bundle again, or, "
            "if the model's code was edited, train it again"
        )
    for name, shape in wanted.items():
        if stored[name].shape != shape:
            raise BundleError(f"{path}: {name} has shape {stored[name].shape}, expected {shape}; copy the bundle again")
        if stored[name].kind not in _KINDS:
            raise BundleError(
                f"{path}: {name} holds {stored[name].kind}, expected one of {', '.join(_KINDS)}; copy the bundle again"
            )
