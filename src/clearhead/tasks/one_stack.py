"""The two families of models of one stack, which text tasks are for."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Generic, TypeVar, final

import clearhead.model
from clearhead.model import DecoderOnlyConfig, EncoderOnlyConfig
from clearhead.tasks.task import Model

if TYPE_CHECKING:
    from torch import nn

    import clearhead.recipe

Config = TypeVar("Config", bound=DecoderOnlyConfig | EncoderOnlyConfig)


@final
@dataclasses.dataclass(frozen=True)
class OneStack(Generic[Config, Model]):
    """A family of models of one stack.

    config: a recipe's sizes for a vocabulary. new_model: from a config and a seed. layers: the blocks of a model.
    """

    family: str
    config_class: type[Config]
    config: "Callable[[clearhead.recipe.ModelSettings, int], Config]"
    new_model: Callable[[Config, int], Model]
    layers: "Callable[[Model], Iterable[nn.Module]]"


# torch is imported when a model is made, and not before.
DECODER_ONLY: Final[OneStack[DecoderOnlyConfig, "clearhead.model.DecoderOnly"]] = OneStack(
    "decoder-only",
    DecoderOnlyConfig,
    config=lambda settings, vocabulary: settings.causal_config(vocabulary),
    new_model=lambda config, seed: clearhead.model.DecoderOnly(config, seed),
    layers=lambda model: model.decoder.layers,
)
ENCODER_ONLY: Final[OneStack[EncoderOnlyConfig, "clearhead.model.EncoderOnly"]] = OneStack(
    "encoder-only",
    EncoderOnlyConfig,
    config=lambda settings, vocabulary: settings.masked_config(vocabulary),
    new_model=lambda config, seed: clearhead.model.EncoderOnly(config, seed),
    layers=lambda model: model.encoder.layers,
)
