"""`model.from`: a run that begins with the pieces and the weights of a trained model."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from clearhead.bundle import Bundle, load
from clearhead.bundle.settings import Settings
from clearhead.errors import BundleError, RecipeError
from clearhead.interop.layer_names import OUTPUT_BIAS
from clearhead.recipe import Recipe, Text
from clearhead.recipe.model_settings import own_settings
from clearhead.tasks import FAMILY_TASKS, Model, task_for
from clearhead.tasks.examples import Tokenizers
from clearhead.text import LibraryTokenizer
from clearhead.training.heads import is_of_head
from clearhead.training.new_tokens import is_of_tokens, new_ids, with_new_tokens, with_rows

# What a recipe may name anew: weights fit whatever these are, or are new, or their shapes tell.
_FREE: Final = frozenset(
    {"dropout", "attention_dropout", "activation_dropout", "pooling", "pooler", "segments", "layers", "max_length",
     "masked_head", "share_embeddings", "initialization", "position_shift"}
)  # fmt: skip
# What is made of pieces that are learned.
_OF_PIECES: Final = ("kind", "size", "joint", "normalize", "tags")
# A masked head has nothing to do in a classifier.
_OF_TASK: Final[Mapping[str, Mapping[str, Any]]] = {"classification": {"masked_head": "none", "share_embeddings": True}}


@dataclasses.dataclass(frozen=True)
class Base:
    """A trained model that another one begins with.

    place: where it lies. weights: by the names that the new model has for them. settings: how it is used.
    tokenizers: its own, with a recipe's new tokens. pieces: which of its rows stood for each of these.
    """

    place: str
    tokenizers: Tokenizers
    weights: Mapping[str, Tensor]
    settings: Settings
    pieces: Mapping[int, Sequence[int]] = dataclasses.field(default_factory=dict)

    def fits(self, name: str, labels: tuple[str, ...]) -> bool:
        """Whether its weight of this name means the same in a model of these classes."""
        return name in self.weights and (not name.startswith("classifier.") or labels == self.settings.labels)


def read_base(recipe: Recipe) -> tuple[Recipe, Base]:
    """The trained model that a recipe begins with, and the recipe with its sizes and its way to cut text.

    Raises RecipeError where there is none, or where the recipe names another size.
    """
    place = str(recipe.model.base)
    try:
        bundle = load(Path(place))
    except BundleError as error:
        raise RecipeError(f"model.from: {error}") from None
    own, family = task_for(bundle.config).family, recipe.family
    # Their blocks are the same: only which places see which differs.
    if own != family and (own, family) != ("decoder-only", "encoder-only"):
        raise RecipeError(f"model.from={place} is {own}, but task={recipe.task} trains a model of family={family}")
    _require_no_pieces(recipe)
    if recipe.text.template is not None and not isinstance(bundle.source_tokenizer, LibraryTokenizer):
        raise RecipeError(f"text.template is for models that were trained elsewhere, not model.from={place}; remove it")
    weights = {name: one.detach() for name, one in bundle.model.named_parameters()}
    if own != family:
        # Buckets of a stack that looks both ways are of other distances, though there are as many.
        weights = {
            f"encoder.{name.removeprefix('decoder.')}" if name.startswith("decoder.") else name: one
            for name, one in weights.items()
            if not name.startswith("decoder.position_bias.")
        }
    if recipe.model.lora is not None and recipe.task == "masked-language-modelling" and bundle.config.bias:
        _require_no_new_tokens(recipe.text)
    tokenizers, pieces = _with_new_tokens(bundle, recipe.text, place)
    return _with_sizes(recipe, bundle, tokenizers[0].size), Base(place, tokenizers, weights, bundle.settings, pieces)


def _require_no_new_tokens(text: Text) -> None:
    if text.tokens or text.symbols:
        raise RecipeError(
            "text.tokens: beside model.lora a masked head would need a number for each of them, for which PEFT's files "
            "have no place; remove lora, or remove them"
        )


def _with_new_tokens(bundle: Bundle, text: Text, place: str) -> tuple[Tokenizers, dict[int, list[int]]]:
    """Of one vocabulary; the pieces that were cut of each token before."""
    source, target = bundle.source_tokenizer, bundle.target_tokenizer
    if source is not target and (text.tokens or text.symbols):
        raise RecipeError(f"text.tokens: model.from={place} has two vocabularies; remove them")
    grown = with_new_tokens(source, text, place)
    pieces = {number: source.encode(written) for number, written in new_ids(grown, text).items()}
    return (grown, grown if source is target else target), pieces


def begin_with(base: Base, model: Model, labels: tuple[str, ...]) -> list[str]:
    """Give a new model the weights of a trained one; the names of those that it has not.

    Raises RecipeError for a weight of another shape, but of a head, which is then new.
    """
    new = []
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            found = base.weights[name] if base.fits(name, labels) else None
            if found is not None and base.pieces and is_of_tokens(name):
                stays = name == OUTPUT_BIAS and not parameter.requires_grad
                found = with_rows(found, len(parameter), dict.fromkeys(base.pieces, ()) if stays else base.pieces)
            if found is not None and found.shape == parameter.shape:
                if parameter.requires_grad:
                    parameter.copy_(found)
                else:  # What does not learn is the same for both, and there once.
                    parameter.data = found
                continue
            if found is not None and not is_of_head(name):
                raise RecipeError(
                    f"model.from={base.place} has {name} of shape {tuple(found.shape)}, but the recipe's sizes need "
                    f"{tuple(parameter.shape)}; leave them out, model.max_length too"
                )
            new.append(name)
    return new


def _require_no_pieces(recipe: Recipe) -> None:
    named = [f"text.{name}" for name in _OF_PIECES if name in recipe.text.model_fields_set]
    if named or recipe.model.preset is not None:
        key = named[0] if named else "model.preset"
        raise RecipeError(
            f"{key} says what model.from={recipe.model.base} brings with it, pieces and sizes; remove {key}"
        )


def _with_sizes(recipe: Recipe, bundle: Bundle, size: int) -> Recipe:
    """With the sizes of the trained model in place of those that are not named."""
    config, settings = bundle.config, recipe.model
    usual = {field.name: field.default for field in dataclasses.fields(FAMILY_TASKS[recipe.family].config_class)}
    values: dict[str, Any] = {}
    for name in own_settings(recipe.family):
        own, named = getattr(config, name, usual[name]), getattr(settings, name)
        if named is not None and named != own and name not in _FREE:
            raise RecipeError(
                f"model.{name}={named} contradicts model.from={settings.base}, which has {own}; remove model.{name}"
            )
        values[name] = own if named is None else named
    values |= {name: value for name, value in _OF_TASK.get(recipe.task, {}).items() if getattr(settings, name) is None}
    kept = {name: getattr(recipe.text, name) for name in recipe.text.model_fields_set}
    if recipe.task == "chat" and bundle.settings.template is not None:
        kept = {"template": bundle.settings.template, **kept}
    # Tokens that the trained model got are old ones now.
    kept = {"tokens": (), "symbols": (), **kept, "size": size}
    text = bundle.recipe.text.model_copy(update=kept)
    return recipe.model_copy(update={"model": settings.model_copy(update=values), "text": text})
