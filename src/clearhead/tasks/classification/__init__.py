"""Classification with an encoder-only model: from texts to ids, and from a text's vector to its class."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.tasks.classification.texts import text_ids

__all__ = ["text_ids"]

__getattr__, __dir__ = lazy_names(__name__, {"texts": ("text_ids",)})
