"""Beam search on a device that should not wait for the host: what `beam.beam_search` does, in fixed shapes."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from clearhead.decoding.beam import Continuations, best_candidates, best_unfinished
from clearhead.decoding.device_search import (
    DeviceUtf8,
    FixedStep,
    begin_counting,
    count_token,
    first,
    most_probable,
    move_to_front,
    on_host,
    permitted,
    places_of_live,
)
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.search import Hypothesis, best_first, make_hypothesis, require_number, require_possible

# What is noted of a finished hypothesis, all in float64, in which whole numbers stay whole.
_SCORE, _TOTAL, _PARENT, _LENGTH = range(4)


class BeamState(NamedTuple):
    """What beam search remembers.

    newest, totals: the last token and the log-probability of every live hypothesis, -inf where there is none.
    states: where each of them stands inside a character.
    parents, tokens, step_totals: the live hypotheses of every position; each knows the row that it continues.
    finished: the best finished hypotheses, best first, by the four columns named above. The others: see `Counting`.
    """

    newest: Int[Tensor, "sentences beams"]
    totals: Float[Tensor, "sentences beams"]
    states: Int[Tensor, "sentences beams"]
    parents: Int[Tensor, "sentences capacity beams"]
    tokens: Int[Tensor, "sentences capacity beams"]
    step_totals: Float[Tensor, "sentences capacity beams"]
    finished: Float[Tensor, "sentences top_beams 4"]
    limits: Int[Tensor, "sentences"]
    lengths: Int[Tensor, "sentences"]
    done: Bool[Tensor, "sentences"]


class DeviceBeam:
    """`beam.beam_search` without prefixes: a `device_search.DeviceSearch`."""

    def __init__(
        self, step: FixedStep, sentences: int, capacity: int, options: SearchOptions, device: torch.device | str = "cpu"
    ) -> None:
        beams = options.beam_size
        self.step, self.sentences, self.beams, self.capacity, self.options = step, sentences, beams, capacity, options
        self.suppressed = torch.tensor(options.suppressed, dtype=torch.long, device=device)
        self.utf8 = None if options.utf8 is None else DeviceUtf8(options.utf8, device)
        self.position = torch.zeros(1, dtype=torch.long, device=device)
        whole, real = self.position.new_zeros, torch.zeros(0, dtype=torch.float64, device=device).new_zeros
        self.state = BeamState(
            newest=whole(sentences, beams),
            # In float64, as in `beam_search`: each token's log-probability is the difference of two of them.
            totals=real(sentences, beams),
            states=whole(sentences, beams),
            parents=whole(sentences, capacity, beams),
            tokens=whole(sentences, capacity, beams),
            step_totals=real(sentences, capacity, beams),
            finished=real(sentences, options.top_beams, 4),
            limits=whole(sentences),
            lengths=whole(sentences),
            done=torch.zeros(sentences, dtype=torch.bool, device=device),
        )

    def begin(self, max_lengths: Sequence[int]) -> None:
        self.position.zero_()
        begin_counting(self.state, max_lengths)
        self.state.newest.fill_(self.options.begin)
        self.state.states.zero_()
        # All rows of a sentence are equal until the first step has told them apart, so one alone may be continued.
        self.state.totals.fill_(-math.inf)[:, 0] = 0.0
        self.state.finished[..., _SCORE] = -math.inf

    def advance(self, sentences: int, reach: int) -> None:
        state, options = BeamState(*first(self.state, sentences)), self.options
        logits = self.step(state.newest, self.position, reach)
        banned = None
        if self.utf8 is not None:
            banned = self.utf8.banned(state.states, state.limits - self.position)
        choices = most_probable(permitted(logits, self.suppressed, banned), 2 * self.beams)
        candidates = best_candidates(state.totals, choices, 2 * self.beams)
        live = best_unfinished(candidates, options)
        for kept, new in ((state.parents, live.parents), (state.tokens, live.tokens), (state.step_totals, live.totals)):
            kept.index_copy_(1, self.position, new[:, None])
        self.step.select(live.parents)
        state.newest.copy_(live.tokens)
        state.totals.copy_(live.totals)
        if self.utf8 is not None:
            state.states.copy_(self.utf8.after(state.states.gather(1, live.parents), live.tokens))
        self.position.add_(1)
        self._note_finished(state, candidates)
        count_token(state, self._hopeless(state))

    def live(self, count: int) -> list[int]:
        return places_of_live(self.state.done, count)

    def keep(self, places: Sequence[int]) -> None:
        chosen = torch.tensor(places, dtype=torch.long, device=self.position.device)
        move_to_front(self.state, chosen)
        self.step.keep(chosen)

    def hypotheses(self, places: Sequence[int]) -> list[list[Hypothesis]]:
        state = BeamState(*on_host(self.state, places))
        endings = [ending for place in range(len(places)) for ending in self._endings(state, place)]
        found: list[list[Hypothesis]] = [[] for _ in places]
        for ending, (tokens, totals) in zip(endings, _paths(state, endings), strict=True):
            each = [after - before for after, before in zip(totals, [0.0, *totals[:-1]], strict=True)]
            found[ending.place].append(make_hypothesis(tokens, each, self.options))
        return [best_first(of_sentence) for of_sentence in found]

    def _note_finished(self, state: BeamState, candidates: Continuations) -> None:
        """Put the candidates that end here, unless their sentence is done, among the best finished hypotheses."""
        ends = (candidates.tokens == self.options.end) & (candidates.totals > -math.inf) & ~state.done[:, None]
        scores = self.options.length_penalty.score(candidates.totals, self.position)
        columns = (
            scores.masked_fill(~ends, -math.inf),
            candidates.totals,
            candidates.parents.double(),
            self.position.double().expand_as(scores),
        )
        known = torch.cat((state.finished, torch.stack(columns, dim=-1)), dim=1)
        # Stable: of equal ones the first found stays first.
        order = known[..., _SCORE].sort(dim=1, descending=True, stable=True).indices[:, : self.options.top_beams]
        state.finished.copy_(known.gather(1, order[..., None].expand(-1, -1, known.shape[-1])))

    def _hopeless(self, state: BeamState) -> Bool[Tensor, "sentences"]:
        """Where no live hypothesis can still be among the best: the stopping rule of `beam_search`."""
        best = state.totals[:, 0]
        hope = self.options.length_penalty.best_possible(best, state.limits)
        # Not `best == -inf`: a sentence with NaN is to end as well. It is told from the others at the end.
        return (hope <= state.finished[:, -1, _SCORE]) | ~(best > -math.inf)

    def _endings(self, state: BeamState, place: int) -> list["_Ending"]:
        """The last tokens of the hypotheses to be returned for a sentence, `state` being in the host's memory."""
        last = int(state.lengths[place]) - 1
        require_number(float(state.step_totals[place, last, 0]))
        endings = [
            _Ending(place, int(parent), self.options.end, total, int(length))
            for score, total, parent, length in state.finished[place].tolist()
            if score > -math.inf
        ]
        if last + 1 == state.limits[place]:
            columns = (state.parents[place, last], state.tokens[place, last], state.step_totals[place, last])
            for parent, token, total in zip(*(column.tolist() for column in columns), strict=True):
                if total > -math.inf:
                    endings.append(_Ending(place, parent, token, total, last + 1))
        require_possible(bool(endings))
        return endings[: self.options.top_beams]


class _Ending(NamedTuple):
    """The last token of a hypothesis. parent: the row that it continues, of the position before."""

    place: int
    parent: int
    token: int
    total: float
    length: int


def _paths(state: BeamState, endings: Sequence[_Ending]) -> list[tuple[list[int], list[float]]]:
    """The tokens of each ending's hypothesis, and its log-probability after each."""
    if not endings:
        return []
    places, rows, _, _, lengths = torch.tensor(endings, dtype=torch.float64, device="cpu").long().unbind(1)
    longest = int(lengths.max())
    tokens = torch.zeros(len(endings), longest, dtype=torch.long, device="cpu")
    totals = torch.zeros(len(endings), longest, dtype=torch.float64, device="cpu")
    for position in reversed(range(longest - 1)):
        tokens[:, position] = state.tokens[places, position, rows]
        totals[:, position] = state.step_totals[places, position, rows]
        # Where a hypothesis is shorter, what was just read is not, and the row has yet to be followed.
        rows = torch.where(position < lengths - 1, state.parents[places, position, rows], rows)
    return [
        ([*own_tokens[: ending.length - 1], ending.token], [*own_totals[: ending.length - 1], ending.total])
        for ending, own_tokens, own_totals in zip(endings, tokens.tolist(), totals.tolist(), strict=True)
    ]
