"""Which class of transformers is nearest to a model of ours: one table, which exports and adapters choose by."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, get_args

from clearhead.model.config import (
    GATED,
    Activation,
    DecoderOnlyConfig,
    EncoderOnlyConfig,
    FamilyConfig,
    TransformerConfig,
)


class NearClass(NamedTuple):
    """A class whose models are of one of our families.

    kind: its model_type. is_nearest: whether a config is written as this class rather than as one after it.
    same: the values with which its layers compute what ours do; None where none do.
    sizes: what a config.json says by which the tensors of a model of ours would be called.
    """

    kind: str
    sizes: Callable[[Any], Mapping[str, Any]]
    is_nearest: Callable[[Any], bool] = lambda config: False
    same: Mapping[str, tuple[Any, ...]] | None = None

    def has_same_layers(self, config: Any) -> bool:
        """Whether its layers compute exactly what those of a model with this config do."""
        if self.same is None or any(getattr(config, name) not in values for name, values in self.same.items()):
            return False
        # GPT-2 joins queries, keys and values, which are then of one size.
        block = config.block
        return self.kind != "gpt2" or (block.kv_heads == block.heads and block.head_width * block.heads == block.width)


def _layers(config: Any) -> Mapping[str, Any]:
    return {"vocab_size": 8, **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers"), config.layers)}


def _stacks(config: Any) -> Mapping[str, Any]:
    return {
        "vocab_size": 8, "encoder_layers": config.encoder_layers, "decoder_layers": config.decoder_layers,
        "num_layers": config.encoder_layers, "num_decoder_layers": config.decoder_layers,
        "feed_forward_proj": "gated-gelu" if config.activation in GATED else "relu",
    }  # fmt: skip


def _always(config: Any) -> bool:
    return True


_PLAIN: Final = tuple(one for one in get_args(Activation) if one not in GATED)
# Asked in this order. Those after one that is always the nearest lend their names to adapters alone.
NEAR_CLASSES: Final[Mapping[type[FamilyConfig], tuple[NearClass, ...]]] = MappingProxyType(
    {
        DecoderOnlyConfig: (
            NearClass(
                "llama", _layers, lambda config: config.norm == "rms",
                {"norm": ("rms",), "positions": ("rotary-halves",)},
            ),
            NearClass(
                "gpt2", _layers, _always,
                {
                    "norm": ("layer",), "norm_placement": ("pre",), "positions": ("learned",),
                    "embedding_norm": (False,), "scale": (None,), "activation": _PLAIN,
                },
            ),
        ),
        EncoderOnlyConfig: (
            NearClass("bert", _layers, _always, {"norm": ("layer",), "norm_placement": ("post",)}),
            *(NearClass(kind, _layers) for kind in ("roberta", "distilbert", "electra")),
        ),
        TransformerConfig: (
            NearClass(
                "t5", _stacks, lambda config: config.norm == "rms" or config.positions == "relative",
                {"norm": ("rms",), "positions": ("relative",), "scale": (1.0,)},
            ),
            NearClass(
                "bart", _stacks, _always, {"norm": ("layer",), "positions": ("learned", "sinusoidal-halves")}
            ),
        ),
    }
)  # fmt: skip


def near_classes(config: FamilyConfig) -> tuple[NearClass, ...]:
    """Those of a config's family."""
    return NEAR_CLASSES[type(config)]


def nearest_class(config: FamilyConfig) -> NearClass:
    """The one that a model with this config is written as. Whether it can be is asked by whoever writes it."""
    return next(one for one in near_classes(config) if one.is_nearest(config))
