"""Tables of positions that a formula gives, as NumPy arrays, since C reads the same ones without torch."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float32, Int
from numpy.typing import NDArray

from clearhead.model.config import BlockConfig

Table = Float32[np.ndarray, "positions width"]
BASE = 10_000.0


def sinusoidal(positions: int, width: int) -> Table:
    """PE(pos, 2i) = sin(pos / 10000^(2i/d_model)) and PE(pos, 2i+1) = cos of the same: sines and cosines alternate.

    Source: "Attention Is All You Need", section 3.5.
    """
    angle = _angles(positions, BASE ** (-np.arange(0, width, 2) / width))
    return np.stack((np.sin(angle), np.cos(angle)), axis=-1).reshape(positions, -1).astype(np.float32)


def sinusoidal_concatenated(positions: int, width: int) -> Table:
    """All sines, then all cosines, as the authors' tensor2tensor computes them.

    The wavelengths differ a little as well: they form a geometric row of width/2 terms whose last is exactly
    10000·2π, because the exponent's denominator is width/2 - 1.
    """
    terms = width // 2
    angle = _angles(positions, BASE ** -(np.arange(terms) / max(terms - 1, 1)))
    return np.concatenate((np.sin(angle), np.cos(angle)), axis=-1).astype(np.float32)


def sinusoidal_halves(positions: int, width: int) -> Table:
    """The sines of `sinusoidal`, then its cosines, as Marian and Pegasus have them (Hugging Face)."""
    angle = _angles(positions, BASE ** (-np.arange(0, width, 2) / width))
    return np.concatenate((np.sin(angle), np.cos(angle)), axis=-1).astype(np.float32)


LAYOUTS: Mapping[str, Callable[[int, int], Table]] = {
    "sinusoidal": sinusoidal,
    "sinusoidal-concatenated": sinusoidal_concatenated,
    "sinusoidal-halves": sinusoidal_halves,
}
"""The tables that are added to embeddings, of so many positions and numbers, by the kind of positions."""


def rotary(config: BlockConfig) -> tuple[Table, Table]:
    """The cosine and the sine of position · frequency, by which a head's pair number i is turned.

    Source: Su et al. 2021, "RoFormer", equation 34.
    """
    angle = _angles(config.max_length, rotary_frequencies(config))
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def rotary_frequencies(config: BlockConfig) -> NDArray[np.float64]:
    """base^(-2i/d_k) of each pair, slower as `config.rotary_scaling` says: see `BlockConfig`.

    Source: Su et al. 2021, equation 34; Chen et al. 2023, "Position Interpolation"; transformers, modeling_rope_utils.
    """
    plain: NDArray[np.float64] = config.rotary_base ** (-np.arange(0, config.head_width, 2) / config.head_width)
    if config.rotary_scaling == "none":
        return plain
    low, high = config.rotary_low_turns, config.rotary_high_turns
    if config.rotary_scaling == "llama3":
        kept = np.clip((config.rotary_trained_length * plain / (2 * np.pi) - low) / (high - low), 0, 1)
    else:
        kept = np.zeros_like(plain)
    return np.asarray(plain * (kept + (1 - kept) / config.rotary_factor))


def distances(positions: int) -> Int[np.ndarray, "distances"]:
    """How far a key may be after its query, the least first: from 1 - positions on."""
    return np.arange(1 - positions, positions)


def buckets(config: BlockConfig, looks_both_ways: bool) -> Int[np.ndarray, "distances"]:
    """The bucket of each of these distances: see `position_bias.RelativeBias`, which a test holds equal."""
    away, count = distances(config.max_length), config.relative_buckets
    first = np.zeros_like(away)
    if looks_both_ways:
        count //= 2
        first, away = (away > 0) * count, np.abs(away)
    else:
        away = np.maximum(-away, 0)
    single = count // 2
    # In float32 as there, but by way of float64: NumPy's own logarithm of float32 is off by some last places.
    logarithms = np.log((np.maximum(away, 1).astype(np.float32) / np.float32(single)).astype(np.float64))
    share = logarithms.astype(np.float32) / np.float32(np.log(config.relative_distance / single))
    grown = single + (np.maximum(share, 0) * np.float32(count - single)).astype(away.dtype)
    return np.asarray(first + np.where(away < single, away, np.minimum(grown, count - 1)))


def slopes(heads: int) -> list[float]:
    """ALiBi's, of each head: see `position_bias.AlibiBias`."""
    power = 2 ** int(np.log2(heads))
    found = [2.0 ** (-8 * (head + 1) / power) for head in range(power)]
    return found if power == heads else [*found, *slopes(2 * power)[0::2][: heads - power]]


def _angles(positions: int, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    angles: NDArray[np.float64] = np.arange(positions, dtype=np.float64)[:, None] * frequencies
    return angles
