"""The files that a model is stored in, in a bundle and in a checkpoint: its weights and its tokenizers."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from clearhead.errors import BundleError
from clearhead.model import TransformerConfig
from clearhead.model.shapes import parameter_shapes, table_numbers
from clearhead.tensor_file import os_errors, read_header
from clearhead.text import Tokenizer

StoredPrecision = Literal["fp32", "fp16"]

# The types that weights may be stored in. What is computed with is float32.
_KINDS = ("F32", "F16", "BF16", "F64")
# Tables of positions are no part of the file. They may take this many bytes, or this many for each byte of weights.
_TABLES, _TABLES_FOR_EACH_BYTE = 64 << 20, 16


def tokenizer_files(source: Tokenizer, target: Tokenizer) -> dict[str, Tokenizer]:
    """Under which names a model's tokenizers are stored: one file where both sides share one."""
    return {"tokenizer.json": source} if source is target else {"source.json": source, "target.json": target}


def load_tokenizers(folder: Path, names: Collection[str]) -> tuple[Tokenizer, Tokenizer]:
    """The source's and the target's tokenizer, of the files that the folder's own list names (`tokenizer_files`)."""
    if "tokenizer.json" in names:
        tokenizer = Tokenizer.load(folder / "tokenizer.json")
        return tokenizer, tokenizer
    return Tokenizer.load(folder / "source.json"), Tokenizer.load(folder / "target.json")


def save_weights(model: nn.Module, path: Path, precision: StoredPrecision = "fp32") -> None:
    """Every parameter once, shared ones under their first name, in float32, or rounded to the nearest float16.

    Raises BundleError where a weight is too large for float16.
    """
    kind = {"fp32": torch.float32, "fp16": torch.float16}[precision]
    tensors = {name: value.detach().to("cpu", kind).contiguous() for name, value in model.named_parameters()}
    for name, parameter in model.named_parameters():
        if parameter.isfinite().all() and not tensors[name].isfinite().all():
            raise BundleError(
                f"{name} has a weight of {parameter.abs().max():.3g}, but fp16 ends at {torch.finfo(kind).max:,.0f}; "
                "set training.bundle_precision=fp32"
            )
    with os_errors(path):
        save_file(tensors, path)


def require_sizes(config: TransformerConfig, path: Path, source: Tokenizer, target: Tokenizer) -> None:
    """Raise BundleError unless a file's weights and the tokenizers have the sizes of a config. Nothing is built."""
    for side, tokenizer in (("source", source), ("target", target)):
        if (size := getattr(config, f"{side}_vocabulary")) != tokenizer.size:
            raise BundleError(
                f"{path.parent}: config.json has {side}_vocabulary={size}, but the tokenizer has {tokenizer.size} "
                "pieces; copy the bundle again"
            )
    _require_shapes(path, parameter_shapes(config))
    most = max(_TABLES, _TABLES_FOR_EACH_BYTE * path.stat().st_size)
    if 4 * table_numbers(config) > most:
        raise BundleError(
            f"{path.parent}: config.json has max_length={config.max_length}, which needs tables of positions far "
            "larger than the model; copy the bundle again"
        )


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill a model's parameters, in its own numbers, from a file's. Raises BundleError where names or shapes differ."""
    wanted = dict(model.named_parameters())
    _require_shapes(path, {name: tuple(one.shape) for name, one in wanted.items()})
    try:
        with torch.no_grad(), safe_open(path, framework="pt") as file:
            for name, parameter in wanted.items():
                parameter.copy_(file.get_tensor(name))
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the bundle again") from None


def _require_shapes(path: Path, wanted: Mapping[str, tuple[int, ...]]) -> None:
    """Hold the header of a file of weights against names and shapes; no weight is read."""
    try:
        stored = read_header(path).tensors
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the bundle again") from None
    if stored.keys() != wanted.keys():
        name = min(stored.keys() ^ wanted.keys())
        raise BundleError(
            f"{path} does not fit its config.json (first difference: {name[:200]!r}); copy the bundle again"
        )
    for name, shape in wanted.items():
        if stored[name].shape != shape:
            raise BundleError(f"{path}: {name} has shape {stored[name].shape}, expected {shape}; copy the bundle again")
        if stored[name].kind not in _KINDS:
            raise BundleError(
                f"{path}: {name} holds {stored[name].kind}, expected one of {', '.join(_KINDS)}; copy the bundle again"
            )


def read_tensors(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a safetensors file. Raises BundleError where it cannot be read."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the bundle again") from None
