"""A model prepared for a CUDA GPU: its weights, its buffers, and captures of its steps."""

import contextlib
import copy
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from clearhead.model import EncoderDecoder
from clearhead.model.blocks import DecoderLayer
from clearhead.model.embedding import Output
from clearhead.runtimes.choosing import Chooser
from clearhead.runtimes.eager import DEVICE_BATCH_TOKENS, device_bytes
from clearhead.runtimes.graphs import Captured, Capturer, CudaCapturer
from clearhead.runtimes.rows import Rows
from clearhead.runtimes.runtime import Bans, Choice, Ids, Lists, Sizes, bytes_for
from clearhead.runtimes.static import Joined, Shape, StaticStep, numbers_for
from clearhead.runtimes.weights import require_finite

# Captures are small, but not nothing: after so many different shapes all are made anew.
_MOST_BATCHES = 32
# With no more rows than these, fewer of them would save nothing: a step's time is that of starting its operations.
FEW_ROWS = 64
# Lengths are multiples of this; torch's attention would copy a mask of another length before it reads it.
ALIGNED = 16


class CudaRuntime:
    """The same model on a GPU, in few fixed shapes.

    precision: "fp32" computes in the numbers that the model has; "bf16" rounds weights and whatever passes between
    operations to 8 bits of precision, but for logits and log-probabilities, which are float32 or better in both.

    A batch's shape is rounded up, so that there are few, and each has its buffers and its captured steps. They stay
    until a batch needs more memory than any before it. The weights are copied: what becomes of `model` later is not
    seen. One batch runs at a time, whichever thread it comes from: a session is that batch's alone.

    It works on any device, and captures where that is a CUDA GPU, or with the `capturer` that is given.
    """

    batch_tokens, concurrency = DEVICE_BATCH_TOKENS, 1

    def __init__(self, model: EncoderDecoder, precision: str = "fp32", capturer: Capturer | None = None) -> None:
        self.sizes = Sizes.of(model.config)
        self.device = next(model.parameters()).device
        self.batch_bytes = device_bytes(self.device)
        require_finite(model)
        self.model = copy.deepcopy(model).requires_grad_(False).eval()
        if precision == "bf16":
            self.model.to(torch.bfloat16)
        self.model.output = cast(Output, PreciseOutput(self.model.output.matrix, model.output.bias))
        attentions = [cast(DecoderLayer, layer).self_attention for layer in self.model.decoder.layers]
        self._joined = [Joined.of(one.query, one.key, one.value) for one in attentions]
        self._lock = threading.Lock()
        self._given = capturer
        self._forget(0)

    def padded_length(self, length: int) -> int:
        """Batches of one length by this measure are of one shape."""
        return min(-(-length // ALIGNED) * ALIGNED, self.sizes.max_length)

    def bytes_for(self, source: int, target: int, rows: int) -> int:
        return bytes_for(self.sizes, source, power_for(max(ALIGNED, target)), rows)

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """On a GPU: it is the current one, and attention comes of the operator that takes masks in every shape."""
        with self._lock, torch.inference_mode():
            if self.device.type != "cuda":
                yield
                return
            # cuDNN's would be planned anew for every shape, which takes longer than a batch.
            with torch.cuda.device(self.device), sdpa_kernel([SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]):
                yield

    def begin(
        self, sources: Sequence[Ids], capacity: int, *, rows: int = 1, lists: Lists | None = None, threads: int = 1
    ) -> "CudaState":
        kept = Rows(self.sizes, sources, capacity, rows)
        # Rounded up further, as it costs memory only: a step looks back no further than it must.
        length = self.padded_length(max(map(len, sources)))
        shape = Shape(size_for(len(sources)), length, power_for(max(ALIGNED, capacity)), rows)
        if shape not in self._batches:
            needed = numbers_for(self.model, shape)
            if needed > len(self._room) or len(self._batches) == _MOST_BATCHES:
                self._forget(max(needed, len(self._room)))
            self._batches[shape] = _Batch(StaticStep(self.model, self._joined, shape, self._room), self._capturer)
        return CudaState(self._batches[shape], sources, kept, self._chooser, lists)

    def _forget(self, numbers: int) -> None:
        """Drop all buffers and captures, and make room for the keys and values of the largest batch.

        All batches share it, as only one runs at a time.
        """
        self._batches: dict[Shape, _Batch] = {}
        self._room = torch.empty(0, dtype=torch.float32, device="cpu")  # Given back before there is more of it.
        self._room = torch.zeros(numbers, dtype=next(self.model.parameters()).dtype, device=self.device)
        self._capturer = self._given or (CudaCapturer(self.device) if self.device.type == "cuda" else None)
        self._chooser = Chooser(self.device)


class _Buffers(NamedTuple):
    """What goes into a step and comes out of it, where it always is.

    shifts: what a row's logits are greater by than its log-probabilities.
    """

    tokens: Int[Tensor, "sentences beams"]
    parents: Int[Tensor, "sentences beams"]
    position: Int[Tensor, "1"]
    log_probabilities: Float[Tensor, "sentences beams vocabulary"]
    shifts: Float[Tensor, "sentences beams 1"]


class _Batch:
    """A batch's shape: its step, its buffers, and its operations, captured where that can be.

    read: the sources. move: one position of the first `sentences` sentences, which looks back over `reach` positions.
    """

    def __init__(self, step: StaticStep, capturer: Capturer | None) -> None:
        self.step, shape, device = step, step.shape, step.source.device
        rows, config = (shape.sentences, shape.beams), step.model.config
        precise = torch.promote_types(next(step.model.parameters()).dtype, torch.float32)
        self.buffers = _Buffers(
            torch.zeros(rows, dtype=torch.long, device=device),
            torch.zeros(rows, dtype=torch.long, device=device),
            torch.zeros(1, dtype=torch.long, device=device),
            torch.zeros(*rows, config.target_vocabulary, dtype=precise, device=device),
            torch.zeros(*rows, 1, dtype=precise, device=device),
        )
        self.read = step.read if capturer is None else Captured(step.read, capturer)
        self.move = self._move if capturer is None else Captured(self._move, capturer)

    def _move(self, sentences: int, reach: int) -> None:
        tokens, parents, position, found, shifts = self.buffers
        self.step.select(parents[:sentences])
        logits = self.step(tokens[:sentences], position, reach)
        found[:sentences].copy_(logits.log_softmax(-1, dtype=found.dtype))
        torch.sub(logits[..., :1], found[:sentences, :, :1], out=shifts[:sentences])
        position.add_(1)


class CudaState:
    """The sentences of one batch: `runtime.State`, for as long as no other batch of its runtime is begun.

    Sentences that are done are computed on until the others need no more than half of the places: then these move
    together. So a batch does not take as long as if all its sentences were as long as the longest, and there are few
    different shapes.
    """

    def __init__(
        self, batch: _Batch, sources: Sequence[Ids], rows: Rows, chooser: Chooser, lists: Lists | None
    ) -> None:
        self._batch, self._rows, self._chooser = batch, rows, chooser
        self._places = np.arange(len(sources))  # At which place each sentence is.
        self._computed = batch.step.shape.sentences
        self._allowed = None if lists is None else torch.as_tensor(lists.mask(), device=chooser.device)
        batch.step.begin(sources)
        batch.read()
        batch.buffers.position.zero_()

    def advance(
        self, tokens: Int[np.ndarray, "sentences beams"], parents: Int[np.ndarray, "sentences beams"] | None
    ) -> None:
        self._rows.check(tokens, parents)
        step, buffers, beams = self._batch.step, self._batch.buffers, self._rows.beams
        if parents is None:
            parents = np.arange(tokens.size).reshape(tokens.shape)
        sentences, rows = parents[:, 0] // beams, parents % beams
        self._places = self._places[sentences]
        if self._allowed is not None:
            self._allowed = self._allowed[torch.as_tensor(sentences, device=self._chooser.device)]
        self._move_together(step)
        # Rows that nobody is at are computed as well, as copies of others.
        for buffer, values in ((buffers.tokens, tokens), (buffers.parents, rows)):
            whole = np.zeros((self._computed, step.shape.beams), np.int64)
            whole[self._places, : values.shape[1]] = values
            buffer[: self._computed].copy_(torch.from_numpy(whole))
        self._batch.move(self._computed, reach_of(self._rows.position, step.shape.capacity))
        self._rows.advance(tokens)

    def best(self, count: int, bans: Bans) -> Choice:
        values, tokens = self._chooser.best(self._found(), count, bans)
        return Choice(values.cpu().numpy(), tokens.cpu().numpy())

    def log_probabilities(self) -> Float[np.ndarray, "sentences beams vocabulary"]:
        found: Float[np.ndarray, "sentences beams vocabulary"] = self._found().cpu().numpy()
        return found

    def logits(self) -> Float[np.ndarray, "sentences beams vocabulary"]:
        places = torch.as_tensor(self._places, device=self._chooser.device)
        logits = (self._batch.buffers.log_probabilities + self._batch.buffers.shifts)[places, : self._rows.beams]
        if self._allowed is not None:
            logits = logits.masked_fill(~self._allowed[:, None], -torch.inf)
        found: Float[np.ndarray, "sentences beams vocabulary"] = logits.cpu().numpy()
        return found

    def _found(self) -> Float[Tensor, "sentences beams vocabulary"]:
        """The log-probabilities of the rows that somebody is at."""
        places = torch.as_tensor(self._places, device=self._chooser.device)
        found = self._batch.buffers.log_probabilities[places, : self._rows.beams]
        if self._allowed is None:
            return found
        # Shared out among those that the list allows.
        return found.masked_fill(~self._allowed[:, None], -torch.inf).log_softmax(-1)

    def _move_together(self, step: StaticStep) -> None:
        fewer = power_for(len(self._places))
        if fewer <= self._computed // 2 and self._computed * step.shape.beams > FEW_ROWS:
            step.keep(torch.as_tensor(self._places, device=self._chooser.device))
            self._places, self._computed = np.arange(len(self._places)), fewer


class PreciseOutput(nn.Module):
    """The last linear layer with float32 logits of bfloat16 vectors: bfloat16 cannot tell candidates apart."""

    bias: Tensor | None

    def __init__(self, matrix: nn.Embedding, bias: Tensor | None) -> None:
        super().__init__()
        self.matrix = matrix
        # In float32, as the logits are.
        self.register_buffer("bias", None if bias is None else bias.detach().float().clone())

    def forward(self, vectors: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch vocabulary"]:
        weight, bias = self.matrix.weight, self.bias
        if weight.dtype != torch.bfloat16:
            return F.linear(vectors, weight, bias)
        if weight.device.type == "cpu":
            return F.linear(vectors.float(), weight.float(), bias)
        # Products of bfloat16 numbers are exact in float32, in which they are summed: only the rounding is left out.
        rows = torch.mm(vectors.flatten(0, -2), weight.t(), out_dtype=torch.float32)
        rows = rows if bias is None else rows + bias
        return rows.view(*vectors.shape[:-1], -1)


def size_for(count: int) -> int:
    """`count` rounded up to 1, 2, …, 8, 10, 12, 14, 16, 20, 24, …: four sizes from one power of two to the next."""
    step = max(1, power_for(count) // 8)
    return -(-count // step) * step


def power_for(count: int) -> int:
    """The least power of two that is `count` or more."""
    return 1 << (count - 1).bit_length()


def reach_of(position: int, capacity: int) -> int:
    """How many positions a step looks back over: few while there are few, in as few different numbers as will do."""
    return min(max(ALIGNED, power_for(position + 1)), capacity)
