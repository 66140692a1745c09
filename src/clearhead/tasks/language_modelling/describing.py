"""What a model card says of a language model."""

from clearhead.data import PreparedText
from clearhead.model import DecoderOnlyConfig
from clearhead.recipe import Recipe
from clearhead.tasks.task import Description


def description(recipe: Recipe, config: DecoderOnlyConfig, corpus: PreparedText) -> Description:
    """Its sizes, how to have it write, and which texts it learned from."""
    files = "\n".join(f"- {one.text} (a document is a {one.documents})" for one in recipe.data.texts)
    count = f"{len(corpus):,} document{'s' if len(corpus) != 1 else ''}"
    return Description(
        f"{config.layers} layers, width {config.width}, {config.heads} heads, vocabulary {config.vocabulary:,}",
        'clearhead generate PATH-OF-THIS-FOLDER "Once"',
        'bundle.generate("Once")',
        f"{count} ({corpus.report}):\n\n{files}",
    )
