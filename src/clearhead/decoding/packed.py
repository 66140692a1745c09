"""A model packed for decoding on a CPU: its weights laid out as the compiled products read them."""

import functools
import logging
import threading
import weakref
from collections.abc import Iterable, Sequence
from ctypes import c_void_p
from typing import Any, cast

import torch
from jaxtyping import Int
from torch import Tensor, nn

from clearhead.decoding.options import Precision
from clearhead.decoding.shortlist import Listed, Lists, Logits
from clearhead.decoding.weights import require_finite
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.model.attention import Attention
from clearhead.model.blocks import DecoderLayer, EncoderLayer
from clearhead.model.linear import Linear
from clearhead.native import crossing
from clearhead.native import library as native
from clearhead.native.crossing import pointer

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

    The weights are copied: what becomes of `model` later is not seen. Several threads may use it at once. It never
    changes, so a copy of it is itself; it is not pickled, as what C points to would not be there.
    Raises MemoryError where memory is short, DecodingError for weights that are no numbers or of other shapes than the
    model's config says.
    """

    def __init__(self, library: native.Library, model: EncoderDecoder, precision: Precision) -> None:
        self.config: TransformerConfig = model.config
        self._library = library
        self._kind = _KINDS[precision]
        # What the record points to.
        self._tensors: list[Tensor] = []
        self._matrices: list[native.Matrix] = []
        self._output_rows: Tensor | None = None
        require_finite(model)
        # Not at the process' end, where a thread may still compute; its memory is given back anyhow.
        weakref.finalize(self, _unpack, library, self._matrices).atexit = False
        self._record = self._packed(model)

    def __deepcopy__(self, memo: dict[int, Any]) -> "PackedModel":
        return self

    def __copy__(self) -> "PackedModel":
        return self

    def __reduce__(self) -> str:
        raise DecodingError("a packed model cannot be pickled; pickle the model, and pack it where it is to be used")

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
        Raises DecodingError for what is no id of the model's, and for more positions than it has.
        """
        # Whatever is not a sequence of ids is refused here, and what is not an id of the model by C.
        ids = crossing.numbers([one for source in sources for one in source], torch.int32)
        lengths = crossing.numbers([len(source) for source in sources], torch.int32)
        beams, capacity = crossing.count("beams", beams), crossing.count("capacity", capacity)
        threads = crossing.count("threads", threads)
        state = c_void_p()
        code = self._library.state_new(
            self._record, pointer("ids", ids, torch.int32, len(ids)), len(ids),
            pointer("lengths", lengths, torch.int32, len(sources)), len(sources),
            beams, capacity, native.threads(threads), state,
        )  # fmt: skip
        crossing.require_done(code, "reading sources", ids=ids, lengths=lengths, beams=beams, capacity=capacity)
        return PackedStep(self, self._library, self._record, state, (len(sources), beams), threads, lists)

    def unfolded(self) -> Int[Tensor, "outputs words"]:
        """The output layer's packed weights one output after the other, made when a list first asks for some."""
        # Two threads may both make them; they make the same, and no lock is there to be held while a process forks.
        if self._output_rows is None:
            output = self._record.output
            rows = crossing.buffer(output.outputs, self._library.words32(output), dtype=torch.int32)
            self._library.unfold(output, rows.data_ptr())
            self._output_rows = rows
        return self._output_rows

    def _packed(self, model: EncoderDecoder) -> native.Transformer:
        config, record = model.config, native.Transformer()
        width, positions = config.width, config.max_length
        record.width, record.heads, record.inner_width = width, config.heads, config.inner_width
        record.encoder_layers, record.decoder_layers = config.encoder_layers, config.decoder_layers
        record.source_vocabulary, record.target_vocabulary = config.source_vocabulary, config.target_vocabulary
        record.max_length = positions
        record.normalize_after = config.norm_placement == "post"
        record.gated = config.activation in _GATED
        record.activation = (_GATED if record.gated else _ACTIVATIONS).index(config.activation)
        record.scale = model.source_embedding.scale
        source, target = model.source_embedding, model.target_embedding
        record.source_embedding = self._pointer(source.matrix.weight, config.source_vocabulary, width)
        record.target_embedding = self._pointer(target.matrix.weight, config.target_vocabulary, width)
        if source.positions is not None and target.positions is not None:
            record.source_positions = self._pointer(source.positions.table, positions, width)
            record.target_positions = self._pointer(target.positions.table, positions, width)
        encoder = [self._layer(cast(EncoderLayer, layer)) for layer in model.encoder.layers]
        decoder = [self._layer(cast(DecoderLayer, layer)) for layer in model.decoder.layers]
        record.encoder = (native.Layer * config.encoder_layers)(*encoder)
        record.decoder = (native.Layer * config.decoder_layers)(*decoder)
        for layer in (*model.encoder.layers, *model.decoder.layers):
            if layer.self_attention.rotary is not None:
                half = width // config.heads // 2
                record.cosine = self._pointer(layer.self_attention.rotary.cosine, positions, half)
                record.sine = self._pointer(layer.self_attention.rotary.sine, positions, half)
                break
        record.encoder_norm = self._norm(model.encoder.normalization)
        record.decoder_norm = self._norm(model.decoder.normalization)
        record.output = self._matrix(config.target_vocabulary, width, model.output.matrix.weight)
        return record

    def _layer(self, layer: EncoderLayer | DecoderLayer) -> native.Layer:
        record, attention = native.Layer(), layer.self_attention
        width, inner = self.config.width, self.config.inner_width
        record.self_norm = self._norm(layer.self_attention_residual.normalization)
        record.self_inputs = self._linear(3 * width, width, attention.query, attention.key, attention.value)
        record.self_output = self._linear(width, width, attention.output)
        if isinstance(layer, DecoderLayer):
            cross: Attention = layer.cross_attention
            record.cross_norm = self._norm(layer.cross_attention_residual.normalization)
            record.cross_query = self._linear(width, width, cross.query)
            record.cross_memory = self._linear(2 * width, width, cross.key, cross.value)
            record.cross_output = self._linear(width, width, cross.output)
        record.feed_forward_norm = self._norm(layer.feed_forward_residual.normalization)
        record.inner = self._linear(inner, width, layer.feed_forward.inner)
        if layer.feed_forward.gate is not None:
            record.gate = self._linear(inner, width, layer.feed_forward.gate)
        record.outer = self._linear(width, inner, layer.feed_forward.outer)
        return record

    def _linear(self, outputs: int, inputs: int, *layers: Linear) -> native.Matrix:
        """Layers of the same inputs as one matrix, their outputs one after the other."""
        weight, bias = (torch.cat([getattr(one, name) for one in layers]) for name in ("weight", "bias"))
        return self._matrix(outputs, inputs, weight, bias)

    def _matrix(self, outputs: int, inputs: int, weight: Tensor, bias: Tensor | None = None) -> native.Matrix:
        matrix, weight = native.Matrix(), _plain(weight)
        bias = None if bias is None else _plain(bias)
        code = self._library.pack(
            matrix, self._kind, outputs, inputs, pointer("a weight", weight, torch.float32, outputs, inputs),
            None if bias is None else pointer("a bias", bias, torch.float32, outputs),
        )  # fmt: skip
        crossing.require_done(code, "packing a weight", weight=weight)
        self._matrices.append(matrix)
        return matrix

    def _norm(self, norm: nn.Module) -> native.Norm:
        record, width = native.Norm(), self.config.width
        if isinstance(norm, nn.LayerNorm | nn.RMSNorm):
            record.weight = self._pointer(norm.weight, width)
            record.bias = self._pointer(norm.bias, width) if isinstance(norm, nn.LayerNorm) else None
        return record

    def _pointer(self, tensor: Tensor, *shape: int) -> int:
        """Where its numbers stand, in float32; they are kept as long as this model is."""
        # A copy, or training on would change half of the model: what is packed stays as it was.
        self._tensors.append(_plain(tensor).clone())
        return pointer("a weight", self._tensors[-1], torch.float32, *shape)


class PackedStep:
    """The step function of some sentences: `decoding.search.StepFunction`."""

    def __init__(
        self,
        model: PackedModel,
        library: native.Library,
        record: native.Transformer,
        state: c_void_p,
        rows: tuple[int, int],
        threads: int,
        lists: Lists | None,
    ) -> None:
        self.model = model  # Kept alive, as C reads its weights.
        self.threads = threads
        self.lists: Lists | None = None
        self._library, self._record, self._state, self._rows = library, record, state, rows
        self._outputs = model.config.target_vocabulary
        weakref.finalize(self, library.state_free, record, state).atexit = False
        # Two threads that ask at once wait for each other: C would write to the same buffers.
        self._busy = threading.Lock()
        if lists is not None:
            self._limit(lists)

    def _limit(self, lists: Lists) -> None:
        """Lay each sentence's part of the output layer out once: it is read at every step."""
        lists = lists._replace(
            tokens=crossing.ordered("lists", lists.tokens, 2),
            counts=crossing.ordered("the lists' sizes", lists.counts, 1),
        )
        sentences, longest = self._rows[0], lists.tokens.shape[1]
        weights = self.model.unfolded()
        code = self._library.shortlist(
            self._record, self._state, weights.data_ptr(),
            pointer("lists", lists.tokens, torch.int32, sentences, longest),
            pointer("the lists' sizes", lists.counts, torch.int32, sentences), sentences, longest,
        )  # fmt: skip
        crossing.require_done(code, "a shortlist", tokens=lists.tokens, counts=lists.counts)
        self.lists, self._outputs = lists, longest

    def __call__(self, tokens: Int[Tensor, "sentences beams"]) -> Logits:
        """Raises DecodingError for tokens, or as many rows of them, as the model has not."""
        with self._busy:
            rows, lists = self._rows, self.lists
            tokens = crossing.ordered("tokens", tokens, 2)
            logits = crossing.buffer(*rows, self._outputs, dtype=torch.float32)
            code = self._library.decode_step(
                self._record, self._state, pointer("tokens", tokens, torch.int64, *rows), rows[0] * rows[1],
                logits.data_ptr(), self._outputs, native.threads(self.threads),
            )  # fmt: skip
            crossing.require_done(code, "a step of decoding", tokens=tokens)
        return logits if lists is None else Listed(logits, lists)

    def select(self, sentences: Int[Tensor, "kept"], beams: Int[Tensor, "kept new_beams"]) -> None:
        """Raises DecodingError for a row that is not there."""
        with self._busy:
            sentences, beams = crossing.ordered("sentences", sentences, 1), crossing.ordered("beams", beams, 2)
            kept, width = len(sentences), beams.shape[1]
            code = self._library.reorder(
                self._state, pointer("sentences", sentences, torch.int64, kept),
                pointer("beams", beams, torch.int64, kept, width), kept, width,
            )  # fmt: skip
            crossing.require_done(code, "keeping hypotheses", sentences=sentences, beams=beams)
            self._rows = kept, width
            if self.lists is not None:
                self.lists = self.lists.of_sentences(sentences)

    def __reduce__(self) -> str:
        raise DecodingError("a step function cannot be copied or pickled; begin another one")


def packed(model: EncoderDecoder, precision: Precision) -> PackedModel | None:
    """The model packed; None where the compiled functions cannot be had, lack a part of it, or it is not on a CPU."""
    library = native.library() if next(model.parameters()).device.type == "cpu" else None
    if library is None and precision != "fp32":
        _LOG.warning("%s needs a C compiler (cc, gcc or clang) and a model on the CPU; fp32 is used", precision)
    activation = model.config.activation
    if library is not None and activation not in _ACTIVATIONS + _GATED:
        _note(f"the compiled functions do not know {activation=}, so PyTorch translates, which is slower")
        return None
    return None if library is None else PackedModel(library, model, precision)


@functools.cache
def _note(line: str) -> None:
    """Say a line once: a model may be asked to translate any number of times."""
    _LOG.warning("%s", line)


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", torch.float32).contiguous()


def _unpack(library: native.Library, matrices: Iterable[native.Matrix]) -> None:
    for matrix in matrices:
        library.unpack(matrix)
