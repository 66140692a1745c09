"""What a model card says of a classifier."""

from clearhead.data import LabelledTexts
from clearhead.model import EncoderOnlyConfig
from clearhead.recipe import Recipe
from clearhead.tasks.language_modelling.describing import sizes_of
from clearhead.tasks.task import Description


def description(recipe: Recipe, config: EncoderOnlyConfig, corpus: LabelledTexts) -> Description:
    """Its sizes, how to have it classify, and which tables it learned from."""
    files = "\n".join(f"- {one.table}" for one in recipe.data.tables)
    count = f"{len(corpus):,} text{'s' if len(corpus) != 1 else ''}"
    return Description(
        f"{sizes_of(config)}, {config.classes} classes",
        "clearhead classify PATH-OF-THIS-FOLDER < FILE",
        'bundle.classify("TEXT")',
        f"{count} ({corpus.report}), of the classes {', '.join(recipe.data.labels or ())}:\n\n{files}",
    )
