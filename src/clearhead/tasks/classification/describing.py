"""What a model card says of a classifier."""

from clearhead.data import LabelledTexts
from clearhead.model import EncoderOnlyConfig
from clearhead.recipe import Recipe
from clearhead.tasks.task import Description


def description(recipe: Recipe, config: EncoderOnlyConfig, corpus: LabelledTexts) -> Description:
    """Its sizes, how to have it classify, and which tables it learned from."""
    files = "\n".join(f"- {one.table}" for one in recipe.data.tables)
    count = f"{len(corpus):,} text{'s' if len(corpus) != 1 else ''}"
    return Description(
        f"{config.layers} layers, width {config.width}, {config.heads} heads, vocabulary {config.vocabulary:,}, "
        f"{config.classes} classes",
        "clearhead classify PATH-OF-THIS-FOLDER < FILE",
        'bundle.classify("TEXT")',
        f"{count} ({corpus.report}), of the classes {', '.join(recipe.data.labels or ())}:\n\n{files}",
    )
