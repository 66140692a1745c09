"""What a model card says of a masked language model, and a text that it can fill."""

import json
import shlex

from clearhead.data import PreparedText
from clearhead.model import EncoderOnlyConfig
from clearhead.recipe import Recipe
from clearhead.tasks.documents import first_words
from clearhead.tasks.language_modelling.describing import learned_from, sizes_of
from clearhead.tasks.task import Description
from clearhead.tasks.whole_texts import WRITTEN_MASK

# So many words are enough to tell what stood among them.
_WORDS = 6


def description(recipe: Recipe, config: EncoderOnlyConfig, corpus: PreparedText) -> Description:
    """Its sizes, how to have it fill a place, and which texts it learned from."""
    text = text_to_fill(recipe)
    return Description(
        sizes_of(config),
        f"clearhead fill PATH-OF-THIS-FOLDER {shlex.quote(text)}",
        f"bundle.fill({json.dumps(text, ensure_ascii=False)})",
        learned_from(recipe, corpus),
    )


def first_use(recipe: Recipe, model: str) -> str:
    """The command that tries a new model, which lies at `model`."""
    return f"fill {model} {shlex.quote(text_to_fill(recipe))}"


def text_to_fill(recipe: Recipe) -> str:
    """The first words of the texts, the second of them masked."""
    first, *rest = first_words(recipe, _WORDS) or [""]
    return " ".join((first, WRITTEN_MASK, *rest[1:])).strip()
