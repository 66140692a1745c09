"""What a model card says of a language model, and a prompt that it can go on with."""

import json
import shlex
from pathlib import Path
from typing import Final

from clearhead.data import PreparedText, read_lines
from clearhead.errors import DataError
from clearhead.model import DecoderOnlyConfig
from clearhead.recipe import Recipe
from clearhead.tasks.task import Description

# Some scripts have no spaces.
LONGEST_EXAMPLE: Final = 12


def description(recipe: Recipe, config: DecoderOnlyConfig, corpus: PreparedText) -> Description:
    """Its sizes, how to have it write, and which texts it learned from."""
    files = "\n".join(f"- {one.text} (a document is a {one.documents})" for one in recipe.data.texts)
    count = f"{len(corpus):,} document{'s' if len(corpus) != 1 else ''}"
    prompt = example_prompt(recipe)
    return Description(
        f"{config.layers} layers, width {config.width}, {config.heads} heads, vocabulary {config.vocabulary:,}",
        f"clearhead generate PATH-OF-THIS-FOLDER {shlex.quote(prompt)}",
        f"bundle.generate({json.dumps(prompt, ensure_ascii=False)})",
        f"{count} ({corpus.report}):\n\n{files}",
    )


def example_prompt(recipe: Recipe) -> str:
    """The first word of the texts, whose characters the model knows; empty where they cannot be read any more."""
    try:
        lines = read_lines(Path(recipe.data.folder or ".") / recipe.data.texts[0].text)
        words = (word for line in lines for word in line.split())
        # An option begins with a hyphen, and a terminal obeys what is not printable.
        return next((word for word in words if word[0] != "-" and word.isprintable()), "")[:LONGEST_EXAMPLE]
    except DataError:
        return ""
