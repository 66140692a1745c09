"""A model packed for decoding on a CPU: its weights laid out as the compiled products read them."""

import itertools
import logging
import threading
import weakref
from collections.abc import Iterable, Sequence
from typing import cast

import torch
from jaxtyping import Int
from torch import Tensor, nn

from clearhead.decoding.options import Precision
from clearhead.decoding.shortlist import Listed, Lists, Logits
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.model.attention import Attention
from clearhead.model.blocks import DecoderLayer, EncoderLayer
from clearhead.model.linear import Linear
from clearhead.native import library as native

_LOG = logging.getLogger(__name__)
_KINDS = {"fp32": native.FP32, "bf16": native.BF16, "int8": native.INT8}
_ACTIVATIONS = ("relu", "gelu", "gelu-tanh", "silu")
_GATED = ("reglu", "geglu", "geglu-tanh", "swiglu")


class PackedModel:
    """The same model in C, for translating: see native/transformer.c.

    precision: in which numbers the linear layers multiply. "fp32" as the model was trained; "bf16" rounds weights and
    inputs to 8 bits of precision; "int8" makes whole numbers from -127 to 127 of them, with a scale for each row of
    weights and each vector of inputs. Sums, attention and normalisation are float32 in all three.

    A sentence's result depends on nothing but the sentence, to the last bit: there is no padding, and each row of a
    product is summed in the same order whatever is computed beside it.

    The weights are copied: what becomes of `model` later is not seen. Several threads may use it at once.
    Raises MemoryError where memory is short.
    """

    def __init__(self, library: native.Library, model: EncoderDecoder, precision: Precision) -> None:
        self.config: TransformerConfig = model.config
        self._library = library
        self._kind = _KINDS[precision]
        # What the record points to.
        self._tensors: list[Tensor] = []
        self._matrices: list[native.Matrix] = []
        self._lock = threading.Lock()
        self._output_rows: Tensor | None = None
        weakref.finalize(self, _unpack, library, self._matrices)
        self._record = self._packed(model)

    def begin(
        self,
        sources: Sequence[Sequence[int]],
        beams: int,
        capacity: int,
        threads: int = 1,
        lists: Lists | None = None,
    ) -> "PackedStep":
        """A step function that has read `sources` (ids with their ends), for at most `capacity` target positions.

        threads: how many cores one product may use. lists: the tokens that each sentence may have; logits are computed
        for these alone, and are those that the whole product has there, to the last bit.
        """
        ids = torch.tensor(list(itertools.chain.from_iterable(sources)), dtype=torch.int32)
        lengths = torch.tensor([len(source) for source in sources], dtype=torch.int32)
        state = self._library.state_new(
            self._record, ids.data_ptr(), lengths.data_ptr(), len(sources), beams, capacity, threads
        )
        if not state:
            raise MemoryError
        step = PackedStep(self, self._library, self._record, state, threads, lists)
        if lists is not None:
            # Each sentence's part of the output layer is laid out once and read at every step.
            tokens, counts, longest = lists.tokens, lists.counts, lists.tokens.shape[1]
            weights = self._unfolded()
            if self._library.shortlist(
                self._record, state, weights.data_ptr(), tokens.data_ptr(), counts.data_ptr(), longest
            ):
                raise MemoryError
        return step

    def _unfolded(self) -> Int[Tensor, "outputs words"]:
        """The output layer's packed weights one output after the other, made when a list first asks for some."""
        with self._lock:
            if self._output_rows is None:
                output = self._record.output
                rows = torch.empty(output.outputs, self._library.words32(output), dtype=torch.int32)
                self._library.unfold(output, rows.data_ptr())
                self._output_rows = rows
            return self._output_rows

    def _packed(self, model: EncoderDecoder) -> native.Transformer:
        config, record = model.config, native.Transformer()
        record.width, record.heads, record.inner_width = config.width, config.heads, config.inner_width
        record.encoder_layers, record.decoder_layers = config.encoder_layers, config.decoder_layers
        record.normalize_after = config.norm_placement == "post"
        record.gated = config.activation in _GATED
        record.activation = (_GATED if record.gated else _ACTIVATIONS).index(config.activation)
        record.scale = model.source_embedding.scale
        record.source_embedding = self._pointer(model.source_embedding.matrix.weight)
        record.target_embedding = self._pointer(model.target_embedding.matrix.weight)
        if model.source_embedding.positions is not None and model.target_embedding.positions is not None:
            record.source_positions = self._pointer(model.source_embedding.positions.table)
            record.target_positions = self._pointer(model.target_embedding.positions.table)
        encoder = [self._layer(cast(EncoderLayer, layer)) for layer in model.encoder.layers]
        decoder = [self._layer(cast(DecoderLayer, layer)) for layer in model.decoder.layers]
        record.encoder = (native.Layer * len(encoder))(*encoder)
        record.decoder = (native.Layer * len(decoder))(*decoder)
        for layer in (*model.encoder.layers, *model.decoder.layers):
            if layer.self_attention.rotary is not None:
                record.cosine = self._pointer(layer.self_attention.rotary.cosine)
                record.sine = self._pointer(layer.self_attention.rotary.sine)
                break
        record.encoder_norm = self._norm(model.encoder.normalization)
        record.decoder_norm = self._norm(model.decoder.normalization)
        record.output = self._matrix(model.output.matrix.weight)
        return record

    def _layer(self, layer: EncoderLayer | DecoderLayer) -> native.Layer:
        record, attention = native.Layer(), layer.self_attention
        record.self_norm = self._norm(layer.self_attention_residual.normalization)
        record.self_inputs = self._linear(attention.query, attention.key, attention.value)
        record.self_output = self._linear(attention.output)
        if isinstance(layer, DecoderLayer):
            cross: Attention = layer.cross_attention
            record.cross_norm = self._norm(layer.cross_attention_residual.normalization)
            record.cross_query = self._linear(cross.query)
            record.cross_memory = self._linear(cross.key, cross.value)
            record.cross_output = self._linear(cross.output)
        record.feed_forward_norm = self._norm(layer.feed_forward_residual.normalization)
        record.inner = self._linear(layer.feed_forward.inner)
        if layer.feed_forward.gate is not None:
            record.gate = self._linear(layer.feed_forward.gate)
        record.outer = self._linear(layer.feed_forward.outer)
        return record

    def _linear(self, *layers: Linear) -> native.Matrix:
        """Layers of the same inputs as one matrix, their outputs one after the other."""
        return self._matrix(torch.cat([layer.weight for layer in layers]), torch.cat([layer.bias for layer in layers]))

    def _matrix(self, weight: Tensor, bias: Tensor | None = None) -> native.Matrix:
        matrix = native.Matrix()
        weight = _plain(weight)
        bias = None if bias is None else _plain(bias)
        pointer = None if bias is None else bias.data_ptr()
        if self._library.pack(matrix, self._kind, *weight.shape, weight.data_ptr(), pointer):
            raise MemoryError
        self._matrices.append(matrix)
        return matrix

    def _norm(self, norm: nn.Module) -> native.Norm:
        record = native.Norm()
        if isinstance(norm, nn.LayerNorm | nn.RMSNorm):
            record.weight = self._pointer(norm.weight)
            record.bias = self._pointer(norm.bias) if isinstance(norm, nn.LayerNorm) else None
        return record

    def _pointer(self, tensor: Tensor) -> int:
        """Where its numbers stand, in float32; they are kept as long as this model is."""
        # A copy, or training on would change half of the model: what is packed stays as it was.
        self._tensors.append(_plain(tensor).clone())
        return self._tensors[-1].data_ptr()


class PackedStep:
    """The step function of some sentences: `decoding.search.StepFunction`."""

    def __init__(
        self,
        model: PackedModel,
        library: native.Library,
        record: native.Transformer,
        state: int,
        threads: int,
        lists: Lists | None,
    ) -> None:
        self.model = model  # Kept alive, as C reads its weights.
        self.threads = threads
        self.lists = lists
        self._library, self._record, self._state = library, record, state
        weakref.finalize(self, library.state_free, record, state)

    def __call__(self, tokens: Int[Tensor, "sentences beams"]) -> Logits:
        tokens, lists = tokens.contiguous(), self.lists
        stride = self.model.config.target_vocabulary if lists is None else lists.tokens.shape[1]
        logits = torch.empty(*tokens.shape, stride)
        if self._library.decode_step(
            self._record, self._state, tokens.data_ptr(), logits.data_ptr(), stride, self.threads
        ):
            raise MemoryError
        return logits if lists is None else Listed(logits, lists)

    def select(self, sentences: Int[Tensor, "kept"], beams: Int[Tensor, "kept new_beams"]) -> None:
        sentences, beams = sentences.contiguous(), beams.contiguous()
        if self._library.reorder(self._state, sentences.data_ptr(), beams.data_ptr(), *beams.shape):
            raise MemoryError
        if self.lists is not None:
            self.lists = self.lists.of_sentences(sentences)


def packed(model: EncoderDecoder, precision: Precision) -> PackedModel | None:
    """The model packed; None where the compiled functions cannot be had or the model is not on a CPU."""
    library = native.library() if next(model.parameters()).device.type == "cpu" else None
    if library is None and precision != "fp32":
        _LOG.warning("%s needs a C compiler (cc, gcc or clang) and a model on the CPU; fp32 is used", precision)
    return None if library is None else PackedModel(library, model, precision)


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().float().contiguous()


def _unpack(library: native.Library, matrices: Iterable[native.Matrix]) -> None:
    for matrix in matrices:
        library.unpack(matrix)
