"""Language modelling with a decoder-only model: from prompts to ids, and from what a search finds to texts."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.tasks.language_modelling.prompts import prompt_ids
    from clearhead.tasks.language_modelling.results import Generation, as_generation

__all__ = ["Generation", "as_generation", "prompt_ids"]

__getattr__, __dir__ = lazy_names(__name__, {"prompts": ("prompt_ids",), "results": ("Generation", "as_generation")})
