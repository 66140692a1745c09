"""The files that a model is stored in, in a bundle and in a checkpoint: its weights and its tokenizers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from clearhead.errors import BundleError
from clearhead.text import Tokenizer

StoredPrecision = Literal["fp32", "fp16"]


def tokenizer_files(source: Tokenizer, target: Tokenizer) -> dict[str, Tokenizer]:
    """Under which names a model's tokenizers are stored: one file where both sides share one."""
    return {"tokenizer.json": source} if source is target else {"source.json": source, "target.json": target}


def load_tokenizers(folder: Path) -> tuple[Tokenizer, Tokenizer]:
    """The source's and the target's tokenizer, as stored under `tokenizer_files`'s names."""
    joint = folder / "tokenizer.json"
    if joint.is_file():
        tokenizer = Tokenizer.load(joint)
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
    save_file(tensors, path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill a model's parameters, in its own numbers, from a file's. Raises BundleError where names or shapes differ."""
    stored = read_tensors(path)
    wanted = dict(model.named_parameters())
    if stored.keys() != wanted.keys():
        name = min(stored.keys() ^ wanted.keys())
        raise BundleError(f"{path} does not fit its config.json (first difference: {name}); copy the bundle again")
    with torch.no_grad():
        for name, parameter in wanted.items():
            if parameter.shape != stored[name].shape:
                raise BundleError(
                    f"{path}: {name} has shape {tuple(stored[name].shape)}, expected {tuple(parameter.shape)}; "
                    f"copy the bundle again"
                )
            parameter.copy_(stored[name])


def read_tensors(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a safetensors file. Raises BundleError where it cannot be read."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the bundle again") from None
