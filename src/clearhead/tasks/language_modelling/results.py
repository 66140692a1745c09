"""What a language model wrote after a prompt: hypotheses as text, and why each ended."""

from dataclasses import dataclass
from typing import Literal

from clearhead.decoding import Hypothesis, SearchOptions
from clearhead.decoding.scores import confidence
from clearhead.text import Tokenizer

Ended = Literal["end", "stop", "length"]


@dataclass(frozen=True)
class Generation:
    """What a model wrote after a prompt, without the prompt, with the scores of the search (natural logarithms).

    text: up to the stop string that ended it, which is no part of it.
    ended: by the model's own end symbol, by a stop string, or at the greatest length.
    tokens: the pieces' ids, that of the end symbol and those of a stop string included.
    """

    text: str
    ended: Ended
    score: float
    log_probability: float
    tokens: tuple[int, ...]
    token_log_probabilities: tuple[float, ...]

    @property
    def confidence(self) -> float:
        """How sure the model is of a token, from 0 to 1: the geometric mean of its tokens' probabilities."""
        return confidence(self.token_log_probabilities)


def as_generation(hypothesis: Hypothesis, tokenizer: Tokenizer, options: SearchOptions) -> Generation:
    """The hypothesis of a search, decoded."""
    text = tokenizer.decode(hypothesis.tokens)
    last = hypothesis.tokens[-1] if hypothesis.tokens else options.end
    is_end = last == options.end or (hypothesis.finished and tokenizer.token_bytes[last] is None)
    return Generation(
        text if options.stop is None else options.stop.cut(text),
        "length" if not hypothesis.finished else "end" if is_end else "stop",
        hypothesis.score,
        hypothesis.log_probability,
        hypothesis.tokens,
        hypothesis.token_log_probabilities,
    )
