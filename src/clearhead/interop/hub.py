"""A model by its name on the Hugging Face hub: its files, fetched by their package, which is an extra."""

import re
from pathlib import Path
from typing import Final

from clearhead.errors import InteropError, PackageError

_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
# Settings, tokenizers and weights; no code, and one format of weights where there are several.
_SMALL: Final = ["*.json", "*.txt", "*.model", "*.spm", "*.jinja", "1_Pooling/*.json"]
_WEIGHTS: Final = (["model*.safetensors"], ["pytorch_model*.bin"])


def is_hub_name(place: str | Path) -> bool:
    """Whether it looks like OWNER/NAME, and nothing lies there."""
    return _NAME.fullmatch(str(place)) is not None and not Path(place).exists()


def fetched(name: str) -> Path:
    """The folder of a hub model's files. Raises PackageError without the package, InteropError without a network."""
    try:
        from huggingface_hub import list_repo_files, snapshot_download
    except ImportError:
        raise PackageError(
            f"{name} is not on this disk, and fetching it from the hub needs the package huggingface_hub; install it "
            "with: pip install 'clearhead[import]'"
        ) from None
    try:
        there = list_repo_files(name)
        weights = _WEIGHTS[0] if any(one.endswith(".safetensors") for one in there) else _WEIGHTS[1]
        return Path(snapshot_download(name, allow_patterns=[*_SMALL, *weights]))
    except Exception as error:  # Of the network, of the hub, or of its cache: each has its own.
        reason = " ".join(str(error).split())[:160]
        raise InteropError(
            f"{name} is not on this disk, and cannot be fetched from the Hugging Face hub ({type(error).__name__}: "
            f"{reason}); copy its folder here and name that"
        ) from None
