"""What a state in PyTorch is asked, held against what it has: C looks at the same by itself (native/transformer.c).

On a GPU an id that is not there would end every computation of the process.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from clearhead.errors import DecodingError
from clearhead.native import crossing
from clearhead.native.crossing import INT64
from clearhead.runtimes.runtime import Ids, Sizes


class Rows:
    """The rows of a state, and how many positions they have: `Runtime.begin` and `State.advance` are checked by it.

    sentences, beams: how many rows there were after the last step. position: how many steps there were.
    most: how many rows a sentence may have; None where there is no end.

    Raises DecodingError for sources that are too short or too long, for ids that the model does not know, and for more
    positions than it has.
    """

    def __init__(self, sizes: Sizes, sources: Sequence[Ids], capacity: int, most: int | None = None) -> None:
        fewest, most_read = sizes.source_range()
        for length in map(len, sources):
            if not fewest <= length <= most_read:
                raise DecodingError(f"a source has {length} tokens, expected {fewest} to {most_read}; cut it")
        ids = crossing.numbers([one for source in sources for one in source], INT64)
        if ids.size or fewest or not sources:
            _require_ids(ids, sizes.source_vocabulary)
        if crossing.count("capacity", capacity) > (room := sizes.room(max(map(len, sources)))):
            raise DecodingError(f"capacity={capacity} is more than the model's {room}; ask for fewer")
        self._capacity, self._vocabulary, self._most = capacity, sizes.target_vocabulary, most
        self.sentences, self.beams, self.position = len(sources), 1, 0

    def check(
        self, tokens: Int[np.ndarray, "sentences beams"], parents: Int[np.ndarray, "sentences beams"] | None
    ) -> None:
        """Raise DecodingError where `State.advance` must not be asked this; nothing is changed."""
        if self.position >= self._capacity:
            raise DecodingError(f"step {self.position + 1} is more than the {self._capacity} asked for; ask for more")
        own = (self.sentences, self.beams)
        shape = _require_shape("tokens", tokens, own if parents is None else None)
        _require_ids(tokens, self._vocabulary)
        if self._most is not None and shape[1] > self._most:
            raise DecodingError(f"{shape[1]} rows a sentence are more than the {self._most} asked for; ask for more")
        if parents is not None:
            _require_shape("parents", parents, shape)
            self._require_rows(parents)

    def _require_rows(self, parents: Int[np.ndarray, "sentences beams"]) -> None:
        count, of = self.sentences * self.beams, parents // self.beams
        if parents.min() < 0 or parents.max() >= count:
            problem = f"from {parents.min()} to {parents.max()}, where there are {count}"
        elif (of != of[:, :1]).any():
            problem = "of two sentences for one"
        elif len(set(of[:, 0].tolist())) < len(of):
            problem = "of one sentence for two"
        else:
            return
        raise DecodingError(f"parents names rows {problem}; name rows that were there after the step before")

    def advance(self, tokens: Int[np.ndarray, "sentences beams"]) -> None:
        """A step is done."""
        self.sentences, self.beams = tokens.shape
        self.position += 1


def require_texts(sizes: Sizes, texts: Sequence[Ids]) -> None:
    """Raise DecodingError for what no model of these sizes reads: no text, an empty or too long one, or no ids."""
    for length in map(len, texts):
        if not 1 <= length <= sizes.max_length:
            raise DecodingError(f"a text has {length} tokens, expected 1 to {sizes.max_length}; cut it")
    _require_ids(crossing.numbers([one for text in texts for one in text], INT64), sizes.source_vocabulary)


def _require_shape(what: str, array: object, shape: tuple[int, int] | None) -> tuple[int, int]:
    """The shape of whole numbers. Raises DecodingError where it is another, or has no rows."""
    found = crossing.ordered(what, array, 2)
    if found.dtype != INT64 or not found.size or (shape is not None and found.shape != shape):
        expected = f"shape {shape}" if shape is not None else "one row or more"
        raise DecodingError(f"{what}: expected int64 of {expected}, not {found.dtype} of shape {found.shape}")
    return found.shape[0], found.shape[1]


def _require_ids(ids: Int[np.ndarray, "..."], vocabulary: int) -> None:
    if not ids.size:
        raise DecodingError("there are no ids; give one or more")
    if ids.min() < 0 or ids.max() >= vocabulary:
        raise DecodingError(
            f"ids from {ids.min()} to {ids.max()} are given but the model knows 0 to {vocabulary - 1}; "
            "use the tokenizer that the model was trained with"
        )
