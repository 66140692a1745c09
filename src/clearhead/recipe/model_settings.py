"""What a recipe says of its model: a preset and what differs from it, made from the config class of each family."""

import dataclasses
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pydantic
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticKnownError

from clearhead.model import (
    CAUSAL_PRESETS,
    MASKED_PRESETS,
    PRESETS,
    DecoderOnlyConfig,
    EncoderOnlyConfig,
    FamilyConfig,
    TransformerConfig,
)
from clearhead.model.config import MOST_SIZES, Sharing
from clearhead.recipe.values import Count, Patterns, Rate, Real, Section, Whole

Preset = Literal[
    "paper_base", "paper_big", "multi30k_tiny", "street", "gpt_tiny", "gpt2_small", "llama_tiny", "bert_tiny",
    "bert_base",
]  # fmt: skip
# A model's own settings, by family: made from its config class.
FAMILY_CONFIGS: dict[str, type[FamilyConfig]] = {
    "encoder-decoder": TransformerConfig, "decoder-only": DecoderOnlyConfig, "encoder-only": EncoderOnlyConfig,
}  # fmt: skip
FAMILY_PRESETS = {
    "encoder-decoder": tuple(PRESETS), "decoder-only": tuple(CAUSAL_PRESETS), "encoder-only": tuple(MASKED_PRESETS),
}  # fmt: skip
# What the text decides.
_FROM_TEXT = ("source_vocabulary", "target_vocabulary", "vocabulary", "classes")
_MAY_BE_NONE = ("encoder_layers", "decoder_layers", "layers", "segments", "position_shift")


def _sharing(value: object) -> object:
    """Of two matrices or three, by their names; or whether the only two are one."""
    if isinstance(value, bool) or value in get_args(Sharing):
        return value
    raise PydanticKnownError("literal_error", {"expected": "'all', 'target', 'inputs', 'none', true or false"})


def own_settings(family: str) -> dict[str, Any]:
    """The fields of a section for a config's sizes and choices, each of which may be left to the preset."""
    config = FAMILY_CONFIGS[family]
    hints = get_type_hints(config)
    return {
        name: (_own_setting(name, hints[name]) | None, None)
        for name in (field.name for field in dataclasses.fields(config))
        if name not in _FROM_TEXT
    }


def _own_setting(name: str, hint: Any) -> Any:
    kinds = set(get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)) - {NoneType}
    if name == "share_embeddings":
        return Annotated[Any, AfterValidator(_sharing)]
    if kinds == {int}:
        return Annotated[Whole, Field(ge=0 if name in _MAY_BE_NONE else 1, le=MOST_SIZES[name])]
    if kinds == {float}:
        return Rate if name.endswith("dropout") else Annotated[Real, Field(gt=0.0, le=1e6)]
    return hint


_OWN_SETTINGS = {name: setting for family in FAMILY_CONFIGS for name, setting in own_settings(family).items()}
_ModelFields: Any = pydantic.create_model("_ModelFields", __base__=Section, **_OWN_SETTINGS)


class LoraSettings(Section):
    """Low-rank adapters, which learn in place of a trained model's weights (Hu et al. 2021).

    rank: that of what is added to a weight. alpha: what is added is alpha / rank times the adapter's product.
    targets: which linear layers of the blocks have one, by their names or the ends of these.
    """

    rank: Annotated[Count, Field(le=4096)] = 8
    alpha: Annotated[Real, Field(gt=0.0, le=1e6)] = 16.0
    targets: Annotated[Patterns, Field(min_length=1)] = ("query", "value")


class ModelSettings(_ModelFields):  # type: ignore[misc]
    """A preset, and whatever differs from it: the fields of each family's config, by their names.

    preset: None where it is to be chosen by how much text there is; training fills it in.
    base: `from` in a recipe: a run or bundle whose weights and pieces a run begins with; its sizes are meant where none
    are named.
    lora: adapters that learn in place of its weights; None where the weights do.
    """

    preset: Preset | None = None
    base: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(None, alias="from")
    lora: LoraSettings | None = None

    @model_validator(mode="after")
    def _adapts_something(self) -> "ModelSettings":
        if self.lora is not None and self.base is None:
            raise ValueError("lora adapts a trained model; name it by model.from, or remove lora")
        return self

    def config(self, source_vocabulary: int, target_vocabulary: int) -> TransformerConfig:
        """An encoder-decoder's sizes for these vocabularies, the paper's base where there is no preset.

        Raises ConfigError where they contradict each other.
        """
        # A preset shares its embeddings, so it is made for one vocabulary; the recipe may then say otherwise.
        preset = PRESETS[self.preset or "paper_base"](target_vocabulary, target_vocabulary)
        return dataclasses.replace(preset, source_vocabulary=source_vocabulary, **self.changes)

    def causal_config(self, vocabulary: int) -> DecoderOnlyConfig:
        """A decoder-only model's sizes for this vocabulary, those of gpt_tiny where there is no preset.

        Raises ConfigError where they contradict each other.
        """
        return dataclasses.replace(CAUSAL_PRESETS[self.preset or "gpt_tiny"](vocabulary), **self.changes)

    def masked_config(self, vocabulary: int, classes: int = 0) -> EncoderOnlyConfig:
        """An encoder-only model's sizes for this vocabulary and so many classes, those of bert_tiny without a preset.

        Raises ConfigError where they contradict each other.
        """
        preset = MASKED_PRESETS[self.preset or "bert_tiny"](vocabulary)
        return dataclasses.replace(preset, classes=classes, **self.changes)

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from the preset."""
        return self.model_dump(exclude={"preset", "base", "lora"}, exclude_none=True)
