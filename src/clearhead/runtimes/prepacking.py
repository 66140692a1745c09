"""A model's weights as C reads them: prepacked for its products, in one struct. See native/transformer.h."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearhead.errors import UnknownWeightsError
from clearhead.model import tables
from clearhead.model.config import ADDED, BlockConfig, DecoderOnlyConfig, EncoderOnlyConfig, FamilyConfig
from clearhead.model.config import GATED as FUNCTION_OF
from clearhead.native import crossing
from clearhead.native import library as native
from clearhead.native.crossing import FLOAT32, pointer
from clearhead.runtimes.weights import require_finite_array

_KINDS = {"fp32": native.FP32, "bf16": native.BF16, "int8": native.INT8}
# `enum activation` of transformer.h; the last is for poolers.
ACTIVATIONS = ("relu", "gelu", "gelu-tanh", "silu", "relu2")
_FUNCTIONS = (*ACTIVATIONS, "tanh")
GATED = ("reglu", "geglu", "geglu-tanh", "swiglu")
Weights = Mapping[str, NDArray[Any]]


class Prepacking:
    """From weights by name to the struct that C reads.

    is_ours: whether the arrays are nobody else's, so that they need no copy.
    kept: what the struct points to besides what C has made, which `free` gives back; both are to live as long as the
        struct is used.
    Raises UnknownWeightsError unless each weight is one that C reads, and has the shape that it expects: a parameter
    that somebody added to the model, and that C passed over, would be another model.
    """

    def __init__(
        self,
        library: native.Library,
        config: FamilyConfig,
        weights: Weights,
        precision: str,
        is_ours: bool = False,
    ) -> None:
        self._is_ours = is_ours
        self._library, self._config, self._weights, self._kind = library, config, weights, _KINDS[precision]
        self._block = config.block
        self._matrices: list[native.Matrix] = []
        self.kept: list[NDArray[Any]] = []
        self._shared: dict[Any, tuple[NDArray[Any], NDArray[Any]]] = {}
        self._unread = set(weights)

    def c_struct(self) -> native.Transformer:
        for name, array in self._weights.items():
            require_finite_array(name, array)
        config, block, struct = self._config, self._block, native.Transformer()
        struct.width, struct.inner_width = block.width, block.inner_width
        struct.heads, struct.kv_heads, struct.head_width = block.heads, block.kv_heads, block.head_width
        struct.attention_scale = block.scale or 0.0
        struct.max_length, struct.precision = block.max_length, self._kind
        struct.normalize_after = block.norm_placement == "post"
        struct.gated = block.activation in GATED
        struct.activation = (GATED if struct.gated else ACTIVATIONS).index(block.activation)
        struct.scale = math.sqrt(block.width) if block.scale_embeddings else 1.0
        if block.positions.startswith("rotary"):
            half, struct.rotary_halves = block.head_width // 2, block.positions == "rotary-halves"
            struct.cosine = self._pointer("rotary.cosine", block.max_length, half)
            struct.sine = self._pointer("rotary.sine", block.max_length, half)
        if isinstance(config, DecoderOnlyConfig):
            self._set_decoder(struct, "embedding", config.vocabulary, config.layers, False)
            struct.tokens.output = self._output(config.vocabulary)
        elif isinstance(config, EncoderOnlyConfig):
            self._set_encoder(struct, "embedding", config.vocabulary, config.layers, config.segments)
            self._set_heads(struct, config)
        else:
            self._set_encoder(struct, "source_embedding", config.source_vocabulary, config.encoder_layers)
            self._set_decoder(struct, "target_embedding", config.target_vocabulary, config.decoder_layers, True)
            struct.tokens.output = self._output(config.target_vocabulary, config.output_bias)
        self._shared.clear()
        if self._unread:
            raise UnknownWeightsError(f"the compiled functions do not know {min(self._unread)}")
        return struct

    def _set_encoder(
        self, struct: native.Transformer, embedding: str, vocabulary: int, layers: int, segments: int = 0
    ) -> None:
        struct.source_vocabulary, struct.encoder_layers = vocabulary, layers
        struct.source = self._embedding(embedding, vocabulary, segments)
        struct.encoder, struct.encoder_norm = self._stack("encoder", layers, False)
        struct.source_bias = self._bias("encoder", looks_both_ways=True)

    def _set_decoder(
        self, struct: native.Transformer, embedding: str, vocabulary: int, layers: int, has_memory: bool
    ) -> None:
        struct.target_vocabulary, struct.decoder_layers = vocabulary, layers
        struct.target = self._embedding(embedding, vocabulary)
        struct.decoder, struct.decoder_norm = self._stack("decoder", layers, has_memory)
        struct.target_bias = self._bias("decoder", looks_both_ways=False)

    def _set_heads(self, struct: native.Transformer, config: EncoderOnlyConfig) -> None:
        """What fills masked places, and what classifies: either may be missing."""
        width, activation = config.width, FUNCTION_OF.get(config.activation, config.activation)
        if config.masked_head == "transform":
            struct.tokens.dense = self._linear(self._narrow, width, "transform.dense")
            struct.tokens.norm = self._norm("transform.normalization", self._narrow)
            struct.tokens.activation = _FUNCTIONS.index(activation)
        if config.masked_head != "none":
            struct.tokens.output = self._output(config.vocabulary, has_bias=config.bias)
        if config.pooler:
            struct.classes.dense = self._linear(width, width, "pooler.dense")
            struct.classes.activation = _FUNCTIONS.index(config.pooler_activation)
        if config.classes:
            struct.classes.output = self._linear(config.classes, width, "classifier.output")

    def _output(self, vocabulary: int, has_bias: bool = False) -> native.Matrix:
        width = self._narrow
        weight = self._weight("output.matrix.weight", vocabulary, width)
        return self._matrix(vocabulary, width, weight, self._weight("output.bias", vocabulary) if has_bias else None)

    def _bias(self, stack: str, looks_both_ways: bool) -> int | None:
        """What a stack adds to its scores, as "heads distances"; None where positions are told otherwise."""
        block, heads = self._block, self._block.heads
        if block.positions == "relative":
            table = self._weight(f"{stack}.position_bias.table", block.relative_buckets, heads)
            made = table[tables.buckets(block, looks_both_ways)].T
        elif block.positions == "alibi":
            slopes = self._weight(f"{stack}.position_bias.slopes", 1, heads, 1, 1).reshape(heads, 1)
            made = slopes * -np.abs(tables.distances(block.max_length)).astype(FLOAT32)
        else:
            return None
        self.kept.append(made := _plain(made))
        return pointer("a bias of scores", made, FLOAT32, heads, 2 * block.max_length - 1)

    def _stack(self, name: str, layers: int, has_memory: bool) -> tuple[Any, native.Norm]:
        """A stack's layers, and its last normalisation, which does nothing where there is none."""
        made = [self._layer(f"{name}.layers.{number}", has_memory) for number in range(layers)]
        is_normalized = self._block.norm_placement == "pre"
        norm = self._norm(f"{name}.normalization") if is_normalized else native.Norm()
        return (native.Layer * layers)(*made), norm

    def _embedding(self, name: str, vocabulary: int, segments: int = 0) -> native.Embedding:
        struct, block = native.Embedding(), self._block
        struct.width = width = self._narrow
        struct.matrix = self._pointer(f"{name}.matrix.weight", vocabulary, width)
        if segments:
            # Every token is of the first kind: its row is the table's beginning.
            struct.segment = self._pointer(f"{name}.segments.weight", segments, width)
        if block.positions in ADDED:
            struct.positions = self._pointer(f"{name}.positions.table", block.max_length, width)
        if block.embedding_norm:
            struct.norm = self._norm(f"{name}.normalization", width)
        if getattr(self._config, "has_projection", False):
            struct.projection = self._linear(block.width, width, f"{name}.projection")
        return struct

    @property
    def _narrow(self) -> int:
        """How many numbers a token's row has."""
        return getattr(self._config, "embedding_width", None) or self._block.width

    def _layer(self, name: str, has_memory: bool) -> native.Layer:
        struct, block = native.Layer(), self._block
        width, inner = block.width, block.inner_width
        queries, keys = block.heads * block.head_width, block.kv_heads * block.head_width
        own, cross, feed = f"{name}.self_attention", f"{name}.cross_attention", f"{name}.feed_forward"
        struct.self_norm = self._norm(f"{own}_residual.normalization")
        has_bias = block.has_query_bias
        names = f"{own}.query", f"{own}.key", f"{own}.value"
        struct.self_inputs = self._linear(queries + 2 * keys, width, *names, bias=has_bias)
        struct.self_output = self._linear(width, queries, f"{own}.output", bias=block.has_output_bias)
        struct.query_norm, struct.key_norm = self._head_norms(own)
        if has_memory:
            struct.cross_norm = self._norm(f"{cross}_residual.normalization")
            struct.cross_query = self._linear(queries, width, f"{cross}.query", bias=has_bias)
            struct.cross_memory = self._linear(2 * keys, width, f"{cross}.key", f"{cross}.value", bias=has_bias)
            struct.cross_output = self._linear(width, queries, f"{cross}.output", bias=block.has_output_bias)
            struct.cross_query_norm, struct.cross_key_norm = self._head_norms(cross)
        struct.feed_forward_norm = self._norm(f"{feed}_residual.normalization")
        struct.inner = self._linear(inner, width, f"{feed}.inner")
        if block.activation in GATED:
            struct.gate = self._linear(inner, width, f"{feed}.gate")
        struct.outer = self._linear(width, inner, f"{feed}.outer")
        return struct

    def _linear(self, outputs: int, inputs: int, *names: str, bias: bool | None = None) -> native.Matrix:
        """Layers of the same inputs as one matrix, their outputs one after the other. bias: None for the config's."""
        weights = [self._weight(f"{name}.weight", None, inputs) for name in names]
        biases = (
            [self._weight(f"{name}.bias", len(weight)) for name, weight in zip(names, weights, strict=True)]
            if (self._block.bias if bias is None else bias)
            else []
        )
        weight, joined = np.concatenate(weights), np.concatenate(biases) if biases else None
        if len(weight) != outputs:
            raise _unknown(" and ".join(names), weight, (outputs, inputs))
        return self._matrix(outputs, inputs, weight, joined)

    def _weight(self, name: str, *shape: int | None) -> NDArray[Any]:
        """A weight of this shape, of which None may be any size."""
        self._unread.discard(name)
        found = self._weights.get(name)
        if (
            found is None
            or found.ndim != len(shape)
            or any(one not in (None, size) for one, size in zip(shape, found.shape, strict=True))
        ):
            raise _unknown(name, found, shape)
        return found

    def free(self) -> None:
        """Give the memory of what C has made back. The garbage collector calls it, at any moment, in any thread."""
        for matrix in self._matrices:
            self._library.prepacked_free(matrix)

    def _matrix(
        self, outputs: int, inputs: int, weight: NDArray[Any], bias: NDArray[Any] | None = None
    ) -> native.Matrix:
        matrix, weight = native.Matrix(), _plain(weight)
        bias = None if bias is None else _plain(bias)
        code = self._library.prepack(
            matrix, self._kind, outputs, inputs, pointer("a weight", weight, FLOAT32, outputs, inputs),
            None if bias is None else pointer("a bias", bias, FLOAT32, outputs),
        )  # fmt: skip
        crossing.require_done(code, "prepacking a weight", weight=weight)
        self._matrices.append(matrix)
        return matrix

    def _head_norms(self, attention: str) -> tuple[native.Norm, native.Norm]:
        """Those of each head's queries and keys, which do nothing where there are none."""
        if not self._block.query_key_norm:
            return native.Norm(), native.Norm()
        width = self._block.head_width
        names = (f"{attention}.{which}_normalization" for which in ("query", "key"))
        query, key = (self._norm(name, width) for name in names)
        return query, key

    def _norm(self, name: str, width: int | None = None) -> native.Norm:
        struct, width = native.Norm(), self._block.width if width is None else width
        struct.eps, struct.centred = self._block.eps, self._block.norm == "layer"
        struct.weight = self._pointer(f"{name}.weight", width)
        struct.bias = self._pointer(f"{name}.bias", width) if f"{name}.bias" in self._weights else None
        return struct

    def _pointer(self, name: str, *shape: int) -> int:
        """Where its numbers stand, in float32; they are kept as long as the runtime is, shared ones once."""
        array = self._weight(name, *shape)
        # Somebody else's is copied, or training on would change half of the model: what is prepacked stays as it was.
        key = crossing.address(array), array.dtype, array.shape
        if key not in self._shared:
            own = np.array(array, FLOAT32, order="C", copy=None if self._is_ours else True)
            # With the array itself, as long as others may be at no other place.
            self._shared[key] = array, own
            self.kept.append(own)
        return pointer(name, self._shared[key][1], FLOAT32, *shape)


def unknown_to_c(config: BlockConfig) -> str | None:
    """What of a model's blocks C does not know, such as "activation='mish'"; None where it knows them all."""
    known = {"activation": ACTIVATIONS + GATED, "positions": (*ADDED, "rotary", "rotary-halves", "relative", "alibi")}
    unknown = (name for name, values in known.items() if getattr(config, name) not in values)
    return next((f"{name}={getattr(config, name)!r}" for name in unknown), None)


def _plain(array: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array, FLOAT32)


def _unknown(name: str, found: NDArray[Any] | None, shape: tuple[int | None, ...]) -> UnknownWeightsError:
    given = "nothing" if found is None else f"{found.dtype} of shape {found.shape}"
    wanted = f"expected float32 of shape {shape}".replace("None", "any")
    return UnknownWeightsError(f"{name}: the compiled functions cannot take {given}; {wanted}")
