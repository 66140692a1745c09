"""One search over whatever computes the next token: greedy is a beam of one, and sampling draws what a beam chooses.

It knows no model. It hands the last token of every hypothesis to a state, and asks it for the likeliest next ones; so
it can be tested on a table of probabilities written by hand.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Int

from clearhead.decoding.beam import History, Sentence, Step, continuations, note_endings
from clearhead.decoding.diverse import Diverse
from clearhead.decoding.hypothesis import Hypothesis
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.permitted import Permitted
from clearhead.decoding.phrases import Demanded, Phrase
from clearhead.decoding.prefixes import Prefixes, checked_prefixes
from clearhead.decoding.sampling import Draws
from clearhead.decoding.written import Written
from clearhead.runtimes.runtime import Choice, State
from clearhead.text.stop_strings import Stopping

Watch = Callable[[Step], None]
Wanted = Callable[[int], bool]
# To ask for each sentence at each step takes a tenth of a small model's time.
ASKED_EVERY = 8


def search(
    state: State,
    max_lengths: Sequence[int],
    options: SearchOptions,
    *,
    begins: Sequence[int] | None = None,
    written: Sequence[Sequence[int]] | None = None,
    read: Sequence[Sequence[int]] | None = None,
    prefixes: Prefixes | None = None,
    phrases: Sequence[Sequence[Phrase]] | None = None,
    draws: Draws | None = None,
    diverse: Diverse | None = None,
    watch: Watch | None = None,
    wanted: Wanted | None = None,
) -> list[list[Hypothesis]]:
    """The `options.top_beams` best hypotheses that a beam of `options.beam_size` finds for each sentence, best first.

    Every step looks at the 2·beam_size most probable continuations of a sentence's live hypotheses. Those that end are
    finished; at most one continuation of each live hypothesis ends, so at least beam_size others are left, and the best
    of them live on. A beam of 1 is greedy search: it looks at the most probable continuation alone, and is done when
    that one ends. Of those that end by a stop string there may be more, and fewer than beam_size live on.

    `options.search` may name another way to count and to stop. clearhead's: a sentence stops when it has top_beams
    finished hypotheses and `LengthPenalty.best_possible` of its best live one is no better than the last of them, or at
    its greatest length. So going on could not have helped.
    What reaches the greatest length without an end token is unfinished: it is returned, after the finished ones, only
    where there are fewer of these than top_beams. Fewer than top_beams come back if there are no more to be found.

    state: has read the sources, and has one row for each.
    max_lengths: for each sentence, the greatest number of tokens, the end token included.
    begins: for each sentence, the token that is fed at the first step; `options.begin` for all where none are given.
    written: for each sentence, tokens of its text that came before, in which a stop string may begin.
    read: for each sentence, the tokens that its hypotheses go on from, at which rules look back.
    prefixes: for each sentence, tokens that its hypotheses must begin with; scores include them.
    phrases: for each sentence, what its hypotheses must hold; the beam is wider than they have tokens together.
    draws: where tokens are drawn at random, the numbers that decide; each sentence then gets one hypothesis.
    diverse: where sentences are groups of a beam, how they keep away from each other; there is a sentence for each.
    watch: is told of every step.
    wanted: is asked every few steps whether a sentence still is. One that is not leaves, and has no hypotheses.
    Raises DecodingError if a limit or a prefix cannot be met, or if the model gives what are not numbers.
    """
    prefixes = checked_prefixes(max_lengths, options, prefixes)
    beams, top = (options.beam_size, options.top_beams) if draws is None else (1, 1)
    count = 2 * beams if beams > 1 else 1
    known = count if diverse is None else diverse.known(count, beams)
    sentences = [
        Sentence(number, options, top, limit, prefix)
        for number, (limit, prefix) in enumerate(zip(max_lengths, prefixes, strict=True))
    ]
    active, history, permitted = sentences, History(), Permitted(options, max_lengths, prefixes)
    stopping = None if options.stop is None else Stopping.after_all(options.stop, written or [()] * len(active))
    # One row a sentence until the first step has told hypotheses apart: equal rows would fill a beam with copies.
    tokens = np.full((len(active), 1), options.begin, np.int64)
    if begins is not None:
        tokens[:, 0] = begins
    looking_back = None
    if options.rules.look_back:
        pairs = zip(read or [()] * len(active), tokens[:, 0].tolist(), strict=True)
        looking_back = Written.after_all(options.rules, [[*before, begin] for before, begin in pairs])
    demanded = None if phrases is None else Demanded(options.end, phrases)
    for sentence in sentences if demanded else ():
        sentence.counted = count  # What holds all its phrases ends, however many that lack some are more probable.
    parents: Int[np.ndarray, "sentences beams"] | None = None
    totals, states = np.zeros((len(active), 1)), np.zeros((len(active), 1), np.int64)
    while active:
        state.advance(tokens, parents)
        position = len(history)
        bans = permitted.bans(position, active, states)
        if demanded is not None:
            found = demanded.continuations(state, totals, bans, active, position, (count, beams), looking_back)
            choices, candidates, live, ends, demanded = found
            states = live.parents if bans.standing is None else bans.standing.after(live.parents, live.tokens)
        elif draws is not None:
            choices = draws.choose(state, bans, active, position, looking_back)
        elif looking_back is not None:
            choices = looking_back.best(state, known, bans, one_by_one=beams == 1 and diverse is None)
        else:
            choices = state.best(known, bans)
        if demanded is None and options.search.is_theirs and bans.forced is not None and beams > 1:
            choices = certain(choices, bans.forced)
        if diverse is not None:
            chosen = diverse.choose(totals, choices, active, (count, beams), options.end, stopping)
            candidates, ends, live, _ = chosen
            states = live.parents if bans.standing is None else bans.standing.after(live.parents, live.tokens)
        elif demanded is None:
            candidates, live, ends, states = continuations(
                totals, choices, count, beams, options.end, bans.standing, stopping
            )
        if watch is not None:
            watch(Step([sentence.number for sentence in active], choices, candidates, live))
        kept = note_endings(active, candidates, live, position + 1, ends)
        if position % ASKED_EVERY == 0 and wanted is not None:
            kept = [place for place in kept if wanted(active[place].number)]
        all_stay = beams == 1 and len(kept) == len(active)
        if diverse is not None:
            diverse = diverse.after(chosen, kept)
        if len(kept) < len(active):
            live, states = live.of_sentences(kept), states[kept]
            active = [active[place] for place in kept]
            demanded = demanded and demanded.of_sentences(kept)
        if looking_back is not None:
            looking_back = looking_back.after(live.parents, live.tokens)
        if stopping is not None:
            stopping = stopping._replace(states=stopping.after(live.parents, live.tokens))
        history.steps.append(live)
        parents, tokens, totals = live
        if all_stay:
            parents = None  # What a state need not be asked to move costs it nothing.
    return [sentence.hypotheses(history) if wanted is None or wanted(sentence.number) else [] for sentence in sentences]


def certain(choices: Choice, forced: Int[np.ndarray, "sentences"]) -> Choice:
    """The choices, where a token that is forced has a probability of 1."""
    # What fills a row up may have any token.
    is_forced = (choices.tokens == forced[:, None, None]) & (choices.log_probabilities > -np.inf)
    values = np.where(is_forced, np.zeros((), choices.log_probabilities.dtype), choices.log_probabilities)
    return Choice(values, choices.tokens)
