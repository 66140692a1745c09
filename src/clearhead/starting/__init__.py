"""From the files that somebody has to a recipe for them: what they are, what suits them, how long it takes here."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.starting.found import Found, find_corpus
    from clearhead.starting.planning import Plan, make_plan
    from clearhead.starting.yaml_text import recipe_text

__all__ = ["Found", "Plan", "find_corpus", "make_plan", "recipe_text"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "found": ("Found", "find_corpus"),
        "planning": ("Plan", "make_plan"),
        "yaml_text": ("recipe_text",),
    },
)
