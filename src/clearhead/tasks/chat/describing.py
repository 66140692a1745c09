"""What a model card says of a model that answers."""

from clearhead.data import PreparedText
from clearhead.model import DecoderOnlyConfig
from clearhead.recipe import Recipe
from clearhead.tasks.language_modelling.describing import sizes_of
from clearhead.tasks.task import Description


def description(recipe: Recipe, config: DecoderOnlyConfig, corpus: PreparedText) -> Description:
    """Its sizes, how to talk to it, and which conversations it learned from."""
    files = "\n".join(f"- {one.table} (a conversation is a row)" for one in recipe.data.tables)
    return Description(
        sizes_of(config),
        "clearhead chat PATH-OF-THIS-FOLDER",
        'bundle.chat("hello")',
        f"{len(corpus):,} conversation{'s' if len(corpus) != 1 else ''} ({corpus.report} of answers):\n\n{files}",
    )


def first_use(recipe: Recipe, model: str) -> str:
    """The command that tries a new model, which lies at `model`."""
    return f"chat {model}"
