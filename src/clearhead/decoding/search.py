"""Search over a step function: what every search shares, and the plainest one, greedy.

A search knows no model. It hands the last token of every hypothesis to a step function, which returns logits for the
next one and remembers what it was shown; so it can be tested on a table of probabilities written by hand.
`beam.py` keeps several hypotheses a sentence, `sampling.py` draws them at random.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from clearhead.decoding.options import SearchOptions
from clearhead.decoding.shortlist import Listed, Logits, whole
from clearhead.decoding.utf8 import DUE, FURTHEST, REFUSED, START, Standing, Utf8Automaton, furthest
from clearhead.errors import DecodingError
from clearhead.native import library as native

Prefixes = Sequence[Sequence[int]]


class Choice(NamedTuple):
    """Some tokens of each row and their log-probabilities, -inf where nothing was left to choose."""

    log_probabilities: Float[Tensor, "sentences beams choices"]
    tokens: Int[Tensor, "sentences beams choices"]


# (logits, the sentences' numbers, their prefixes, position, where rows stand) → one token a row
Choose = Callable[[Logits, Sequence[int], Prefixes, int, Standing | None], Choice]


@runtime_checkable
class StepFunction(Protocol):
    """A model that has read its sources and is asked for one target position after another."""

    def __call__(self, tokens: Int[Tensor, "sentences beams"]) -> Logits:
        """Append one token to every row; return the logits of the token that follows it."""
        ...

    def select(self, sentences: Int[Tensor, "kept"], beams: Int[Tensor, "kept new_beams"]) -> None:
        """Let row j of kept sentence i continue old row beams[i, j] of old sentence sentences[i]."""
        ...


@dataclass(frozen=True)
class Hypothesis:
    """A target sequence that a search found, or was asked to score.

    tokens: without begin; the last one is end if it finished.
    log_probability: natural logarithm, the sum of token_log_probabilities (the end token's included), as the model
        gives them: neither temperature nor suppression changes them. Under a shortlist they are shared out among the
        tokens of the sentence's list, and so a little higher.
    score: log_probability under the length penalty; hypotheses are ranked by it.
    finished: False if it reached the greatest length allowed before it ended.
    """

    tokens: tuple[int, ...]
    log_probability: float
    score: float
    token_log_probabilities: tuple[float, ...]
    finished: bool


def greedy(
    step: StepFunction,
    max_lengths: Sequence[int],
    options: SearchOptions,
    *,
    prefixes: Prefixes | None = None,
    device: torch.device | str = "cpu",
) -> list[list[Hypothesis]]:
    """Take the most probable token at every position, until the end token: one hypothesis for each sentence.

    max_lengths: for each sentence, the greatest number of tokens, the end token included.
    prefixes: for each sentence, tokens that its hypotheses must begin with; scores include them.
    Raises DecodingError if a limit or a prefix cannot be met.
    """

    def choose(
        logits: Logits, active: Sequence[int], prefixes: Prefixes, position: int, standing: Standing | None
    ) -> Choice:
        return most_probable(logits, options, prefixes, position, 1, standing)

    return follow(step, max_lengths, options, 1, choose, prefixes, device)


def follow(
    step: StepFunction,
    max_lengths: Sequence[int],
    options: SearchOptions,
    rows: int,
    choose: Choose,
    prefixes: Prefixes | None,
    device: torch.device | str,
) -> list[list[Hypothesis]]:
    """Extend `rows` hypotheses of each sentence, each by one chosen token a step; none of them ever branches.

    A sentence leaves the batch when all its rows have ended; until then its ended rows are fed on and not read.
    """
    prefixes = checked_prefixes(max_lengths, options, prefixes)
    paths = [[Path(options, limit) for _ in range(rows)] for limit in max_lengths]
    active = list(range(len(paths)))
    tokens = torch.full((len(paths), rows), options.begin, dtype=torch.long, device=device)
    table = None if options.utf8 is None else options.utf8.table.to(device)
    at_start, elsewhere = torch.zeros_like(tokens), START
    position, shortest = 0, min(max_lengths, default=0)
    while active:
        standing = None
        if table is not None:
            standing = Standing(table, at_start, None)
            if elsewhere or position + len(FURTHEST) > shortest:
                standing = standing_of(table, [paths[sentence] for sentence in active], position)
        choice = choose(step(tokens), active, [prefixes[sentence] for sentence in active], position, standing)
        tokens, chosen, elsewhere = choice.tokens[..., 0], choice.log_probabilities[..., 0], START
        for sentence, new_tokens, values in zip(active, tokens.tolist(), chosen.tolist(), strict=True):
            for path, token, value in zip(paths[sentence], new_tokens, values, strict=True):
                path.extend(token, value)
                elsewhere |= path.state
        kept = [place for place, sentence in enumerate(active) if not all(path.complete for path in paths[sentence])]
        if kept and len(kept) < len(active):
            places = torch.tensor(kept, device=device)
            step.select(places, torch.arange(rows, device=device).expand(len(kept), rows))
            tokens, at_start = tokens[places], at_start[: len(kept)]
        active = [active[place] for place in kept]
        position += 1
    return [best_first([path.hypothesis(options) for path in of_sentence]) for of_sentence in paths]


class Path:
    """One hypothesis that grows token by token until it ends or is as long as it may be.

    state: where it stands inside a character, if it is kept to whole ones.
    """

    def __init__(self, options: SearchOptions, max_length: int) -> None:
        self.end, self.max_length, self.utf8 = options.end, max_length, options.utf8
        self.tokens: list[int] = []
        self.log_probabilities: list[float] = []
        self.state = START

    @property
    def finished(self) -> bool:
        return bool(self.tokens) and self.tokens[-1] == self.end

    @property
    def complete(self) -> bool:
        return self.finished or len(self.tokens) == self.max_length

    def extend(self, token: int, log_probability: float) -> None:
        if not self.complete:
            self.tokens.append(token)
            self.log_probabilities.append(log_probability)
            if self.utf8 is not None:
                self.state = self.utf8.next_state[self.state * self.utf8.vocabulary + token]

    def hypothesis(self, options: SearchOptions) -> Hypothesis:
        return make_hypothesis(self.tokens, self.log_probabilities, options)


def standing_of(table: UInt8[Tensor, "states vocabulary"], paths: Sequence[Sequence[Path]], position: int) -> Standing:
    """Where each sentence's paths stand before their token at `position`."""
    states = torch.tensor([[path.state for path in of_sentence] for of_sentence in paths], device=table.device)
    limits = [of_sentence[0].max_length for of_sentence in paths]
    return Standing(table, states, furthest(limits, position, table.device))


def make_hypothesis(tokens: Sequence[int], log_probabilities: Sequence[float], options: SearchOptions) -> Hypothesis:
    """Sum and score the tokens of a path; it is finished if its last token is the end token.

    Raises DecodingError if the model gave what is not a number, or no probability at all.
    """
    total = sum(log_probabilities)
    require_number(total)
    require_possible(total > -math.inf)
    score = options.length_penalty.score(total, len(tokens))
    return Hypothesis(tuple(tokens), total, score, tuple(log_probabilities), tokens[-1] == options.end)


def require_number(log_probability: float) -> None:
    """Raise DecodingError for NaN, which compares as neither better nor worse than anything."""
    require_possible(not math.isnan(log_probability))


def require_possible(is_possible: bool) -> None:
    """Raise DecodingError where nothing that may be written has a probability: it is NaN, or 0."""
    if not is_possible:
        raise DecodingError(
            "the model's log-probabilities are not numbers (NaN or infinite): its weights are damaged; "
            "load another bundle"
        )


def best_first(hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Finished before unfinished, then by score."""
    return sorted(hypotheses, key=lambda hypothesis: (hypothesis.finished, hypothesis.score), reverse=True)


def most_probable(
    logits: Logits,
    options: SearchOptions,
    prefixes: Prefixes,
    position: int,
    count: int,
    standing: Standing | None = None,
) -> Choice:
    """The `count` most probable tokens that may stand at this position, most probable first; all, if they are fewer."""
    computed, lists = logits if isinstance(logits, Listed) else (logits, None)
    vocabulary = lists.vocabulary if lists else computed.shape[-1]
    if position == 0:
        require_vocabulary(standing, vocabulary)
    count = min(count, vocabulary)
    forced = any(len(prefix) > position for prefix in prefixes)
    library = native.library() if native.takes(computed) and not forced else None
    if library is not None:
        return Choice(*library.most_probable(computed, options.suppressed, count, lists and lists[:2], standing))
    return Choice(*permitted_log_probabilities(whole(logits), options, prefixes, position, standing).topk(count))


def permitted_log_probabilities(
    logits: Float[Tensor, "sentences beams vocabulary"],
    options: SearchOptions,
    prefixes: Prefixes,
    position: int,
    standing: Standing | None = None,
) -> Float[Tensor, "sentences beams vocabulary"]:
    """The model's log-probabilities, -inf for every token that may not stand at this position.

    Where a sentence's prefix says which token stands here, that one alone is permitted, even a suppressed one.
    standing: where hypotheses are to be kept to whole UTF-8, where they stand.
    """
    # bfloat16 could not tell candidates apart; float64 logits stay what they are.
    precise = torch.promote_types(logits.dtype, torch.float32)
    log_probabilities = logits.log_softmax(-1, dtype=precise)
    # Masked after the softmax: a score stays the probability that the model gave, the same that scoring computes.
    suppressed = torch.tensor(options.suppressed, dtype=torch.long, device=logits.device)
    if position == 0:
        require_vocabulary(standing, logits.shape[-1])
    broken = None if standing is None else standing.banned()
    if all(len(prefix) <= position for prefix in prefixes):
        log_probabilities = log_probabilities.index_fill_(-1, suppressed, -math.inf)
        return log_probabilities if broken is None else log_probabilities.masked_fill_(broken, -math.inf)
    forced = torch.tensor([p[position] if position < len(p) else -1 for p in prefixes], device=logits.device)[:, None]
    identities = torch.arange(logits.shape[-1], device=logits.device)
    banned = torch.where(forced >= 0, identities != forced, torch.isin(identities, suppressed))
    banned = banned[:, None, :] if broken is None else banned[:, None, :] | (broken & (forced < 0)[..., None])
    return log_probabilities.masked_fill_(banned, -math.inf)


def require_vocabulary(standing: Standing | None, vocabulary: int) -> None:
    """Raise DecodingError where whole characters are those of another vocabulary than the model's."""
    if standing is not None and standing.table.shape[1] != vocabulary:
        raise DecodingError(
            f"utf8 is for a vocabulary of {standing.table.shape[1]} ids but the model's has {vocabulary}; "
            "use the tokenizer that the model was trained with"
        )


def checked_prefixes(max_lengths: Sequence[int], options: SearchOptions, prefixes: Prefixes | None) -> Prefixes:
    """The prefixes, empty ones where none are given; DecodingError if one of them or a limit cannot be met."""
    prefixes = [()] * len(max_lengths) if prefixes is None else prefixes
    if len(prefixes) != len(max_lengths):
        raise DecodingError(f"{len(prefixes)} prefixes for {len(max_lengths)} sentences; give one for each, or none")
    for number, (limit, prefix) in enumerate(zip(max_lengths, prefixes, strict=True), start=1):
        if limit < 1:
            raise DecodingError(
                f"sentence {number}: a greatest length of {limit} tokens leaves no room; allow 1 or more"
            )
        if len(prefix) > limit:
            raise DecodingError(
                f"sentence {number}: its prefix has {len(prefix)} tokens but at most {limit} are allowed; shorten it"
            )
        if options.end in prefix:
            raise DecodingError(f"sentence {number}: its prefix contains the end token {options.end}; remove it")
        if prefix and options.utf8 is not None:
            require_whole_characters(number, prefix, limit, options.utf8)
    return prefixes


def require_whole_characters(number: int, prefix: Sequence[int], limit: int, utf8: Utf8Automaton) -> None:
    """Raise DecodingError for a prefix that no text begins with, or whose last character there is no room to end."""
    if min(prefix) < 0 or max(prefix) >= utf8.vocabulary:
        raise DecodingError(
            f"sentence {number}: its prefix has ids from {min(prefix)} to {max(prefix)} but the tokenizer knows 0 to "
            f"{utf8.vocabulary - 1}; use the tokenizer that the model was trained with"
        )
    state = utf8.after(prefix)
    if state == REFUSED:
        raise DecodingError(f"sentence {number}: its prefix is not UTF-8; give the ids of a text")
    if DUE[state] > limit - len(prefix):
        raise DecodingError(
            f"sentence {number}: its prefix ends inside a character, and {limit} tokens have no room for the rest; "
            "give the ids of whole characters"
        )
