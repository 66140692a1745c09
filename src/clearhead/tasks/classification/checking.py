"""Choices of a classifier's recipe that cannot work, said before a table is read or a step is taken."""

from clearhead.errors import ConfigError, RecipeError
from clearhead.recipe import Recipe, TableSettings, Training
from clearhead.tasks.language_modelling.examples import pieces_for


def check_recipe(recipe: Recipe, pieces: int | None) -> None:
    """Raise RecipeError for sizes, columns and labels that contradict each other or the task."""
    if recipe.model.masked_head not in (None, "none"):
        raise RecipeError(
            f"model.masked_head={recipe.model.masked_head} fills masked places, which task=classification has not; "
            "remove it"
        )
    for corpus in (*recipe.data.train, *recipe.data.validation):
        columns = corpus.columns if isinstance(corpus, TableSettings) else None
        if columns is not None and len(columns) != 2:
            raise RecipeError(
                f"columns: {list(columns)} are {len(columns)}, but task=classification reads two, the text's and the "
                "label's; write columns: [1, 2]"
            )
    labels = recipe.data.labels
    if labels is not None and (len(labels) < 2 or len(set(labels)) < len(labels)):
        raise RecipeError("data.labels are to be two or more, and each another one; leave the key out to find them")
    try:
        recipe.model.masked_config(pieces or pieces_for(recipe), len(labels or ("", "")))
    except ConfigError as error:
        raise RecipeError(f"model: {error}") from None


def check_rows(training: Training, longest: int) -> None:
    """Raise RecipeError where several texts are to share a row, or where no batch holds the longest."""
    if training.packing:
        raise RecipeError(
            "training.packing=true puts several texts into a row, which task=classification does not read; remove it"
        )
    if training.batch_tokens != "auto" and training.batch_tokens < longest:
        raise RecipeError(
            f"a text has {longest} tokens, more than training.batch_tokens={training.batch_tokens}; raise it, or lower "
            "model.max_length"
        )
