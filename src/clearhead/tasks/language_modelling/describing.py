"""What a model card says of a language model, and a prompt that it can go on with."""

import json
import shlex
from typing import Final

from clearhead.data import PreparedText
from clearhead.model import DecoderOnlyConfig, EncoderOnlyConfig
from clearhead.recipe import Recipe, TableSettings
from clearhead.tasks.documents import document_corpora, first_words
from clearhead.tasks.task import Description

# Some scripts have no spaces.
LONGEST_EXAMPLE: Final = 12


def description(recipe: Recipe, config: DecoderOnlyConfig, corpus: PreparedText) -> Description:
    """Its sizes, how to have it write, and which texts it learned from."""
    prompt = example_prompt(recipe)
    return Description(
        sizes_of(config),
        f"clearhead generate PATH-OF-THIS-FOLDER {shlex.quote(prompt)}",
        f"bundle.generate({json.dumps(prompt, ensure_ascii=False)})",
        learned_from(recipe, corpus),
    )


def first_use(recipe: Recipe, model: str) -> str:
    """The command that tries a new model, which lies at `model`."""
    return f"generate {model} {shlex.quote(example_prompt(recipe))}"


def sizes_of(config: DecoderOnlyConfig | EncoderOnlyConfig) -> str:
    """Of a model of one stack, in a few words."""
    return f"{config.layers} layers, width {config.width}, {config.heads} heads, vocabulary {config.vocabulary:,}"


def learned_from(recipe: Recipe, corpus: PreparedText) -> str:
    """How many documents, and of which files."""
    files = "\n".join(
        f"- {one.table} (a document is a row)"
        if isinstance(one, TableSettings)
        else f"- {one.text} (a document is a {one.documents})"
        for one in document_corpora(recipe.data.train)
    )
    count = f"{len(corpus):,} document{'s' if len(corpus) != 1 else ''}"
    return f"{count} ({corpus.report}):\n\n{files}"


def example_prompt(recipe: Recipe) -> str:
    """The first word of the texts, whose characters the model knows; empty where they cannot be read any more."""
    return next(iter(first_words(recipe, 1)), "")[:LONGEST_EXAMPLE]
