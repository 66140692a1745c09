"""The families whose runs are traced, and by which names their sequences stand in a trace."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from clearhead.errors import ConfigError
from clearhead.model import DecoderOnlyConfig, EncoderOnlyConfig, FamilyConfig, TransformerConfig


@dataclasses.dataclass(frozen=True)
class Read:
    """A sequence that the model reads: its ids are the tensor `ids`, of as many kinds as the config's `vocabulary`."""

    ids: str
    vocabulary: str


@dataclasses.dataclass(frozen=True)
class Family:
    """config: what its models are made from. reads: the sequences that a model reads, in the order of its arguments.

    follows: the sequence that is to follow what was read, place by place, and after which one of them; none where the
    model predicts no next token. shown: the names of those that tell in a line what was traced.
    """

    config: type[FamilyConfig]
    reads: Mapping[str, Read]
    follows: Mapping[str, str]
    shown: tuple[str, ...]

    @property
    def sequences(self) -> tuple[str, ...]:
        return (*self.reads, *self.follows)

    def vocabulary(self, config: FamilyConfig, sequence: str) -> int:
        """How many kinds of ids a sequence may have."""
        found: int = getattr(config, self.reads[self.follows.get(sequence, sequence)].vocabulary)
        return found

    def layers(self, config: FamilyConfig) -> int:
        """Of all stacks."""
        return sum(getattr(config, name, 0) for name in ("layers", "encoder_layers", "decoder_layers"))


_TEXT: Final = {"text": Read("embedding.ids", "vocabulary")}
_PAIR: Final = {
    "source": Read("source_embedding.ids", "source_vocabulary"),
    "target": Read("target_embedding.ids", "target_vocabulary"),
}
FAMILIES: Final[Mapping[str, Family]] = {
    "encoder-decoder": Family(TransformerConfig, _PAIR, {"predicted": "target"}, ("source", "predicted")),
    "decoder-only": Family(DecoderOnlyConfig, _TEXT, {"predicted": "text"}, ("text",)),
    "encoder-only": Family(EncoderOnlyConfig, _TEXT, {}, ("text",)),
}


def family_of(config: Any) -> Family:
    """The family of a model that is made from this config. Raises ConfigError for a config of none."""
    found = next((one for one in FAMILIES.values() if isinstance(config, one.config)), None)
    if found is None:
        raise ConfigError(
            f"a {type(config).__name__} is of no family that can be traced; these are: {', '.join(FAMILIES)}"
        )
    return found
