"""A model's lexical shortlist in a file that knows which tokenizers it was made for.

The file is safetensors: `offsets`, `targets` and `always` as in `decoding.Shortlist`, and in its metadata the format,
the SHA-256 of both tokenizers and the language that it was learned for.
"""

import hashlib
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from clearhead.decoding import Shortlist
from clearhead.errors import BundleError, DecodingError
from clearhead.files import publish_file
from clearhead.tensor_file import Header, os_errors, read_header
from clearhead.text import Tokenizer

_FORMAT: Final = "clearhead-shortlist-1"
_ARRAYS: Final = ("offsets", "targets", "always")


def save_shortlist(shortlist: Shortlist, path: str | Path, source: Tokenizer, target: Tokenizer) -> None:
    """Write a shortlist that was made for these tokenizers to a file, whole or not at all."""
    arrays: dict[str, NDArray[Any]] = {
        "offsets": shortlist.offsets.astype(np.int64),
        "targets": shortlist.targets.astype(np.int32),
        "always": shortlist.always.astype(np.int32),
    }
    with publish_file(Path(path)) as draft, os_errors(draft):
        save_file(arrays, draft, {**_identity(source, target), "language": shortlist.language or ""})


def load_shortlist(path: str | Path, source: Tokenizer, target: Tokenizer) -> Shortlist:
    """Read what `save_shortlist` wrote; nothing in the file is trusted.

    Raises BundleError where it is no shortlist, a damaged one, or one that was made for other tokenizers than these.
    """
    try:
        header = read_header(path)
        metadata = header.metadata
        if metadata.get("format") != _FORMAT:
            raise BundleError(f"{path} is not a shortlist; expected a file that `clearhead shortlist` wrote")
        if any(metadata.get(name) != value for name, value in _identity(source, target).items()):
            raise BundleError(
                f"the shortlist {path} was made for another model's pieces; make one for this with "
                "`clearhead shortlist`"
            )
        _check_header(header, source)
        with safe_open(path, framework="numpy") as file:
            offsets, targets, always = (file.get_tensor(name) for name in _ARRAYS)
    except (OSError, ValueError, SafetensorError) as error:
        problem = error.strerror if isinstance(error, OSError) else error
        raise BundleError(
            f"the shortlist {path} cannot be read ({problem or error}); make it again with `clearhead shortlist`"
        ) from None
    try:
        # Differences of the greatest and the least whole numbers would come out with another sign.
        if len(offsets) and not 0 <= offsets.min() <= offsets.max() <= len(targets):
            raise DecodingError(f"its offsets do not rise from 0 to its {len(targets)} targets")
        return Shortlist(offsets, targets, always, target.size, metadata.get("language") or None)
    except DecodingError as error:
        raise BundleError(f"the shortlist {path} is damaged ({error}); make it again") from None


def _check_header(header: Header, source: Tokenizer) -> None:
    """See that the arrays are rows of whole numbers, before they are read. Raises ValueError in one line."""
    for name in _ARRAYS:
        if name not in header.tensors:
            raise ValueError(f"it has no {name}")
        kind, shape, _ = header.tensors[name]
        if kind not in {"I64", "I32"} or len(shape) != 1:
            raise ValueError(f"its {name} are {kind} {shape}, not rows of whole numbers")
    if (count := header.tensors["offsets"].shape[0]) != source.size + 1:
        raise ValueError(f"it has {count - 1} source pieces, not {source.size}")
    if not re.fullmatch("[A-Za-z0-9_-]{0,80}", header.metadata.get("language", "")):
        raise ValueError("its language is no name")


def _identity(source: Tokenizer, target: Tokenizer) -> dict[str, str]:
    hashes = [hashlib.sha256(one.to_json().encode()).hexdigest() for one in (source, target)]
    return {"format": _FORMAT, "source": hashes[0], "target": hashes[1]}
