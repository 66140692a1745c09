"""How the model of a run is used: as its recipe says, and as the model was that it began with."""

import dataclasses

from clearhead.bundle.settings import Settings
from clearhead.recipe import Recipe
from clearhead.tasks.chat.joining import ends_by
from clearhead.text import Tokenizer


def settings_for(recipe: Recipe, tokenizer: Tokenizer, base: Settings | None) -> Settings:
    """Those of the recipe. Of a model that began with one for the same task, it writes by the same rules.

    But how many tokens a text has at least and at most is learned anew. What a template ends an answer by ends it.
    Whatever the task, its layers are still called as where it was trained first.
    """
    own, template = Settings.of(recipe), recipe.text.template
    if base is not None:
        own = dataclasses.replace(own, origin=base.origin)
    if base is not None and base.task == own.task:
        rules = dataclasses.replace(base.rules, min_tokens=0, max_tokens=None)
        own = dataclasses.replace(own, ends=base.ends, sampling=base.sampling, search=base.search, rules=rules)
    if template is None:
        return own
    ends = {*own.ends, ends_by(template, tokenizer)} - {tokenizer.end}
    return dataclasses.replace(own, ends=tuple(sorted(ends)))
