"""Perplexity: among how many equally probable tokens a model would be as undecided as it is; and its relatives."""

import dataclasses
import math
from collections.abc import Mapping, Sequence


@dataclasses.dataclass(frozen=True)
class TextScores:
    """How well a language model predicts a text, each of whose tokens is scored once.

    The end of each document counts as a token, a character and a byte, as the end of a line does in a file.

    nats: the loss of all tokens together. tokens, characters (code points) and utf8_bytes: how much text it is, as the
    tokenizer reads it: in NFC, with U+FFFD for what it does not know.
    least_context, most_context: how many tokens a token is predicted from, but for the first ones of a document.
    """

    nats: float
    tokens: int
    characters: int
    utf8_bytes: int
    least_context: int
    most_context: int

    @property
    def loss(self) -> float:
        """Nats a token."""
        return self.nats / self.tokens

    @property
    def token_perplexity(self) -> float:
        """Among how many tokens; not to be compared between tokenizers."""
        return perplexity_of(self.loss)

    @property
    def character_perplexity(self) -> float:
        """Among how many characters, whatever the tokens are."""
        return perplexity_of(self.nats / self.characters)

    @property
    def bits_per_byte(self) -> float:
        """How many bits a byte of the text would take, were it compressed by this model."""
        return self.nats / (math.log(2) * self.utf8_bytes)

    @property
    def figures(self) -> Mapping[str, float]:
        """The loss says the same."""
        return {}

    @property
    def brief(self) -> str:
        return f"bits a byte {self.bits_per_byte:.3f}"

    @property
    def doubt(self) -> None:
        """No figure alone tells of a mistake."""

    @property
    def lines(self) -> Sequence[str]:
        return [str(self), self.context]

    def __str__(self) -> str:
        return (
            f"perplexity {shown_perplexity(self.token_perplexity)} a token, "
            f"{shown_perplexity(self.character_perplexity)} a character; {self.bits_per_byte:.4f} bits a byte"
        )

    @property
    def context(self) -> str:
        """How it was measured, in a sentence."""
        return (
            f"every token is scored once, from {self.least_context:,} to {self.most_context:,} tokens before it "
            "(fewer at a document's beginning)"
        )


def perplexity_of(loss: float) -> float:
    """The exponential of a loss in nats a token; a number even where that is beyond float64."""
    return math.exp(min(loss, 700.0))


def shown_perplexity(perplexity: float, decimals: int = 2) -> str:
    """With six digits at most: what is beyond says no more than that."""
    if not perplexity >= 999.5:
        return f"{perplexity:.{decimals}f}"
    return "> 999,999" if perplexity >= 999_999.5 else f"{perplexity:,.0f}"
