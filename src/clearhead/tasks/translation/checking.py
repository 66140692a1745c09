"""Choices of a translation's recipe that cannot work, said before a corpus is read."""

from clearhead import street
from clearhead.errors import ConfigError, RecipeError
from clearhead.model.config import SHARED_SOURCE
from clearhead.recipe import Data, ModelSettings


def check_model(model: ModelSettings, pieces: int, joint: bool) -> None:
    """Raise RecipeError for sizes that contradict each other or the tokenizers."""
    try:
        config = model.config(pieces, pieces)
    except ConfigError as error:
        raise RecipeError(f"model: {error}") from None
    if config.share_embeddings in SHARED_SOURCE and not joint:
        raise RecipeError(
            "text.joint=false gives source and target pieces of their own, but "
            f"model.share_embeddings={config.share_embeddings} gives them one matrix; "
            "set model.share_embeddings=target, or text.joint=true"
        )


def check_grammar(section: Data) -> None:
    """Raise RecipeError where the embedded corpus is to be of another version than this one."""
    embedded, grammar = section.embedded, street.grammar_key()
    if embedded is not None and embedded.grammar not in (None, grammar):
        raise RecipeError(
            f"data.embedded.grammar={embedded.grammar} is another version of {embedded.corpus} than this clearhead's, "
            f"{grammar}; leave the key out to train on this one"
        )
