"""Keys and values already computed, so that a decoding step computes its own position only."""

import functools

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from clearhead.model.attention import Cache, KeysValues, join


class Past:
    """The keys and values of the positions so far, of one layer's self-attention.

    Rows are sentences × beams: hypothesis j of sentence i is row i·beams + j.
    """

    def __init__(self) -> None:
        self._kept: KeysValues | None = None

    @property
    def length(self) -> int:
        return 0 if self._kept is None else self._kept.key.shape[2]

    def append(self, new: KeysValues) -> KeysValues:
        """Add the positions just computed and return all of them."""
        self._kept = new if self._kept is None else join(self._kept, new)
        return self._kept

    def select(self, rows: Int[Tensor, "rows"], length: int | None = None) -> None:
        """Keep some rows, and of these the first `length` positions; all where None is given."""
        if self._kept is not None:
            self._kept = KeysValues(*(one[rows, :, :length] for one in self._kept))

    def of_beams(self, beams: int) -> KeysValues | None:
        """What is kept, each row as many times as a sentence has beams; None where there is none."""
        if self._kept is None or not self.length:
            return None
        return self._kept if beams == 1 else KeysValues(*(one.repeat_interleave(beams, dim=0) for one in self._kept))


class DecoderCache:
    """All that decoding remembers between steps: for each layer the memory's keys and values and the target's past.

    The memory's are kept once for each sentence, never once for each beam.
    """

    def __init__(
        self, memories: list[KeysValues], source_mask: Bool[Tensor, "sentences 1 1 source"], beams: int
    ) -> None:
        self.memories = memories
        self.source_mask = source_mask
        self.beams = beams
        self.pasts = [Past() for _ in memories]
        self.length = 0

    def select(self, sentences: Int[Tensor, "kept"], beams: Int[Tensor, "kept kept_beams"]) -> None:
        """Keep some sentences, and in each some hypotheses, in the order given.

        Afterwards row j of kept sentence i continues what was row beams[i, j] of sentence sentences[i].
        """
        rows = (sentences[:, None] * self.beams + beams).flatten()
        if not _is_identity(rows, self.source_mask.shape[0] * self.beams):
            for past in self.pasts:
                past.select(rows)
        if not _is_identity(sentences, self.source_mask.shape[0]):
            self.memories = [KeysValues(key[sentences], value[sentences]) for key, value in self.memories]
            self.source_mask = self.source_mask[sentences]
        self.beams = beams.shape[1]


class StackCache:
    """All that a decoder-only model remembers between steps: for each layer the prompts' keys and values, and the past.

    The prompts' are kept once for each sentence, never once for each beam. A row's keys are its prompt's, filled up to
    the longest, and then its past; `mask` hides what fills up, so that no sentence depends on its neighbours.
    """

    def __init__(self, layers: int, lengths: Int[Tensor, "sentences"], beams: int) -> None:
        self.lengths, self.beams, self.length = lengths, beams, 0
        self.longest = _longest(lengths)
        self.prompts = [Past() for _ in range(layers)]
        self.pasts = [Past() for _ in range(layers)]

    @property
    def positions(self) -> Int[Tensor, "rows 1"]:
        """Where each row's next token stands."""
        return self.lengths.repeat_interleave(self.beams)[:, None] + self.length

    @property
    def keys(self) -> Int[Tensor, "rows keys"]:
        """Where each row's keys stand, those of its next token at the end."""
        places = torch.arange(self.longest + self.length + 1, device=self.lengths.device)
        gap = (places >= self.longest) * (self.longest - self.lengths[:, None])
        return (places - gap).repeat_interleave(self.beams, dim=0)

    @property
    def mask(self) -> Bool[Tensor, "rows 1 1 keys"]:
        """What each row's next token may attend to: its prompt, all of its past, and itself."""
        places = torch.arange(self.longest + self.length + 1, device=self.lengths.device)
        shown = (places < self.lengths[:, None]) | (places >= self.longest)
        return shown.repeat_interleave(self.beams, dim=0)[:, None, None]

    def readers(self) -> list[Cache]:
        """For each layer, what adds a position to every row and gives all that the row may attend to."""
        return [functools.partial(self._read, *both) for both in zip(self.prompts, self.pasts, strict=True)]

    def _read(self, prompt: Past, past: Past, new: KeysValues) -> KeysValues:
        own, before = past.append(new), prompt.of_beams(self.beams)
        return own if before is None else join(before, own)

    def select(self, sentences: Int[Tensor, "kept"], beams: Int[Tensor, "kept kept_beams"]) -> None:
        """Keep some sentences, and in each some hypotheses, in the order given, as `DecoderCache.select` does."""
        rows = (sentences[:, None] * self.beams + beams).flatten()
        if not _is_identity(rows, self.lengths.shape[0] * self.beams):
            for past in self.pasts:
                past.select(rows)
        if not _is_identity(sentences, self.lengths.shape[0]):
            self.lengths = self.lengths[sentences]
            self.longest = _longest(self.lengths)
            for prompt in self.prompts:
                prompt.select(sentences, self.longest)
        self.beams = beams.shape[1]


def _longest(lengths: Int[Tensor, "sentences"]) -> int:
    return int(lengths.max()) if len(lengths) else 0


def _is_identity(chosen: Int[Tensor, "chosen"], length: int) -> bool:
    """Whether choosing these rows would copy everything to where it already is."""
    return chosen.shape[0] == length and bool((chosen == torch.arange(length, device=chosen.device)).all())
