"""What a search asks of whatever computes the next token, in NumPy's arrays: it knows no model, and no torch."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int, Int32

from clearhead.errors import DecodingError
from clearhead.text.utf8 import Standing

Ids = Sequence[int]
# A batch's sentences × hypotheses × source tokens, padding included, on a CPU.
BATCH_TOKENS = 4096
BATCH_BYTES = 2 << 30


class Sizes(NamedTuple):
    """How many ids a model knows on either side, how many positions it has, and how large its KV cache is.

    width: of a position's keys in one layer, all heads together.
    shares_positions: whether a source and its target are one sequence, as in a decoder-only model: the source is what
    the target goes on from, it may be empty, and `max_length` holds for both together.
    """

    source_vocabulary: int
    target_vocabulary: int
    max_length: int
    decoder_layers: int
    width: int
    shares_positions: bool = False

    @classmethod
    def of(cls, config: Any) -> "Sizes":
        # What decodes as a Transformer does need not have layers: its cache is taken for that of one.
        known = {"decoder_layers": 1, **{name: getattr(config, name) for name in cls._fields if hasattr(config, name)}}
        if "source_vocabulary" not in known:
            known |= dict.fromkeys(("source_vocabulary", "target_vocabulary"), config.vocabulary)
            known |= {"decoder_layers": config.layers, "shares_positions": True}
        if (block := getattr(config, "block", None)) is not None:
            known["width"] = block.kv_heads * block.head_width
        return cls(**known)

    def source_range(self) -> tuple[int, int]:
        """The fewest and the most tokens of a source."""
        return (0, self.max_length - 1) if self.shares_positions else (1, self.max_length)

    def room(self, source: int) -> int:
        """The most target tokens after a source of so many."""
        return self.max_length - source if self.shares_positions else self.max_length


class Lists(NamedTuple):
    """The target tokens that each sentence may have, in rising order, filled up with the size of the vocabulary."""

    tokens: Int32[np.ndarray, "sentences longest"]
    counts: Int32[np.ndarray, "sentences"]
    vocabulary: int

    def of_sentences(self, places: Int[np.ndarray, "kept"]) -> "Lists":
        return Lists(self.tokens[places], self.counts[places], self.vocabulary)

    def mask(self) -> Bool[np.ndarray, "sentences vocabulary"]:
        """True for the tokens that a sentence may have."""
        mask = np.zeros((len(self.counts), self.vocabulary + 1), bool)
        np.put_along_axis(mask, self.tokens, True, axis=1)
        return mask[:, :-1]


class Choice(NamedTuple):
    """Some tokens of each row and their log-probabilities, -inf where nothing was left to choose."""

    log_probabilities: Float[np.ndarray, "sentences beams choices"]
    tokens: Int[np.ndarray, "sentences beams choices"]


class Bans(NamedTuple):
    """Which tokens may not be written now.

    suppressed: never. standing: where rows stand, if they are kept to whole UTF-8. forced: for each sentence the only
    token that it may have, even a suppressed one; -1 where it may have any.
    """

    suppressed: tuple[int, ...] = ()
    standing: Standing | None = None
    forced: Int[np.ndarray, "sentences"] | None = None


@runtime_checkable
class State(Protocol):
    """Some sentences that are being written: the KV cache of one batch. Every sentence has the same number of rows."""

    def advance(
        self, tokens: Int[np.ndarray, "sentences beams"], parents: Int[np.ndarray, "sentences beams"] | None
    ) -> None:
        """Row r goes on from row parents[r] of those before, counted over all sentences, with tokens[r].

        The rows of one sentence go on from rows of one sentence, those of two sentences from rows of two. Rows that
        nobody goes on from are gone. Where `parents` is None, all rows go on as they are; in the beginning there is one
        for each sentence.
        Raises DecodingError for a token or a row that is not there.
        """
        ...

    def best(self, count: int, bans: Bans) -> Choice:
        """The `count` most probable tokens after each row that are not banned, most probable first; all, if fewer.

        Probabilities are the model's own: they are not shared out again among the tokens that remain.
        """
        ...

    def log_probabilities(self) -> Float[np.ndarray, "sentences beams vocabulary"]:
        """The log-probability (natural logarithm) of every token after each row, none of them banned."""
        ...

    def logits(self) -> Float[np.ndarray, "sentences beams vocabulary"]:
        """What the model gave for every token after each row: their softmax is what `log_probabilities` tells of."""
        ...


@runtime_checkable
class Capacity(Protocol):
    """How much a model computes at a time: what batches are made by."""

    @property
    def sizes(self) -> Sizes: ...

    @property
    def batch_tokens(self) -> int:
        """How many sentences × hypotheses × source tokens keep it busy."""
        ...

    @property
    def batch_bytes(self) -> int:
        """What the KV caches and logits of all batches that are computed at a time may take."""
        ...

    @property
    def concurrency(self) -> int:
        """How many batches are best computed at a time, each on its share of the cores."""
        ...

    def padded_length(self, length: int) -> int:
        """How many source positions a source of this length takes."""
        ...

    def bytes_for(self, source: int, target: int, rows: int) -> int:
        """The memory that a sentence of so many positions on either side takes: its KV cache and its logits."""
        ...

    def session(self) -> AbstractContextManager[None]:
        """Whoever begins a state and uses it, or reads, does so within a session, on one thread."""
        ...


@runtime_checkable
class Runtime(Capacity, Protocol):
    """A model that can be asked, position by position, what comes next."""

    def begin(
        self, sources: Sequence[Ids], capacity: int, *, rows: int = 1, lists: Lists | None = None, threads: int = 1
    ) -> State:
        """A state that has read `sources` (ids with their ends), for at most `capacity` target positions.

        Where both share their positions (`Sizes`), sources are what the first tokens of `State.advance` come after.
        rows: how many rows a sentence will have at most. lists: the tokens that each sentence may have.
        threads: how many cores it may use.
        """
        ...


def bytes_for(sizes: Sizes, source: int, target: int, rows: int) -> int:
    """`Runtime.bytes_for` in float32: the memory's keys and values once a sentence, the others for each row."""
    positions = source + rows * target
    return 4 * (2 * sizes.decoder_layers * sizes.width * positions + 2 * rows * sizes.target_vocabulary)


def best_of(log_probabilities: Float[np.ndarray, "sentences beams vocabulary"], count: int, bans: Bans) -> Choice:
    """What `State.best` gives, of all log-probabilities: the plain way. Of equal tokens the first comes first."""
    allowed = permitted(log_probabilities, bans)
    # What is no number comes first: it is not to be hidden behind what is banned.
    order = np.where(np.isnan(allowed), -math.inf, -allowed)
    tokens = np.argsort(order, axis=-1, kind="stable")[..., :count]
    return Choice(np.take_along_axis(allowed, tokens, -1), tokens)


def permitted(
    log_probabilities: Float[np.ndarray, "sentences beams vocabulary"], bans: Bans
) -> Float[np.ndarray, "sentences beams vocabulary"]:
    """The log-probabilities, -inf for every token that is banned."""
    banned = np.zeros(log_probabilities.shape, bool)
    banned[..., list(bans.suppressed)] = True
    if bans.standing is not None:
        require_vocabulary(bans.standing, log_probabilities.shape[-1])
        banned |= bans.standing.banned()
    if bans.forced is not None:
        places = np.flatnonzero(bans.forced >= 0)
        banned[places] = True
        banned[places, :, bans.forced[places]] = False
    return np.where(banned, -math.inf, log_probabilities)


def log_softmax(logits: Float[np.ndarray, "*rows vocabulary"]) -> Float[np.ndarray, "*rows vocabulary"]:
    """In the logits' own numbers; of a row that is not all numbers, or all -inf, NaN."""
    with np.errstate(invalid="ignore"):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        result: Float[np.ndarray, "*rows vocabulary"] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def require_vocabulary(standing: Standing, vocabulary: int) -> None:
    """Raise DecodingError where whole characters are those of another vocabulary than the model's."""
    if standing.table.shape[1] != vocabulary:
        raise DecodingError(
            f"utf8 is for a vocabulary of {standing.table.shape[1]} ids but the model's has {vocabulary}; "
            "use the tokenizer that the model was trained with"
        )
