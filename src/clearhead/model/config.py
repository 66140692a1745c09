"""The sizes and choices of a Transformer: one frozen record, validated once."""

import dataclasses
from typing import Literal, get_args

from clearhead.errors import ConfigError

PositionKind = Literal["sinusoidal", "sinusoidal-concatenated", "learned", "rotary"]
NormPlacement = Literal["post", "pre"]
NormKind = Literal["layer", "rms"]
Activation = Literal["relu", "gelu", "gelu-tanh", "silu", "reglu", "geglu", "geglu-tanh", "swiglu"]
Sharing = Literal["all", "target", "none"]

_CHOICES = {
    "positions": get_args(PositionKind),
    "norm_placement": get_args(NormPlacement),
    "norm": get_args(NormKind),
    "activation": get_args(Activation),
    "share_embeddings": get_args(Sharing),
}
# What a size may be at most: above any model that is trained with this, and below what overflows a product of three.
MOST_SIZES = {
    "source_vocabulary": 2**24, "target_vocabulary": 2**24, "width": 2**16, "heads": 2**12, "inner_width": 2**18,
    "encoder_layers": 2**10, "decoder_layers": 2**10, "max_length": 2**20,
}  # fmt: skip
_RATES = ("dropout", "attention_dropout", "activation_dropout")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TransformerConfig:
    """What an encoder-decoder Transformer is made of. The defaults are the paper's base model (table 3).

    width: d_model, the length of a token's vector; heads: h; inner_width: d_ff.
    dropout: on embeddings and on every sub-layer's output (section 5.4); attention_dropout: on the weights;
    activation_dropout: inside the feed-forward layer. The last two are not in the paper and stay 0 unless asked for.
    positions: "sinusoidal" interleaves sine and cosine (section 3.5), "sinusoidal-concatenated" puts all sines before
    all cosines (tensor2tensor), "learned" is a table (section 3.5), "rotary" turns queries and keys (Su et al. 2021).
    norm_placement: "post" normalises the sum, as in the paper; "pre" normalises each sub-layer's input.
    share_embeddings: "all" shares source, target and output matrices (section 3.4); "target" the last two; or "none".
    max_length: the most tokens a source or a target may have.

    Raises ConfigError where the values contradict each other.
    """

    source_vocabulary: int
    target_vocabulary: int
    width: int = 512
    heads: int = 8
    inner_width: int = 2048
    encoder_layers: int = 6
    decoder_layers: int = 6
    dropout: float = 0.1
    attention_dropout: float = 0.0
    activation_dropout: float = 0.0
    positions: PositionKind = "sinusoidal"
    max_length: int = 1024
    norm_placement: NormPlacement = "post"
    norm: NormKind = "layer"
    activation: Activation = "relu"
    share_embeddings: Sharing = "all"

    def __post_init__(self) -> None:
        for name, at_most in MOST_SIZES.items():
            _require_whole(name, getattr(self, name), 0 if name.endswith("layers") else 1, at_most)
        for name in _RATES:
            _require_rate(name, getattr(self, name))
        for name, choices in _CHOICES.items():
            _require_choice(name, getattr(self, name), choices)
        self._require_agreement()

    @property
    def head_width(self) -> int:
        """d_k = d_model / h, the width of one head's queries, keys and values."""
        return self.width // self.heads

    def _require_agreement(self) -> None:
        if self.width % self.heads:
            lower = self.width - self.width % self.heads
            nearest = [str(width) for width in (lower, lower + self.heads) if width]
            raise ConfigError(
                f"width={self.width} is not divisible by heads={self.heads}; "
                f"choose a width such as {' or '.join(nearest)}"
            )
        if self.positions.startswith("sinusoidal") and self.width % 2:
            raise ConfigError(
                f"width={self.width} is odd, but sinusoidal positions pair a sine with a cosine; choose an even width"
            )
        if self.positions == "rotary" and self.head_width % 2:
            raise ConfigError(
                f"head width {self.head_width} (width={self.width} / heads={self.heads}) is odd, but rotary positions "
                f"turn pairs of numbers; choose width and heads with an even quotient"
            )
        if self.share_embeddings == "all" and self.source_vocabulary != self.target_vocabulary:
            raise ConfigError(
                f"share_embeddings=all needs one vocabulary, but source_vocabulary={self.source_vocabulary} and "
                f"target_vocabulary={self.target_vocabulary}; use a joint tokenizer or share_embeddings=target"
            )


def _require_whole(name: str, value: object, at_least: int, at_most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= at_most:
        raise ConfigError(
            f"{name}={_shown(value)} is not a whole number from {at_least} to {at_most:,}; set one, such as {name}=8"
        )


def _require_rate(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < 1.0:
        raise ConfigError(f"{name}={_shown(value)} is not a rate from 0 to below 1; set one, such as {name}=0.1")


def _require_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{name}={_shown(value)} is not known; choose one of {', '.join(choices)}")


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 128:
        return "a number of many digits"  # Python refuses to write the longest ones out.
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
