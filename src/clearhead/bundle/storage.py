"""The files that a model's weights are stored in, in a bundle and in a checkpoint, by PyTorch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from clearhead.bundle.fitting import require_shapes
from clearhead.errors import BundleError
from clearhead.tensor_file import os_errors

StoredPrecision = Literal["fp32", "fp16"]


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


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill a model's parameters, in its own numbers, from a file's. Raises BundleError where names or shapes differ."""
    wanted = dict(model.named_parameters())
    require_shapes(path, {name: tuple(one.shape) for name, one in wanted.items()})
    try:
        with torch.no_grad(), safe_open(path, framework="pt") as file:
            for name, parameter in wanted.items():
                parameter.copy_(file.get_tensor(name))
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the bundle again") from None


def read_tensors(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a safetensors file. Raises BundleError where it cannot be read."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the bundle again") from None
