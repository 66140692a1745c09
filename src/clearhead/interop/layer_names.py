"""How classes of transformers call the layers of a model of ours: asked of the plans that import them."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from clearhead.errors import InteropError
from clearhead.interop.classes import CLASSES
from clearhead.interop.foreign import Foreign, ForeignSettings, Numbers, Source
from clearhead.model.config import GATED, DecoderOnlyConfig, EncoderOnlyConfig, FamilyConfig, TransformerConfig


class Names(NamedTuple):
    """kind: a model_type. prefix: of the base model's tensors. ours: of each parameter, where the class has it."""

    kind: str
    prefix: str
    ours: Mapping[str, Source]


def names_of(config: FamilyConfig) -> Iterator[Names]:
    """Of each class that a model of this family may come from, by other names than those of the one before."""
    for kind, sizes in _KINDS[type(config)].items():
        foreign = Foreign(ForeignSettings(sizes(config), f"names of {kind}"), {}, _read_nothing)
        known = CLASSES[kind]
        yield Names(kind, known.prefix, known.plan(foreign).names)


def class_names(config: FamilyConfig) -> Names | None:
    """The names of the class whose layers compute exactly what ours do; None where there is none, or it joins them."""
    kind = None
    if isinstance(config, EncoderOnlyConfig):
        kind = "bert" if config.norm_placement == "post" and config.norm == "layer" else None
    elif isinstance(config, DecoderOnlyConfig):
        kind = "llama" if config.norm == "rms" and config.positions == "rotary-halves" else None
    elif config.positions == "relative":
        kind = "t5" if config.norm == "rms" and config.scale == 1.0 else None
    elif config.norm == "layer" and config.positions in ("learned", "sinusoidal-halves"):
        kind = "bart"
    return next((one for one in names_of(config) if one.kind == kind), None)


def _read_nothing(name: str) -> Numbers:
    raise InteropError(f"{name}: names alone are asked for")


def _stacks(config: Any) -> dict[str, Any]:
    return {
        "vocab_size": 8, "encoder_layers": config.encoder_layers, "decoder_layers": config.decoder_layers,
        "num_layers": config.encoder_layers, "num_decoder_layers": config.decoder_layers,
        "feed_forward_proj": "gated-gelu" if config.activation in GATED else "relu",
    }  # fmt: skip


def _layers(config: Any) -> dict[str, Any]:
    return {"vocab_size": 8, **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers"), config.layers)}


_KINDS: Final[Mapping[type[FamilyConfig], Mapping[str, Callable[[Any], dict[str, Any]]]]] = MappingProxyType(
    {
        DecoderOnlyConfig: {"llama": _layers, "gpt2": _layers},
        EncoderOnlyConfig: dict.fromkeys(("bert", "roberta", "distilbert", "electra"), _layers),
        TransformerConfig: {"bart": _stacks, "t5": _stacks},
    }
)
