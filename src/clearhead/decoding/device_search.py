"""Search on a device that should not wait for the host: the same shapes in every step, and hardly anything read.

`search.greedy` and `beam.beam_search` let a sentence leave as soon as it is done, which the host must learn after every
step. Here all that a search remembers lies in tensors that stay where they are, and a step is a fixed row of operations
on them, so that it can be recorded once and played again (graphs.py). What is found is the same. `device_beam.py` keeps
several hypotheses a sentence.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from clearhead.decoding.options import SearchOptions
from clearhead.decoding.search import Choice, Hypothesis, make_hypothesis
from clearhead.decoding.utf8 import FURTHEST, REFUSED, START, Utf8Automaton

# The host asks who is done after so many steps: often would leave the device idle, seldom would compute too much.
READ_EVERY = 4
# With no more rows than these, fewer of them would save nothing: a step's time is that of starting its operations.
FEW_ROWS = 64
# Lengths are multiples of this; torch's attention would copy a mask of another length before it reads it.
ALIGNED = 16
# How many neighbouring tokens are looked at by their greatest value first.
_BLOCK = 128


@runtime_checkable
class FixedStep(Protocol):
    """A model that has read its sources, as a step function of fixed shapes: `search.StepFunction` for a device.

    Sentences that are done stay, and all have as many rows from the start. Whoever calls it may go on with the first
    few of its sentences alone. In the first two methods nothing may be read by the host.
    """

    def __call__(
        self, tokens: Int[Tensor, "sentences beams"], position: Int[Tensor, "1"], reach: int
    ) -> Float[Tensor, "sentences beams vocabulary"]:
        """Put a token at `position` of every row; return the logits of the token that follows it.

        reach: a number of positions above `position`, all that need to be looked at. Unlike `position`, which the
        device counts, the host knows it.
        """
        ...

    def select(self, parents: Int[Tensor, "sentences beams"]) -> None:
        """Let row j of sentence i continue its old row parents[i, j]."""
        ...

    def keep(self, places: Int[Tensor, "kept"]) -> None:
        """Move the sentences at these places, which are in order, to the first places."""
        ...


@runtime_checkable
class DeviceSearch(Protocol):
    """One way of searching, on the buffers of a batch of up to `sentences` sentences and `capacity` positions."""

    sentences: int
    beams: int
    capacity: int

    def begin(self, max_lengths: Sequence[int]) -> None:
        """Forget what was; search for sentences of these greatest lengths, from the first place on."""
        ...

    def advance(self, sentences: int, reach: int) -> None:
        """One position of the first `sentences` sentences; nothing is read by the host. reach: as in `FixedStep`."""
        ...

    def live(self, count: int) -> list[int]:
        """The places, among the first `count`, of the sentences that are not done. The host waits for the device."""
        ...

    def keep(self, places: Sequence[int]) -> None:
        """Move the sentences at these places, which are in order, to the first places; nobody is at the others."""
        ...

    def hypotheses(self, places: Sequence[int]) -> list[list[Hypothesis]]:
        """What was found for the sentences at these places, which are done, best first."""
        ...


def run(
    search: DeviceSearch, max_lengths: Sequence[int], advance: Callable[[int, int], None] | None = None
) -> list[list[Hypothesis]]:
    """Search until every sentence is done; the hypotheses of each, best first.

    The step function has read the sources. Sentences that are done are computed on until the others need no more than
    half of the places: then these move together. So a batch does not take as long as if all its sentences were as long
    as the longest, and there are few different shapes. advance: what is called instead of `search.advance`.
    """
    advance = advance or search.advance
    found: dict[int, list[Hypothesis]] = {}
    # Which sentence is at each place, and how many places are computed.
    numbers, sentences = list(range(len(max_lengths))), search.sentences
    search.begin(max_lengths)
    steps = max(max_lengths, default=0)
    for step in range(steps):
        advance(sentences, reach_of(step, search.capacity))
        if (step + 1) % READ_EVERY or step + 1 == steps:
            continue
        live = search.live(len(numbers))
        if not live:
            break
        if (fewer := power_for(len(live))) <= sentences // 2 and sentences * search.beams > FEW_ROWS:
            gone = sorted(set(range(len(numbers))) - set(live))
            found.update(zip((numbers[place] for place in gone), search.hypotheses(gone), strict=True))
            search.keep(live)
            numbers, sentences = [numbers[place] for place in live], fewer
    found.update(zip(numbers, search.hypotheses(range(len(numbers))), strict=True))
    return [found[number] for number in range(len(max_lengths))]


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


class GreedyState(NamedTuple):
    """What greedy search remembers.

    newest: the last token of each sentence, and states: where it stands inside a character. tokens, log_probabilities:
    the path so far. The others: see `Counting`.
    """

    newest: Int[Tensor, "sentences 1"]
    states: Int[Tensor, "sentences 1"]
    tokens: Int[Tensor, "sentences capacity"]
    log_probabilities: Float[Tensor, "sentences capacity"]
    limits: Int[Tensor, "sentences"]
    lengths: Int[Tensor, "sentences"]
    done: Bool[Tensor, "sentences"]


class DeviceGreedy:
    """`search.greedy` without prefixes: a `DeviceSearch`."""

    def __init__(
        self, step: FixedStep, sentences: int, capacity: int, options: SearchOptions, device: torch.device | str = "cpu"
    ) -> None:
        self.step, self.sentences, self.beams, self.capacity, self.options = step, sentences, 1, capacity, options
        self.suppressed = torch.tensor(options.suppressed, dtype=torch.long, device=device)
        self.utf8 = None if options.utf8 is None else DeviceUtf8(options.utf8, device)
        self.position = torch.zeros(1, dtype=torch.long, device=device)
        whole = self.position.new_zeros
        self.state = GreedyState(
            newest=whole(sentences, 1),
            states=whole(sentences, 1),
            tokens=whole(sentences, capacity),
            log_probabilities=torch.zeros(sentences, capacity, dtype=torch.float64, device=device),
            limits=whole(sentences),
            lengths=whole(sentences),
            done=torch.zeros(sentences, dtype=torch.bool, device=device),
        )

    def begin(self, max_lengths: Sequence[int]) -> None:
        self.position.zero_()
        begin_counting(self.state, max_lengths)
        self.state.newest.fill_(self.options.begin)
        self.state.states.zero_()

    def advance(self, sentences: int, reach: int) -> None:
        state = GreedyState(*first(self.state, sentences))
        logits = self.step(state.newest, self.position, reach)
        banned = None
        if self.utf8 is not None:
            banned = self.utf8.banned(state.states, state.limits - self.position)
        log_probabilities, tokens = permitted(logits, self.suppressed, banned).max(-1)
        state.tokens.index_copy_(1, self.position, tokens)
        state.log_probabilities.index_copy_(1, self.position, log_probabilities.double())
        state.newest.copy_(tokens)
        if self.utf8 is not None:
            state.states.copy_(self.utf8.after(state.states, tokens))
        self.position.add_(1)
        count_token(state, tokens[:, 0] == self.options.end)

    def live(self, count: int) -> list[int]:
        return places_of_live(self.state.done, count)

    def keep(self, places: Sequence[int]) -> None:
        chosen = torch.tensor(places, dtype=torch.long, device=self.position.device)
        move_to_front(self.state, chosen)
        self.step.keep(chosen)

    def hypotheses(self, places: Sequence[int]) -> list[list[Hypothesis]]:
        state = GreedyState(*on_host(self.state, places))
        paths = zip(state.tokens.tolist(), state.log_probabilities.tolist(), state.lengths.tolist(), strict=True)
        return [[make_hypothesis(tokens[:length], each[:length], self.options)] for tokens, each, length in paths]


class DeviceUtf8:
    """An automaton's tables on a device, asked in fixed shapes: what `utf8.Standing` says, for every hypothesis."""

    def __init__(self, utf8: Utf8Automaton, device: torch.device | str) -> None:
        table, furthest = utf8.table.to(device), torch.tensor(FURTHEST, dtype=torch.uint8, device=device)
        # By how many tokens may follow, the state, and the token.
        self._banned = table > furthest[:, None, None]
        self._after = table.masked_fill(table == REFUSED, START).long()

    def banned(
        self, states: Int[Tensor, "sentences beams"], rooms: Int[Tensor, "sentences"]
    ) -> Bool[Tensor, "sentences beams vocabulary"]:
        """True for what a hypothesis may not have as one of `rooms` tokens that it may still get."""
        return self._banned[(rooms - 1).clamp(0, len(FURTHEST) - 1)[:, None], states]

    def after(
        self, states: Int[Tensor, "sentences beams"], tokens: Int[Tensor, "sentences beams"]
    ) -> Int[Tensor, "sentences beams"]:
        return self._after[states, tokens]


@runtime_checkable
class Counting(Protocol):
    """What every search remembers, one number a sentence.

    limits: greatest lengths. lengths: how many tokens a sentence has, or had when it was done. done: whether it is.
    """

    @property
    def limits(self) -> Tensor: ...
    @property
    def lengths(self) -> Tensor: ...
    @property
    def done(self) -> Tensor: ...


def begin_counting(state: Counting, max_lengths: Sequence[int]) -> None:
    """No sentence has a token yet. What happens at places without one is never looked at."""
    state.lengths.zero_()
    state.done.zero_()
    state.limits[: len(max_lengths)] = torch.tensor(max_lengths, dtype=torch.long, device="cpu")


def count_token(state: Counting, closed: Bool[Tensor, "sentences"]) -> None:
    """Every sentence that is not done got a token, and is now done where `closed` says so or its limit is reached."""
    state.lengths.add_(~state.done)
    state.done.logical_or_(closed).logical_or_(state.lengths >= state.limits)


def first(tensors: Iterable[Tensor], sentences: int) -> Iterator[Tensor]:
    """The same tensors, of the first few sentences."""
    return (tensor[:sentences] for tensor in tensors)


def on_host(tensors: Iterable[Tensor], places: Sequence[int]) -> Iterator[Tensor]:
    """Copies in the host's memory of the sentences at these places."""
    chosen = torch.tensor(list(places), dtype=torch.long, device="cpu")
    return (tensor[chosen.to(tensor.device)].cpu() for tensor in tensors)


def places_of_live(done: Bool[Tensor, "sentences"], count: int) -> list[int]:
    return [place for place, is_done in enumerate(done[:count].tolist()) if not is_done]


def move_to_front(tensors: Iterable[Tensor], places: Int[Tensor, "kept"]) -> None:
    """Rows `places` of each tensor to its first rows."""
    for tensor in tensors:
        tensor[: len(places)] = tensor[places]


def permitted(
    logits: Float[Tensor, "sentences beams vocabulary"],
    suppressed: Int[Tensor, "suppressed"],
    banned: Bool[Tensor, "sentences beams vocabulary"] | None = None,
) -> Float[Tensor, "sentences beams vocabulary"]:
    """`search.permitted_log_probabilities` without prefixes, its lists of tokens already on the device."""
    precise = torch.promote_types(logits.dtype, torch.float32)
    log_probabilities = logits.log_softmax(-1, dtype=precise).index_fill_(-1, suppressed, -math.inf)
    return log_probabilities if banned is None else log_probabilities.masked_fill_(banned, -math.inf)


def most_probable(log_probabilities: Float[Tensor, "sentences beams vocabulary"], count: int) -> Choice:
    """The `count` most probable tokens of each row, most probable first; all, if they are fewer.

    They are among the `count` blocks of tokens whose greatest values are the greatest. So all are read once, to find
    the blocks; `topk` reads them a dozen times.
    """
    vocabulary = log_probabilities.shape[-1]
    whole = vocabulary // _BLOCK
    if whole <= count:
        return Choice(*log_probabilities.topk(min(count, vocabulary)))
    in_blocks = log_probabilities[..., : whole * _BLOCK].view(*log_probabilities.shape[:-1], whole, _BLOCK)
    greatest = in_blocks.amax(-1)
    if rest := vocabulary - whole * _BLOCK:
        greatest = torch.cat((greatest, log_probabilities[..., -rest:].amax(-1, keepdim=True)), dim=-1)
    blocks = greatest.topk(count, sorted=False).indices
    inside = torch.arange(_BLOCK, device=blocks.device)
    tokens = (blocks[..., None] * _BLOCK + inside).flatten(-2)
    values = log_probabilities.gather(-1, tokens.clamp(max=vocabulary - 1))
    values, places = values.masked_fill(tokens >= vocabulary, -math.inf).topk(count)
    return Choice(values, tokens.gather(-1, places))
