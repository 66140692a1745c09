"""Translating with an encoder-decoder: from texts to ids, and from what a search finds to texts."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.tasks.translation.results import BLANK, Translation, as_text, rescored
    from clearhead.tasks.translation.sources import framed, source_ids, tag_of, too_long, unreadable

__all__ = ["BLANK", "Translation", "as_text", "framed", "rescored", "source_ids", "tag_of", "too_long", "unreadable"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "results": ("BLANK", "Translation", "as_text", "rescored"),
        "sources": ("framed", "source_ids", "tag_of", "too_long", "unreadable"),
    },
)
