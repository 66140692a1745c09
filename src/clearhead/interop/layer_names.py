"""How classes of transformers call the layers of a model of ours: asked of the plans that import them."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from clearhead.errors import InteropError
from clearhead.interop import bert
from clearhead.interop.classes import CLASSES
from clearhead.interop.foreign import Foreign, ForeignSettings, Numbers, Source
from clearhead.interop.nearest_class import NearClass, near_classes, nearest_class
from clearhead.model.config import EncoderOnlyConfig, FamilyConfig, TransformerConfig


class Names(NamedTuple):
    """kind: a model_type. prefix: of the base model's tensors. ours: of each parameter, where the class has it."""

    kind: str
    prefix: str
    ours: Mapping[str, Source]


def names_of(config: FamilyConfig) -> Iterator[Names]:
    """Of each class that a model of this family may come from, by other names than those of the one before."""
    return (_names(one, config) for one in near_classes(config))


def class_names(config: FamilyConfig, origin: str = "") -> Names | None:
    """The names of the class whose layers compute exactly what ours do; None where there is none.

    origin: the class that the model was imported from, where it was. Otherwise it is one of whose layers a model of
    ours is. A head that tells classes is left out where that class has another, and so are tables of tokens whose rows
    are multiplied only here.
    """
    nearest = nearest_class(config)
    known = {one.kind: one for one in near_classes(config)}
    near = known.get(_SAME.get(origin, origin)) or (nearest if nearest.has_same_layers(config) else None)
    if near is None:
        return None
    left_out: tuple[str, ...] = ()
    if isinstance(config, EncoderOnlyConfig) and not _has_its_head(near.kind, config):
        left_out += HEAD
    if config.scale_embeddings and near.kind != "bart":
        left_out += TABLES
    found = _names(near, config)
    return found._replace(ours={name: one for name, one in found.ours.items() if not name.startswith(left_out)})


def _names(near: NearClass, config: FamilyConfig) -> Names:
    foreign = Foreign(ForeignSettings(near.sizes(config), f"names of {near.kind}"), {}, _read_nothing)
    known = CLASSES[near.kind]
    tables = _tables(config) if isinstance(config, TransformerConfig) else {}
    return Names(near.kind, known.prefix, {**known.plan(foreign).names, **tables})


def _tables(config: TransformerConfig) -> dict[str, Source]:
    """The matrices of tokens: one that both sides share stands outside of both."""
    if config.share_embeddings in ("all", "inputs"):
        found = {"source_embedding": "shared"}
    else:
        found = {"source_embedding": "encoder.embed_tokens", "target_embedding": "decoder.embed_tokens"}
    found |= {"output": "lm_head"} if config.share_embeddings in ("inputs", "none") else {}
    return {f"{ours}.matrix.weight": Source(f"{theirs}.weight") for ours, theirs in found.items()}


def _has_its_head(kind: str, config: EncoderOnlyConfig) -> bool:
    """Whether what tells classes is what a class has for it: f(x·W + b) of the first token, with its own f."""
    return config.pooler and config.pooling == "first" and config.pooler_activation == bert.NAMES[kind].pooled


def _read_nothing(name: str) -> Numbers:
    raise InteropError(f"{name}: names alone are asked for")


# Whose linear layers are laid out (inputs, outputs).
TURNED: Final = ("gpt2",)
# The tables that have a row for each token, and what has a number for each, by our names.
TABLES: Final = (
    "embedding.matrix.weight", "source_embedding.matrix.weight", "target_embedding.matrix.weight",
    "output.matrix.weight",
)  # fmt: skip
OUTPUT_BIAS: Final = "output.bias"
# What tells classes, by our names.
HEAD: Final = ("classifier.", "pooler.")
# Classes whose layers are called as another's.
_SAME: Final = {
    "marian": "bart", "mbart": "bart", "pegasus": "bart", "mt5": "t5", "mistral": "llama", "qwen2": "llama",
    "qwen3": "llama", "xlm-roberta": "roberta",
}  # fmt: skip
