"""How a GGUF file scales rotary positions: by a setting, or by a table of which Llama 3.1's numbers are found again.

Source: llama.cpp, convert_hf_to_gguf.py, which writes the table by low_freq_factor=1, high_freq_factor=4 and
original_max_position_embeddings=8192 where a folder says nothing else.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from clearhead.errors import InteropError
from clearhead.interop.foreign import ForeignSettings, Numbers
from clearhead.interop.places import Tensors
from clearhead.model.config import ROTARY_BASE, BlockConfig
from clearhead.model.tables import rotary_frequencies

TABLE: Final = "rope_freqs.weight"
# Of numbers in it, and of what it divides by.
_MOST: Final = 2**15


def rope_scaling(tensors: Tensors, values: Mapping[str, Any], kind: str, place: str) -> dict[str, Any] | None:
    """What config.json calls rope_scaling; None where nothing is scaled. Raises InteropError for another kind."""
    said = tensors.metadata.get(f"{kind}.rope.scaling.type", "none")
    if said not in ("none", "linear"):
        raise InteropError(
            f"{place} has {kind}.rope.scaling.type={said!r:.60}, which clearhead has not; expected none or linear"
        )
    if TABLE in tensors.shapes:
        return _of_table(tensors.read(TABLE), values, place)
    if said == "none":
        return None
    factor = ForeignSettings(tensors.metadata, place).number(f"{kind}.rope.scaling.factor", 1.0)
    return {"rope_type": "linear", "factor": factor}


def table_of(config: BlockConfig) -> Numbers:
    """By what each pair's frequency is divided: rope_freqs of a GGUF file."""
    plain = dataclasses.replace(config, rotary_scaling="none", rotary_factor=1.0)
    return (rotary_frequencies(plain) / rotary_frequencies(config)).astype(np.float32)


def _of_table(divisors: Numbers, values: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Llama 3.1's scaling that divides each pair's frequency so. Raises InteropError where none does."""
    greatest = float(divisors.max(initial=1.0))
    if divisors.ndim == 1 and 0 < len(divisors) <= _MOST and 1 <= greatest <= _MOST:
        sizes: Any = {"width": 2 * len(divisors), "heads": 1, "positions": "rotary"}
        sizes["rotary_base"] = ForeignSettings(values, place).number("rope_theta", ROTARY_BASE)
        scaled = BlockConfig(**sizes, rotary_scaling="llama3", rotary_factor=greatest)
        if np.allclose(divisors, table_of(scaled), rtol=1e-4, atol=0):
            return {
                "rope_type": "llama3", "factor": greatest, "low_freq_factor": scaled.rotary_low_turns,
                "high_freq_factor": scaled.rotary_high_turns,
                "original_max_position_embeddings": scaled.rotary_trained_length,
            }  # fmt: skip
    raise InteropError(f"{place} has {TABLE}, which is not as Llama 3.1 scales; clearhead has no other scaling")
