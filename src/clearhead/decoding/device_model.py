"""A model prepared for translating on a CUDA GPU: its weights, its buffers, and recordings of its steps."""

import contextlib
import copy
import logging
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from clearhead.decoding.contents import Contents
from clearhead.decoding.device_beam import DeviceBeam
from clearhead.decoding.device_search import ALIGNED, DeviceGreedy, power_for, run, size_for
from clearhead.decoding.device_step import DeviceStep, Joined, Shape, numbers_for
from clearhead.decoding.graphs import CudaRecorder, Recorded, Recorder
from clearhead.decoding.options import Precision, SearchOptions
from clearhead.decoding.search import Hypothesis
from clearhead.decoding.weights import require_finite
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.model.as_built import departure
from clearhead.model.blocks import DecoderLayer
from clearhead.model.embedding import Output

_LOG = logging.getLogger(__name__)
# Recordings are small, but not nothing: after so many different shapes all are made anew.
_MOST_BATCHES = 32


class DeviceModel:
    """The same model, for greedy and beam search on a GPU.

    precision: "fp32" computes in the numbers that the model has; "bf16" rounds weights and whatever passes between
    operations to 8 bits of precision, but for logits and log-probabilities, which are float32 or better in both.

    A batch's shape is rounded up, so that there are few, and each has its buffers and its recorded steps. They stay
    until a batch needs more memory than any before it. The weights are copied: what becomes of `model` later is not
    seen. One batch runs at a time, whichever thread it comes from.

    It works on any device, and records where that is a CUDA GPU, or with the `recorder` that is given.
    """

    def __init__(self, model: EncoderDecoder, precision: Precision = "fp32", recorder: Recorder | None = None) -> None:
        self.config: TransformerConfig = model.config
        self.device = next(model.parameters()).device
        require_finite(model)
        self.model = copy.deepcopy(model).requires_grad_(False).eval()
        if precision == "bf16":
            self.model.to(torch.bfloat16)
        self.model.output = cast(Output, PreciseOutput(self.model.output.matrix))
        attentions = [cast(DecoderLayer, layer).self_attention for layer in self.model.decoder.layers]
        self._joined = [Joined.of(one.query, one.key, one.value) for one in attentions]
        self._lock = threading.Lock()
        self._given = recorder
        self._forget(0)

    def search(
        self, sources: Sequence[Sequence[int]], max_lengths: Sequence[int], options: SearchOptions, padding: int = 0
    ) -> list[list[Hypothesis]]:
        """What `beam_search` finds for these sources (ids with their ends), or `greedy` where the beam is 1.

        max_lengths: as in `beam_search`. Raises DecodingError where the model gives what are not numbers, or where
        `options` ask for sampling.
        """
        if options.sampling is not None:
            raise DecodingError("a device's search draws no samples; use decoding.sample")
        if not sources:
            return []
        with self._lock, torch.inference_mode(), self._ready():
            batch = self._batch(sources, max_lengths, options)
            batch.step.begin(sources, padding)
            batch.read()
            return run(batch.search, max_lengths, batch.advance)

    def source_length(self, length: int) -> int:
        """How many positions a source takes: batches of one length by this measure are of one shape."""
        return min(-(-length // ALIGNED) * ALIGNED, self.config.max_length)

    def _batch(self, sources: Sequence[Sequence[int]], max_lengths: Sequence[int], options: SearchOptions) -> "_Batch":
        # Rounded up further, as it costs memory only: a step looks back no further than it must.
        capacity = power_for(max(ALIGNED, *max_lengths))
        length = self.source_length(max(map(len, sources)))
        shape = Shape(size_for(len(sources)), length, capacity, options.beam_size)
        if (shape, options) not in self._batches:
            needed = numbers_for(self.model, shape)
            if needed > len(self._room) or len(self._batches) == _MOST_BATCHES:
                self._forget(max(needed, len(self._room)))
            self._batches[shape, options] = self._new_batch(shape, options)
        return self._batches[shape, options]

    def _new_batch(self, shape: Shape, options: SearchOptions) -> "_Batch":
        step = DeviceStep(self.model, self._joined, shape, self._room)
        kind = DeviceGreedy if options.beam_size == 1 else DeviceBeam
        search = kind(step, shape.sentences, shape.capacity, options, self.device)
        if self._recorder is None:
            return _Batch(step, search, step.read, search.advance)
        return _Batch(step, search, Recorded(step.read, self._recorder), Recorded(search.advance, self._recorder))

    def _forget(self, numbers: int) -> None:
        """Drop all buffers and recordings, and make room for the keys and values of the largest batch.

        All batches share it, as only one runs at a time.
        """
        self._batches: dict[tuple[Shape, SearchOptions], _Batch] = {}
        self._room = torch.empty(0, dtype=torch.float32, device="cpu")  # Given back before there is more of it.
        self._room = torch.zeros(numbers, dtype=next(self.model.parameters()).dtype, device=self.device)
        self._recorder = self._given or (CudaRecorder(self.device) if self.device.type == "cuda" else None)

    @contextlib.contextmanager
    def _ready(self) -> Iterator[None]:
        """On a GPU: it is the current one, and attention comes of the operator that takes masks in every shape."""
        if self.device.type != "cuda":
            yield
            return
        # cuDNN's would be planned anew for every shape, which takes longer than a batch.
        with torch.cuda.device(self.device), sdpa_kernel([SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]):
            yield


class _Batch(NamedTuple):
    """The buffers of a batch's shape. read, advance: the step's and the search's, recorded where that can be."""

    step: DeviceStep
    search: DeviceGreedy | DeviceBeam
    read: Callable[[], None]
    advance: Callable[[int, int], None]


class PreciseOutput(nn.Module):
    """The last linear layer with float32 logits of bfloat16 vectors: bfloat16 cannot tell candidates apart."""

    def __init__(self, matrix: nn.Embedding) -> None:
        super().__init__()
        self.matrix = matrix

    def forward(self, vectors: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch vocabulary"]:
        weight = self.matrix.weight
        if weight.dtype != torch.bfloat16:
            return F.linear(vectors, weight)
        if weight.device.type == "cpu":
            return F.linear(vectors.float(), weight.float())
        # Products of bfloat16 numbers are exact in float32, in which they are summed: only the rounding is left out.
        rows = torch.mm(vectors.flatten(0, -2), weight.t(), out_dtype=torch.float32)
        return rows.view(*vectors.shape[:-1], -1)


_prepared: weakref.WeakKeyDictionary[EncoderDecoder, tuple[Contents, DeviceModel]] = weakref.WeakKeyDictionary()


def prepared(model: EncoderDecoder) -> EncoderDecoder | DeviceModel:
    """The model prepared for its GPU, once and until anything about it changes; the model itself where it is on none.

    A model that is more than its class and its weights, as one that is watched, stays itself: its observer is to see
    every step, not the one that is recorded.
    """
    if not is_on_gpu(model) or departure(model) is not None:
        return model
    known = _prepared.get(model)
    if known is None or not known[0].hold():
        known = _prepared[model] = (Contents(model), DeviceModel(model))
    return known[1]


def on_device(model: EncoderDecoder, precision: Precision) -> DeviceModel | None:
    """The model prepared for its GPU in this precision; None where it is on none."""
    if not is_on_gpu(model):
        return None
    if precision == "int8":
        _LOG.warning("int8 is for CPUs; bf16 is used on this GPU")
    return DeviceModel(model, "fp32" if precision == "fp32" else "bf16")


def is_on_gpu(model: nn.Module) -> bool:
    return next(model.parameters()).device.type == "cuda"
