"""A model in C on the CPU, from its weights by name: no torch is needed. See native/transformer.c."""

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import c_void_p
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from clearhead.errors import DecodingError
from clearhead.model.config import EncoderOnlyConfig, FamilyConfig
from clearhead.native import crossing
from clearhead.native import library as native
from clearhead.native.crossing import FLOAT32, INT32, INT64, address, pointer
from clearhead.processor import cores
from clearhead.runtimes.prepacking import Prepacking, Weights
from clearhead.runtimes.reader import Vectors
from clearhead.runtimes.runtime import (
    BATCH_BYTES,
    BATCH_TOKENS,
    Bans,
    Choice,
    Ids,
    Lists,
    Sizes,
    bytes_for,
    log_softmax,
    require_vocabulary,
)


class CompiledRuntime:
    """The same model in C: an encoder-decoder; a decoder alone, which goes on from prompts; or an encoder alone.

    It is a `Runtime` for those that write, and a `Reader`.

    weights: float32 arrays by the names of the model's state dict, every shared matrix under each of its names, and the
    tables of positions, fixed ones too (`model.positions.tables`).
    precision: in which numbers the linear layers multiply. "fp32" as the model was trained; "bf16" rounds weights and
    inputs to 8 bits of precision; "int8" makes whole numbers from -127 to 127 of them, with a scale for each row of
    weights and each vector of inputs. Sums, attention and normalisation are float32 in all three.

    A sentence's result depends on nothing but the sentence, to the last bit: there is no padding, and each row of a
    product is summed in the same order whatever is computed beside it.

    The weights are copied, unless they are nobody else's (`is_ours`): what becomes of them later is not seen. Several
    threads may use it at once. It never changes, so a copy of it is itself; it is not pickled, as what C points to
    would not be there.
    Raises MemoryError where memory is short, DecodingError for weights that are no numbers, UnknownWeightsError for
    others than C knows or of other shapes than the config says.
    """

    batch_tokens, batch_bytes = BATCH_TOKENS, BATCH_BYTES

    def __init__(
        self,
        library: native.Library,
        config: FamilyConfig,
        weights: Weights,
        precision: str,
        is_ours: bool = False,
    ) -> None:
        self.config = config
        self.sizes = Sizes.of(config)
        self._library = library
        self._output_rows: NDArray[np.int32] | None = None
        self._prepacking = Prepacking(library, config, weights, precision, is_ours)
        # Not at the process' end, where a thread may still compute; its memory is given back anyhow.
        weakref.finalize(self, self._prepacking.free).atexit = False
        self._c_struct = self._prepacking.c_struct()

    def __deepcopy__(self, memo: dict[int, Any]) -> "CompiledRuntime":
        return self

    def __copy__(self) -> "CompiledRuntime":
        return self

    def __reduce__(self) -> str:
        raise DecodingError("a model in C cannot be pickled; pickle the model, and prepare it where it is to be used")

    @property
    def concurrency(self) -> int:
        return cores()

    def padded_length(self, length: int) -> int:
        return length

    def bytes_for(self, source: int, target: int, rows: int) -> int:
        return bytes_for(self.sizes, source, target, rows)

    @contextmanager
    def session(self) -> Iterator[None]:
        yield

    def begin(
        self, sources: Sequence[Ids], capacity: int, *, rows: int = 1, lists: Lists | None = None, threads: int = 1
    ) -> "CompiledState":
        """See `Runtime.begin`. Raises DecodingError for what is no id of the model's, and for too many positions.

        lists: logits are computed for these tokens alone, and are those that the whole product has there, to the last
        bit.
        """
        if isinstance(self.config, EncoderOnlyConfig):
            raise DecodingError("an encoder-only model writes nothing; ask it to fill masks, to classify or to embed")
        ids, lengths = _laid_out(sources)
        capacity, threads = crossing.count("capacity", capacity), crossing.count("threads", threads)
        state = c_void_p()
        code = self._library.state_new(
            self._c_struct, pointer("ids", ids, INT32, len(ids)), len(ids),
            pointer("lengths", lengths, INT32, len(sources)), len(sources),
            1, capacity, native.threads(threads), state,
        )  # fmt: skip
        crossing.require_done(code, "reading sources", ids=ids, lengths=lengths, capacity=capacity)
        return CompiledState(self, self._library, self._c_struct, state, len(sources), threads, lists)

    def read(self, texts: Sequence[Ids], *, causal: bool = False, threads: int = 1) -> list[Vectors]:
        """See `Reader.read`. Of an encoder-decoder it is what its encoder says."""
        ids, lengths = _laid_out(texts)
        threads = crossing.count("threads", threads)
        vectors = np.empty((len(ids), self.config.width), FLOAT32)
        code = self._library.read(
            self._c_struct, pointer("ids", ids, INT32, len(ids)), len(ids),
            pointer("lengths", lengths, INT32, len(texts)), len(texts), causal, native.threads(threads),
            address(vectors),
        )  # fmt: skip
        crossing.require_done(code, "reading texts", ids=ids, lengths=lengths)
        return np.split(vectors, np.cumsum(lengths)[:-1])

    def token_log_probabilities(self, vectors: Vectors, *, threads: int = 1) -> Float[np.ndarray, "places vocabulary"]:
        return log_softmax(self._logits("token", self._c_struct.tokens, vectors, threads))

    def class_log_probabilities(self, texts: Sequence[Vectors]) -> Float[np.ndarray, "texts classes"]:
        # In float64, as a sum of many rows depends on their order.
        is_mean = getattr(self.config, "pooling", "first") == "mean"
        pooled = [one.mean(0, np.float64) if is_mean else one[0] for one in texts]
        return log_softmax(self._logits("class", self._c_struct.classes, np.array(pooled, FLOAT32), 1))

    def _logits(
        self, what: str, head: native.Head, vectors: Vectors, threads: int
    ) -> Float[np.ndarray, "rows outputs"]:
        if not head.output.outputs:
            raise DecodingError(f"the model has no head that tells each {what}; use one that was trained for it")
        vectors = crossing.ordered("vectors", vectors, 2)
        logits = np.empty((len(vectors), head.output.outputs), FLOAT32)
        code = self._library.logits(
            head, pointer("vectors", vectors, FLOAT32, len(vectors), self.config.width), len(vectors), address(logits),
            native.threads(crossing.count("threads", threads)),
        )  # fmt: skip
        crossing.require_done(code, "the logits of a head", vectors=vectors)
        return logits

    def unfolded(self) -> Int[np.ndarray, "outputs words"]:
        """The output layer's prepacked weights one output after the other, made when a list first asks for some."""
        # Two threads may both make them; they make the same, and no lock is there to be held while a process forks.
        if self._output_rows is None:
            output = self._c_struct.tokens.output
            rows = np.empty((output.outputs, self._library.words32(output)), INT32)
            self._library.unfold(output, address(rows))
            self._output_rows = rows
        return self._output_rows


class CompiledState:
    """The sentences of one batch in C: `runtime.State`.

    _logits: of the last step, "sentences beams vocabulary", or those of the lists' tokens. The next step may overwrite
    them.
    """

    def __init__(
        self,
        runtime: CompiledRuntime,
        library: native.Library,
        struct: native.Transformer,
        state: c_void_p,
        sentences: int,
        threads: int,
        lists: Lists | None,
    ) -> None:
        self._runtime = runtime  # Kept alive, as C reads its weights.
        self._threads = threads
        self._lists: Lists | None = None
        self._library, self._c_struct, self._state, self._shape = library, struct, state, (sentences, 1)
        self._outputs = runtime.sizes.target_vocabulary
        weakref.finalize(self, library.state_free, struct, state).atexit = False
        # Two threads that ask at once wait for each other: C would write to the same buffers.
        self._busy = threading.Lock()
        logits = np.empty((0, 0, self._outputs), FLOAT32)
        self._logits, self._at = logits, address(logits)  # To ask where memory is takes a while.
        if lists is not None:
            self._limit(lists)

    def _limit(self, lists: Lists) -> None:
        """Lay each sentence's part of the output layer out once: it is read at every step."""
        lists = lists._replace(
            tokens=crossing.ordered("lists", lists.tokens, 2),
            counts=crossing.ordered("the lists' sizes", lists.counts, 1),
        )
        sentences, longest = self._shape[0], lists.tokens.shape[1]
        code = self._library.shortlist(
            self._c_struct, self._state, address(self._runtime.unfolded()),
            pointer("lists", lists.tokens, INT32, sentences, longest),
            pointer("the lists' sizes", lists.counts, INT32, sentences), sentences, longest,
        )  # fmt: skip
        crossing.require_done(code, "a shortlist", tokens=lists.tokens, counts=lists.counts)
        self._lists, self._outputs = lists, longest

    def advance(
        self, tokens: Int[np.ndarray, "sentences beams"], parents: Int[np.ndarray, "sentences beams"] | None
    ) -> None:
        with self._busy:
            tokens = crossing.ordered("tokens", tokens, 2)
            shape: tuple[int, int] = tokens.shape
            if parents is not None:
                parents = crossing.ordered("parents", parents, 2)
            logits, at = self._logits, self._at
            if logits.shape != (*shape, self._outputs):
                logits = np.empty((*shape, self._outputs), FLOAT32)
                at = address(logits)
            code = self._library.advance(
                self._c_struct, self._state, pointer("tokens", tokens, INT64, *shape),
                None if parents is None else pointer("parents", parents, INT64, *shape), *shape, 1,
                at, self._outputs, native.threads(self._threads),
            )  # fmt: skip
            crossing.require_done(code, "a step of decoding", tokens=tokens, parents=parents)
            if parents is not None and self._lists is not None:
                sentences = parents[:, 0] // self._shape[1]
                # Most steps keep all where they are.
                if not np.array_equal(sentences, np.arange(self._shape[0])):
                    self._lists = self._lists.of_sentences(sentences)
            self._shape, self._logits, self._at = shape, logits, at

    def best(self, count: int, bans: Bans) -> Choice:
        lists, vocabulary = self._lists, self._runtime.sizes.target_vocabulary
        if bans.standing is not None:
            require_vocabulary(bans.standing, vocabulary)
        count = min(count, vocabulary)
        return Choice(
            *self._library.most_probable(
                self._logits, bans.suppressed, count, lists and lists[:2], bans.standing, bans.forced, self._at
            )
        )

    def log_probabilities(self) -> Float[np.ndarray, "sentences beams vocabulary"]:
        return log_softmax(self.logits())

    def logits(self) -> Float[np.ndarray, "sentences beams vocabulary"]:
        if self._lists is None:
            return self._logits
        sentences, beams = self._shape
        vocabulary = self._runtime.sizes.target_vocabulary
        whole = np.full((sentences, beams, vocabulary + 1), -np.inf, FLOAT32)
        # What fills a list up may be anything: its place is beyond the vocabulary.
        is_listed = np.arange(self._logits.shape[-1]) < self._lists.counts[:, None]
        tokens = np.where(is_listed, self._lists.tokens, vocabulary)
        places = np.broadcast_to(tokens[:, None].astype(np.int64), self._logits.shape)
        np.put_along_axis(whole, places, self._logits, axis=-1)
        return whole[..., :-1]

    def __reduce__(self) -> str:
        raise DecodingError("a state of decoding cannot be copied or pickled; begin another one")


def _laid_out(sequences: Sequence[Ids]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The ids of all, one after the other, and how many each has.

    Whatever is not a sequence of ids is refused here, and what is not an id of the model by C.
    """
    ids = crossing.numbers([one for sequence in sequences for one in sequence], INT32)
    return ids, crossing.numbers([len(sequence) for sequence in sequences], INT32)
