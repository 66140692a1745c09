"""The files that a model is stored in, in a bundle and in a checkpoint: its weights and its tokenizers."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from clearhead.errors import BundleError
from clearhead.text import Tokenizer


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


def save_weights(model: nn.Module, path: Path) -> None:
    """Every parameter once, shared ones under their first name, in float32."""
    save_file({name: value.detach().float().contiguous().cpu() for name, value in model.named_parameters()}, path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill a model's parameters. Raises BundleError where names or shapes differ."""
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
