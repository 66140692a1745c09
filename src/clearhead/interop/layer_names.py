"""How classes of transformers call the layers of a model of ours: asked of the plans that import them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from clearhead.errors import InteropError
from clearhead.interop.classes import CLASSES
from clearhead.interop.foreign import Foreign, ForeignSettings, Numbers, Source
from clearhead.interop.nearest_class import NearClass, near_classes, nearest_class
from clearhead.model.config import FamilyConfig


class Names(NamedTuple):
    """kind: a model_type. prefix: of the base model's tensors. ours: of each parameter, where the class has it."""

    kind: str
    prefix: str
    ours: Mapping[str, Source]


def names_of(config: FamilyConfig) -> Iterator[Names]:
    """Of each class that a model of this family may come from, by other names than those of the one before."""
    return (_names(one, config) for one in near_classes(config))


def class_names(config: FamilyConfig) -> Names | None:
    """The names of the class whose layers compute exactly what ours do; None where there is none, or it joins them."""
    nearest = nearest_class(config)
    return _names(nearest, config) if nearest.has_same_layers(config) else None


def _names(near: NearClass, config: FamilyConfig) -> Names:
    foreign = Foreign(ForeignSettings(near.sizes(config), f"names of {near.kind}"), {}, _read_nothing)
    known = CLASSES[near.kind]
    return Names(near.kind, known.prefix, known.plan(foreign).names)


def _read_nothing(name: str) -> Numbers:
    raise InteropError(f"{name}: names alone are asked for")
