"""A model served by its own PyTorch code, operation by operation: whatever is done to it, is done here too."""

import os
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from clearhead.model import DecoderCache, StackCache, causal_mask
from clearhead.runtimes.choosing import Chooser
from clearhead.runtimes.reader import Vectors
from clearhead.runtimes.rows import Rows, require_texts
from clearhead.runtimes.runtime import (
    BATCH_BYTES,
    BATCH_TOKENS,
    Bans,
    Choice,
    Ids,
    Lists,
    Sizes,
    bytes_for,
)
from clearhead.runtimes.weights import require_finite

# A GPU is idle with a hundred rows at a time and busy with a thousand.
DEVICE_BATCH_TOKENS = 32_768


class EagerRuntime:
    """A model, as it is: one of ours, or whatever has their `config` and methods. A `Runtime`, and a `Reader`.

    To write takes `begin` and `step`: an encoder-decoder's `begin` takes the memory that its `encode` makes; a
    decoder-only model's takes the ids. To read takes `hidden_states`, and `masked_logits`, `class_logits` or `output`.
    """

    concurrency = 1  # One product uses all cores.

    def __init__(self, model: Any) -> None:
        self.model = model
        config = model.config
        self.sizes = Sizes.of(config)
        self.device = next(model.parameters()).device
        self.batch_tokens = BATCH_TOKENS if self.device.type == "cpu" else DEVICE_BATCH_TOKENS
        self.batch_bytes = device_bytes(self.device)

    def padded_length(self, length: int) -> int:
        return length

    def bytes_for(self, source: int, target: int, rows: int) -> int:
        return bytes_for(self.sizes, source, target, rows)

    @contextmanager
    def session(self) -> Iterator[None]:
        """Without dropout and gradients; afterwards every module trains or does not, as before.

        Raises DecodingError for weights that are no numbers.
        """
        require_finite(self.model)
        with _evaluating(self.model), torch.inference_mode():
            yield

    def begin(
        self, sources: Sequence[Ids], capacity: int, *, rows: int = 1, lists: Lists | None = None, threads: int = 1
    ) -> "EagerState":
        kept = Rows(self.sizes, sources, capacity)
        source, mask = padded(sources, self.device)
        if self.sizes.shares_positions:
            cache = self.model.begin(source, mask.sum((1, 2, 3)))
        else:
            cache = self.model.begin(self.model.encode(source, mask), mask)
        allowed = None if lists is None else torch.as_tensor(lists.mask(), device=self.device)
        return EagerState(self.model, cache, kept, allowed, Chooser(self.device))

    def read(self, texts: Sequence[Ids], *, causal: bool = False, threads: int = 1) -> list[Vectors]:
        """See `Reader.read`."""
        require_texts(self.sizes, texts)
        ids, mask = padded(texts, self.device)
        if causal:
            # What fills a row up stands behind its text, which under this mask does not see it.
            mask = causal_mask(ids.shape[1], self.device)
        vectors = self.model.hidden_states(ids, mask)
        read = vectors.to("cpu", torch.promote_types(vectors.dtype, torch.float32)).numpy()
        return [row[: len(text)] for row, text in zip(read, texts, strict=True)]

    def token_log_probabilities(self, vectors: Vectors, *, threads: int = 1) -> Float[np.ndarray, "places vocabulary"]:
        project = getattr(self.model, "masked_logits", None) or self.model.output
        return self._log_softmax(project(self._own(vectors)[None])[0])

    def class_log_probabilities(self, texts: Sequence[Vectors]) -> Float[np.ndarray, "texts classes"]:
        states = nn.utils.rnn.pad_sequence([*map(self._own, texts)], batch_first=True)
        return self._log_softmax(self.model.class_logits(states, _real(list(map(len, texts)), self.device)))

    def _own(self, vectors: Vectors) -> Float[Tensor, "places width"]:
        return torch.as_tensor(vectors, dtype=next(self.model.parameters()).dtype, device=self.device)

    def _log_softmax(self, logits: Tensor) -> Float[np.ndarray, "rows outputs"]:
        found: Float[np.ndarray, "rows outputs"] = Chooser(self.device).log_softmax(logits).cpu().numpy()
        return found


class EagerState:
    """A model and its KV cache: `runtime.State`.

    allowed: the tokens that each sentence may have; the logits of all others are -inf. None where it may have all.
    """

    def __init__(
        self, model: Any, cache: "DecoderCache | StackCache", rows: Rows, allowed: Tensor | None, chooser: Chooser
    ) -> None:
        self._model, self._cache, self._rows, self._allowed, self._chooser = model, cache, rows, allowed, chooser
        self._logits = torch.empty(0, dtype=torch.float32, device=chooser.device)

    def advance(
        self, tokens: Int[np.ndarray, "sentences beams"], parents: Int[np.ndarray, "sentences beams"] | None
    ) -> None:
        self._rows.check(tokens, parents)
        device, beams = self._chooser.device, self._rows.beams
        if parents is not None:
            sentences = torch.as_tensor(parents[:, 0] // beams, device=device)
            self._cache.select(sentences, torch.as_tensor(parents % beams, device=device))
            if self._allowed is not None:
                self._allowed = self._allowed[sentences]
        logits = self._model.step(torch.as_tensor(tokens, device=device), self._cache)
        self._logits = logits if self._allowed is None else logits.masked_fill(~self._allowed[:, None], -torch.inf)
        self._rows.advance(tokens)

    def best(self, count: int, bans: Bans) -> Choice:
        values, tokens = self._chooser.best(self._chooser.log_softmax(self._logits), count, bans)
        return Choice(values.cpu().numpy(), tokens.cpu().numpy())

    def log_probabilities(self) -> Float[np.ndarray, "sentences beams vocabulary"]:
        found: Float[np.ndarray, "sentences beams vocabulary"] = self._chooser.log_softmax(self._logits).cpu().numpy()
        return found

    def logits(self) -> Float[np.ndarray, "sentences beams vocabulary"]:
        precise = torch.promote_types(self._logits.dtype, torch.float32)
        found: Float[np.ndarray, "sentences beams vocabulary"] = self._logits.to("cpu", precise).numpy()
        return found


# The threads whose sessions a model is in, and which of its modules trained before the first: one that ends early must
# not let those that go on drop numbers out.
_SESSIONS: "weakref.WeakKeyDictionary[Any, tuple[list[int], list[nn.Module]]]" = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    own = threading.get_ident()
    with _LOCK:
        threads, training = _SESSIONS.get(model) or ([], [module for module in model.modules() if module.training])
        _SESSIONS[model] = [*threads, own], training
        for module in training:
            module.training = False
    try:
        yield
    finally:
        with _LOCK:
            threads, training = _SESSIONS[model]
            threads.remove(own)
            _end_if_none(model)


def _end_if_none(model: Any) -> None:
    """Let a model's modules train again as before once it is in no session."""
    threads, training = _SESSIONS[model]
    if not threads:
        del _SESSIONS[model]
        for module in training:
            module.training = True


def _forget_sessions() -> None:
    # Of a process that was forked: the lock's holder is not there, nor are the other threads, whose sessions end.
    global _LOCK
    _LOCK = threading.Lock()
    for model, (threads, _) in list(_SESSIONS.items()):
        threads[:] = [one for one in threads if one == threading.get_ident()]
        _end_if_none(model)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_sessions)


def device_bytes(device: torch.device) -> int:
    """What a batch may take on a device: a quarter of a GPU's memory."""
    return torch.cuda.mem_get_info(device)[1] // 4 if device.type == "cuda" else BATCH_BYTES


def padded(sources: Sequence[Ids], device: torch.device) -> tuple[Tensor, Tensor]:
    """Sources as one tensor, each filled up at its end, and the mask of what may be attended to.

    "sentences longest" and "sentences 1 1 longest". What fills a row up is never attended to, so any id will do.
    """
    lengths = list(map(len, sources))
    longest = max(lengths)
    rows = torch.tensor([[*ids, *[0] * (longest - len(ids))] for ids in sources], dtype=torch.long, device=device)
    return rows, _real(lengths, device)


def _real(lengths: Sequence[int], device: torch.device) -> Bool[Tensor, "sentences 1 1 longest"]:
    """True where a row's own positions are, and not what fills it up."""
    longest = torch.arange(max(lengths), device=device)
    return (longest < torch.tensor(lengths, device=device)[:, None])[:, None, None]
