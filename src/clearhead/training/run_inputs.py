"""From a recipe to what a run works with: tokenizers, token files, validation pairs, an untrained model."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from clearhead.bundle.settings import Settings
from clearhead.model import FamilyConfig
from clearhead.recipe import OLD, Recipe, ResolvedRecipe
from clearhead.tasks import AnyTask, Model, task_named
from clearhead.tasks.examples import Doing, Tokenizers, to_nobody
from clearhead.tasks.measured import Measured
from clearhead.text import Tokenizer, learned_scripts
from clearhead.training.adapting import require_trained
from clearhead.training.fine_tuning import Base, begin_with, read_base
from clearhead.training.freezing import new_model
from clearhead.training.interruptible import interruptible
from clearhead.training.new_tokens import new_ids
from clearhead.training.resolving import check_choices, choose_machine, resolve
from clearhead.training.using import settings_for

# How many ids are enough to tell which scripts a corpus is written in.
_LOOKED_AT = 10_000_000


@dataclasses.dataclass(frozen=True)
class RunInputs:
    """All that a run reads.

    training: the examples to learn from, a `Corpus` of the recipe's task.
    validation: the corpora of the set that chooses the best model. validation_name: that of this set, or nothing.
    other_validation: the corpora of the other sets, by their names.
    base: a trained model that this one begins with; None for one that is drawn, or resumed. base_settings: how such a
    model is used, of a run that is resumed too; None for one that is drawn.
    """

    recipe: ResolvedRecipe
    source_tokenizer: Tokenizer
    target_tokenizer: Tokenizer
    training: Any
    validation: tuple[Any, ...]
    base: Base | None = None
    base_settings: Settings | None = None
    validation_name: str = ""
    other_validation: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)

    @property
    def task(self) -> AnyTask:
        """What the model is trained for."""
        return task_named(self.recipe.task)

    @property
    def tokenizers(self) -> Tokenizers:
        """Those of both sides, which may be one."""
        return self.source_tokenizer, self.target_tokenizer

    @property
    def config(self) -> FamilyConfig:
        """The model's sizes, now that the vocabularies are known."""
        return self.task.model_config(self.recipe, (self.source_tokenizer.size, self.target_tokenizer.size))

    @property
    def settings(self) -> Settings:
        """How the model is used."""
        return settings_for(self.recipe, self.target_tokenizer, self.base_settings)

    @property
    def longest(self) -> int:
        """The most ids that an example has in any epoch."""
        return self.task.longest(self.recipe, self.training.longest, self.config.max_length)

    @functools.cached_property
    def source_scripts(self) -> tuple[str, ...]:
        """The scripts in which the sources are written, for the bundle to tell what its model cannot read.

        Of a large corpus a part is looked at, of every place in it.
        """
        ids, tokenizer = self.training.ids, self.source_tokenizer
        every = max(1, len(ids) // _LOOKED_AT)
        return learned_scripts(tokenizer, np.bincount(ids[::every], minlength=tokenizer.size).tolist())

    def untrained_model(self) -> Model:
        """The model before its first step, drawn from the recipe's seed, or with a trained one's weights."""
        lora = self.recipe.model.lora
        rows = sorted(new_ids(self.source_tokenizer, self.recipe.text))
        model = new_model(self.config, self.recipe.training, lora, rows)
        if self.base is not None:
            new = begin_with(self.base, model, self.recipe.data.labels or ())
            if lora is not None:
                require_trained(model, new, self.base.place)
        return model


def prepare_run(
    recipe: Recipe,
    tokenizers: Tokenizers | None = None,
    doing: Doing = to_nobody,
    base_settings: Settings | None = None,
) -> RunInputs:
    """Read and prepare all that `recipe` names; `tokenizers` and `base_settings` are those of a run that is resumed.

    Each of its steps can be taken alone. Raises RecipeError or DataError in one line where something is missing or does
    not fit.
    """
    machine, task, base = choose_machine(recipe.training), task_named(recipe.task), None
    if recipe.model.base is not None and tokenizers is None:
        doing("reading the model to begin with")
        recipe, base = read_base(recipe)
        tokenizers, base_settings = base.tokenizers, base.settings
    check_choices(recipe)
    doing("writing the corpus" if recipe.data.embedded else "looking for the corpus")
    examples = task.examples(recipe)
    if examples.sizes_are_chosen:
        doing("measuring the corpus")
    sizes = interruptible(examples.sizes)
    task.check(recipe.model_copy(update={"model": sizes.model}), sizes.pieces)
    # The classes of all sets are those of the training texts, of whichever each has some.
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update={"labels": sizes.labels or None})})
    both = tokenizers or interruptible(lambda: examples.tokenizers(sizes.pieces, doing))
    doing(f"reading the training {task.examples_are}")
    training = interruptible(lambda: examples.training(both, doing))
    doing(f"reading the validation {task.examples_are}")
    sets = _validation(recipe, examples, both)
    if recipe.data.replay is not None and recipe.data.replayed is not None:
        doing(f"reading the {task.examples_are} to replay")
        of_old = recipe.model_copy(update={"data": recipe.data.replayed})
        old = task.examples(of_old)
        old_training = interruptible(lambda: old.training(both, to_nobody))
        training = training.with_old(old_training, recipe.data.replay.share)
        sets |= _validation(of_old, old, both, OLD)
    if recipe.training.batch_tokens == "auto":
        doing("trying how many tokens a batch may have")
    longest = training.longest, max(one.corpus.longest for corpora in sets.values() for one in corpora)
    resolved = resolve(recipe, machine, Measured(sizes, (both[0].size, both[1].size), *longest))
    name, *_ = sets
    return RunInputs(resolved, *both, training, sets.pop(name), base, base_settings, name, sets)


def _validation(recipe: Recipe, examples: Any, tokenizers: Tokenizers, unnamed: str = "") -> dict[str, tuple[Any, ...]]:
    """The corpora of each validation set, by its name; `examples` are those of the whole recipe."""
    task, found = task_named(recipe.task), {}
    for name, data in recipe.data.validation_sets(unnamed).items():
        own = examples if data == recipe.data else task.examples(recipe.model_copy(update={"data": data}))
        found[name] = interruptible(functools.partial(own.validation, tokenizers))
    return found
