"""A bundle of weights that another program learned: written from arrays, without PyTorch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from clearhead.bundle.config_file import WEIGHTS, write_config
from clearhead.bundle.settings import Settings
from clearhead.bundle.tokenizers import tokenizer_files
from clearhead.errors import BundleError
from clearhead.files import publish_folder, sha256
from clearhead.model.config import FamilyConfig
from clearhead.tensor_file import os_errors
from clearhead.text import Tokenizer


def write_arrays(
    path: Path,
    config: FamilyConfig,
    weights: Mapping[str, NDArray[Any]],
    tokenizers: tuple[Tokenizer, Tokenizer],
    settings: Settings,
    card: str,
) -> None:
    """Write a bundle's folder, whole or not at all. weights: of each parameter by its name, float32.

    Where float16 holds every one of them exactly, as in files that were halved, they are stored so.
    Raises BundleError where something else than a bundle is at `path`.
    """
    if path.exists() and not (path / "config.json").is_file() and not (path.is_dir() and not any(path.iterdir())):
        raise BundleError(f"{path} exists and is no bundle, so it is not replaced; name another folder")
    with publish_folder(path) as draft:
        with os_errors(draft / WEIGHTS):
            save_file(_halved(weights), draft / WEIGHTS)
        for name, tokenizer in tokenizer_files(*tokenizers).items():
            tokenizer.save(draft / name)
        (draft / "README.md").write_text(card, encoding="utf-8")
        hashes = {file.name: sha256(file) for file in sorted(draft.iterdir())}
        write_config(draft, config, hashes, None, settings)


def _halved(weights: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    halves = {}
    with np.errstate(over="ignore"):
        for name, numbers in weights.items():
            half = numbers.astype(np.float16)
            if not np.array_equal(half.astype(np.float32), numbers):
                return {name: np.ascontiguousarray(numbers, np.float32) for name, numbers in weights.items()}
            halves[name] = half
    return halves
