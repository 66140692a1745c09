"""Diverse beam search: a beam in groups, each of which keeps away from what earlier ones choose at the same step.

The hypotheses of one beam are much alike: they part at a word or two. Each group is a smaller beam of its own, in which
a token is worth less for each hypothesis of an earlier group that goes on with it at this step (Hamming diversity).

Source: Vijayakumar et al. 2018, "Diverse Beam Search: Decoding Diverse Solutions from Neural Sequence Models".
"""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
from jaxtyping import Bool, Float, Int, Int32

from clearhead.decoding.beam import Continuations, Sentence, best_candidates, best_unfinished, ending, greatest
from clearhead.decoding.hypothesis import Hypothesis, best_first
from clearhead.decoding.options import SearchOptions
from clearhead.runtimes.runtime import Choice
from clearhead.text.stop_strings import Stopping


class Chosen(NamedTuple):
    """What becomes of a step. lowered: by how much the tokens of each live hypothesis were lowered, all together."""

    candidates: Continuations
    ends: Bool[np.ndarray, "sentences continuations"]
    live: Continuations
    lowered: Float[np.ndarray, "sentences live"]


@final
class Diverse:
    """The groups of some texts, each a sentence of the search; those of a text have numbers that follow each other.

    penalty: what a token's log-probability is lowered by for each hypothesis of an earlier group that goes on with it.
    A hypothesis stays lowered as long as it lives, as in the implementations of those who published it and in fairseq.
    That only says which hypotheses live on: totals and scores stay the model's own.
    """

    def __init__(self, groups: int, penalty: float, lowered: Float[np.ndarray, "sentences beams"]) -> None:
        self._groups, self._penalty, self._lowered = groups, penalty, lowered

    @classmethod
    def of_texts(cls, options: SearchOptions, texts: int) -> "Diverse":
        """Before the first step of so many texts."""
        groups = options.beam_groups
        return cls(groups, options.diversity_penalty or 0.0, np.zeros((texts * groups, 1)))

    def known(self, count: int, beams: int) -> int:
        """How many tokens of each row are to be known, so that the best `count` are there whatever is lowered.

        No more tokens are lowered than earlier groups have hypotheses.
        """
        return count + (self._groups - 1) * beams

    def after(self, chosen: Chosen, places: Sequence[int]) -> "Diverse":
        """The sentences at these places, which go on."""
        return Diverse(self._groups, self._penalty, chosen.lowered[places])

    def choose(
        self,
        totals: Float[np.ndarray, "sentences beams"],
        choices: Choice,
        active: Sequence[Sentence],
        sizes: tuple[int, int],
        end: int,
        stopping: Stopping | None = None,
    ) -> Chosen:
        """Candidates in the order in which they are chosen, and of those that live on the most probable first.

        choices: as many as `known` says. sizes: how many candidates there are, and how many live on.
        """
        group = np.array([one.number % self._groups for one in active])
        _, text = np.unique([one.number // self._groups for one in active], return_inverse=True)
        # How many hypotheses go on with each token. Few of its pages are ever touched.
        times = np.zeros((len(active), int(choices.tokens.max()) + 1), np.int32)
        order = [places for one in range(self._groups) if len(places := np.flatnonzero(group == one))]
        parts = []
        for places in order:
            row = text[places][:, None]
            one = self._of_group(places, row, times, totals, choices, sizes, end, stopping)
            np.add.at(times, (row, one.live.tokens), one.live.totals > -np.inf)
            parts.append((*one.candidates, one.ends, *one.live, one.lowered))
        back = np.argsort(np.concatenate(order))
        found = [np.concatenate(arrays)[back] for arrays in zip(*parts, strict=True)]
        return Chosen(Continuations(*found[:3]), found[3], Continuations(*found[4:7]), found[7])

    def _of_group(
        self,
        places: Int[np.ndarray, "groups"],
        text: Int[np.ndarray, "groups 1"],
        times: Int32[np.ndarray, "texts vocabulary"],
        totals: Float[np.ndarray, "sentences beams"],
        choices: Choice,
        sizes: tuple[int, int],
        end: int,
        stopping: Stopping | None,
    ) -> Chosen:
        """The same for one group of each text, which stand at these places, after `times` of the groups before."""
        count, beams = sizes
        tokens, rows = choices.tokens[places], totals.shape[1]
        worth = choices.log_probabilities[places] - self._penalty * times[text[..., None], tokens]
        found = best_candidates(totals[places] - self._lowered[places], Choice(worth, tokens), count)
        # Counted over all sentences, as those are that stand between.
        found = found._replace(parents=found.parents % rows + rows * places[:, None])
        ends = ending(found, end, stopping)
        chosen = best_unfinished(found, beams, ends)

        def lowered(some: Continuations) -> Float[np.ndarray, "groups continuations"]:
            before: Float[np.ndarray, "groups continuations"] = self._lowered.ravel()[some.parents]
            return before + self._penalty * times[text, some.tokens]

        candidates, live = (one._replace(totals=one.totals + lowered(one)) for one in (found, chosen))
        best = greatest(live.totals, beams)
        by_total = [np.take_along_axis(one, best, 1) for one in (*live, lowered(chosen))]
        return Chosen(candidates, ends, Continuations(*by_total[:3]), by_total[3])


def of_a_group(options: SearchOptions) -> SearchOptions:
    """How each group searches: for as many hypotheses as are asked for, where it keeps so many."""
    size = options.beam_size // options.beam_groups
    top = min(size, options.top_beams)
    return dataclasses.replace(options, beam_size=size, top_beams=top, beam_groups=1, diversity_penalty=None)


def gathered(found: Sequence[Sequence[Hypothesis]], options: SearchOptions) -> list[Hypothesis]:
    """Of what the groups of a text found, the best of each, then the second of each, and so on; none comes twice.

    There are `options.top_beams` of them, fewer where groups found the same; ranked as those of one beam.
    """
    kept: dict[tuple[int, ...], Hypothesis] = {}
    for rank in itertools.zip_longest(*found):
        for one in _ranked([one for one in rank if one is not None], options):
            kept.setdefault(one.tokens, one)
    return _ranked([*kept.values()][: options.top_beams], options)


def _ranked(hypotheses: Sequence[Hypothesis], options: SearchOptions) -> list[Hypothesis]:
    if not options.search.is_theirs:
        return best_first(hypotheses)
    return sorted(hypotheses, key=lambda one: one.score, reverse=True)
