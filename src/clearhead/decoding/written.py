"""What every hypothesis has written so far, for the rules that look back at it."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy.lib.stride_tricks import sliding_window_view

from clearhead.decoding.rules import Rules
from clearhead.runtimes.runtime import Bans, Choice, State, best_of, permitted

# Before a shorter text in a row, and where a row has nothing to ban.
_NONE = -1


class Written:
    """The tokens of each row, the last one last: those that were read before it are among them."""

    def __init__(self, rules: Rules, tokens: Int[np.ndarray, "sentences beams length"]) -> None:
        self._rules, self._tokens = rules, tokens

    @classmethod
    def after_all(cls, rules: Rules, texts: Sequence[Sequence[int]]) -> "Written":
        """One row for each of these texts."""
        longest = max(map(len, texts), default=0)
        rows = [[*[_NONE] * (longest - len(text)), *text] for text in texts]
        return cls(rules, np.array(rows, np.int64).reshape(len(texts), 1, longest))

    def after(self, parents: Int[np.ndarray, "rows beams"], tokens: Int[np.ndarray, "rows beams"]) -> "Written":
        """Row r goes on from row parents[r] of those before, as in `State.advance`."""
        before = self._tokens.reshape(-1, self._tokens.shape[-1])[parents]
        return Written(self._rules, np.concatenate((before, tokens[..., None]), axis=-1))

    def banned(self, forced: Int[np.ndarray, "sentences"] | None) -> Int[np.ndarray, "sentences beams most"]:
        """The tokens that each row may not have next, filled up with -1; none for a sentence whose token is forced."""
        found = [self._repeating(self._rules.no_repeat_ngram_size)]
        found += [self._ending(word) for word in self._rules.bad_words if len(word) > 1]
        banned: Int[np.ndarray, "sentences beams most"] = np.sort(np.concatenate(found, axis=-1), axis=-1)
        if forced is not None:
            banned[forced >= 0] = _NONE
        return banned[..., int((banned == _NONE).sum(-1).min(initial=banned.shape[-1])) :]

    def _repeating(self, size: int) -> Int[np.ndarray, "sentences beams windows"]:
        """The tokens that would repeat a sequence of so many."""
        tokens = self._tokens
        if not 0 < size <= tokens.shape[-1]:
            return tokens[..., :0]
        windows, last = sliding_window_view(tokens, size, axis=-1), tokens[..., tokens.shape[-1] - size + 1 :]
        same = (windows[..., :-1] == last[..., None, :]).all(-1) & (last >= 0).all(-1, keepdims=True)
        return np.where(same, windows[..., -1], _NONE)

    def _ending(self, word: tuple[int, ...]) -> Int[np.ndarray, "sentences beams 1"]:
        """The last token of a word, in the rows that end with all others of it."""
        if len(word) > self._tokens.shape[-1] + 1:
            return self._tokens[..., :0]
        same = (self._tokens[..., -len(word) + 1 :] == word[:-1]).all(-1, keepdims=True)
        return np.where(same, word[-1], _NONE)

    def best(self, state: State, count: int, bans: Bans, one_by_one: bool) -> Choice:
        """What `State.best` gives under the rules. one_by_one: whether each step takes one token of each row.

        A token's log-probability is the model's own where one is taken at a time; in a wider beam it is the penalised
        one, by which hypotheses are ranked.
        """
        banned = self.banned(bans.forced)
        if self._rules.repetition_penalty == 1.0:
            # So few are banned that the best of the others are among so many more.
            values, tokens = state.best(count + banned.shape[-1], bans)
            is_banned = (tokens[..., None] == banned[..., None, :]).any(-1)
            order = np.argsort(is_banned, axis=-1, kind="stable")[..., :count]
            values = np.where(is_banned, -math.inf, values)
            return Choice(np.take_along_axis(values, order, -1), np.take_along_axis(tokens, order, -1))
        own = state.log_probabilities()
        choice = best_of(self.weighed(state.logits() if one_by_one else own, banned), count, bans)
        if not one_by_one:
            return choice
        kept = np.isneginf(choice.log_probabilities)
        own = np.take_along_axis(own, choice.tokens, -1)
        return Choice(np.where(kept, choice.log_probabilities, own), choice.tokens)

    def allowed(self, state: State, bans: Bans) -> Float[np.ndarray, "sentences beams vocabulary"]:
        """What to draw from: logits with the penalty, -inf for what is banned."""
        return permitted(self.weighed(state.logits(), self.banned(bans.forced)), bans)

    def weighed(
        self,
        values: Float[np.ndarray, "sentences beams vocabulary"],
        banned: Int[np.ndarray, "sentences beams most"],
    ) -> Float[np.ndarray, "sentences beams vocabulary"]:
        """Logits or log-probabilities with the penalty, and -inf for what is banned."""
        penalty, spare = self._rules.repetition_penalty, values.shape[-1]
        # What fills rows up stands for a place beyond the vocabulary.
        wide = np.concatenate((values, np.zeros_like(values[..., :1])), axis=-1)
        there, banned = (np.where(one < 0, spare, one) for one in (self._tokens, banned))
        found = np.take_along_axis(wide, there, -1)
        np.put_along_axis(wide, there, np.where(found < 0, found * penalty, found / penalty).astype(wide.dtype), -1)
        np.put_along_axis(wide, banned, np.array(-math.inf, wide.dtype), -1)
        return wide[..., :-1]
