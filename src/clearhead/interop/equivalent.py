"""The same function by another config: what other programs compute one way only, a model of ours is first written so.

Each of these gives a model whose outputs are the same for every input, but for the rounding of a number's last place.
"""

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearhead.interop.foreign import Numbers
from clearhead.model import tables
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, FamilyConfig, TransformerConfig
from clearhead.model.shapes import parameter_shapes, shared_names

# Where the residual stream enters a matrix, by its columns, and where it leaves one or lies in a vector, by its rows.
_ENTERS: Final = re.compile(r".*(matrix|query|key|value|inner|gate)\.weight")
_LEAVES: Final = re.compile(r".*(attention\.output|feed_forward\.outer|\.normalization)\.(weight|bias)")
_TURNED: Final = re.compile(r".*\.(query|key)(_normalization)?\.(weight|bias)")


@dataclasses.dataclass(frozen=True)
class Weighted:
    """A model as its config and its weights: of each of `parameter_shapes(config)`, by its name."""

    config: FamilyConfig
    weights: Mapping[str, Numbers] = dataclasses.field(repr=False)


def with_zeros(model: Weighted, **changes: Any) -> Weighted:
    """By a config that has more parameters, such as biases, of which each is 0."""
    config = dataclasses.replace(model.config, **changes)
    kind = next(iter(model.weights.values())).dtype
    zeros = {name: np.zeros(shape, kind) for name, shape in parameter_shapes(config).items()}
    return Weighted(config, {**zeros, **model.weights})


def with_sines_first(model: Weighted) -> Weighted:
    """The paper's interleaved sinusoids as sines before cosines: the numbers of the residual stream change places.

    Norms and sums do not see an order of the numbers; what reads the stream and what writes to it changes along.
    """
    width = model.config.width
    order = np.concatenate((np.arange(0, width, 2), np.arange(1, width, 2)))

    def moved(name: str, numbers: Numbers) -> Numbers:
        if _ENTERS.fullmatch(name):
            return numbers[:, order]
        return numbers[order] if _LEAVES.fullmatch(name) else numbers

    return _each(model, moved, positions="sinusoidal-halves")


def with_position_table(model: Weighted) -> Weighted:
    """Sinusoids of any kind as rows of a learned table, which ends where the model's longest text does."""
    config = model.config
    narrow = getattr(config, "embedding_width", None) or config.width
    table = tables.LAYOUTS[config.positions](config.max_length, narrow)
    places = ("source_embedding", "target_embedding") if isinstance(config, TransformerConfig) else ("embedding",)
    rows = {f"{place}.positions.table": table for place in places}
    return Weighted(dataclasses.replace(config, positions="learned"), {**model.weights, **rows})


def with_scaled_tables(model: Weighted) -> Weighted:
    """The factor √width of a token's vector as a part of the matrix.

    Where the output has the same matrix, what is normalised last is smaller by as much.
    """
    config, factor = model.config, math.sqrt(model.config.width)
    shared = shared_names(config)
    tied = shared.get("output.matrix.weight")
    last = re.compile(f"{re.escape(_last_norm(config))}\\.(weight|bias)") if tied else None

    def scaled(name: str, numbers: Numbers) -> Numbers:
        if name.endswith("embedding.matrix.weight"):
            return numbers * numbers.dtype.type(factor)
        return numbers / numbers.dtype.type(factor) if last and last.fullmatch(name) else numbers

    return _each(model, scaled, scale_embeddings=False)


def with_scale(model: Weighted, scale: float | None) -> Weighted:
    """What scores are multiplied by as a part of the queries. scale: what is left; None for 1/√head_width."""
    block = model.config.block
    usual = block.head_width**-0.5
    factor = (usual if block.scale is None else block.scale) / (usual if scale is None else scale)
    part = "query_normalization" if block.query_key_norm else "query"

    def scaled(name: str, numbers: Numbers) -> Numbers:
        return numbers * numbers.dtype.type(factor) if f".{part}." in name else numbers

    return _each(model, scaled, scale=scale)


def with_own_keys(model: Weighted) -> Weighted:
    """Keys and values that several heads share, once for each of these heads."""
    block = model.config.block
    shape = block.kv_heads, block.head_width

    def repeated(name: str, numbers: Numbers) -> Numbers:
        if not re.fullmatch(r".*\.(key|value)\.(weight|bias)", name):
            return numbers
        heads = numbers.reshape(*shape, *numbers.shape[1:]).repeat(block.heads // block.kv_heads, axis=0)
        return heads.reshape(-1, *numbers.shape[1:])

    return _each(model, repeated, kv_heads=block.heads)


def with_halves_turned(model: Weighted) -> Weighted:
    """Rotary positions that turn neighbouring numbers, as those that turn each number with the one half a head on."""
    return _each(model, lambda name, numbers: _turned(model, name, numbers, in_halves), positions="rotary-halves")


def in_halves(rows: Numbers, heads: int) -> Numbers:
    """The rows of each head, whose pairs were neighbours, with all first ones before all second ones."""
    return _exchanged(rows, (heads, len(rows) // heads // 2, 2))


def as_neighbours(rows: Numbers, heads: int) -> Numbers:
    """What `in_halves` undoes."""
    return _exchanged(rows, (heads, 2, len(rows) // heads // 2))


def _exchanged(rows: Numbers, split: tuple[int, int, int]) -> Numbers:
    return rows.reshape(*split, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def _turned(model: Weighted, name: str, numbers: Numbers, change: Callable[[Numbers, int], Numbers]) -> Numbers:
    if (match := _TURNED.fullmatch(name)) is None:
        return numbers
    block = model.config.block
    heads = 1 if match[2] else block.heads if match[1] == "query" else block.kv_heads
    return change(numbers, heads)


def _last_norm(config: FamilyConfig) -> str:
    """The norm after which nothing but the output's matrix comes."""
    if isinstance(config, EncoderOnlyConfig):
        return "transform.normalization"
    layers = config.layers if isinstance(config, DecoderOnlyConfig) else config.decoder_layers
    is_pre = config.norm_placement == "pre"
    return "decoder.normalization" if is_pre else f"decoder.layers.{layers - 1}.feed_forward_residual.normalization"


def _each(model: Weighted, change: Callable[[str, NDArray[Any]], NDArray[Any]], **changes: Any) -> Weighted:
    weights = {name: change(name, numbers) for name, numbers in model.weights.items()}
    return Weighted(dataclasses.replace(model.config, **changes), weights)
