"""From a recipe to what a run works with: tokenizers, token files, validation pairs, an untrained model."""

import dataclasses
import functools

import numpy as np

from clearhead.data import PreparedCorpus
from clearhead.model import TransformerConfig
from clearhead.recipe import Recipe, ResolvedRecipe
from clearhead.tasks import Model
from clearhead.text import Tokenizer, learned_scripts
from clearhead.training.corpus_files import find_files
from clearhead.training.freezing import new_model
from clearhead.training.interruptible import interruptible
from clearhead.training.resolving import (
    Measured,
    check_choices,
    check_model,
    choose_machine,
    longest_in_any_epoch,
    resolve,
)
from clearhead.training.sizes import choose_sizes
from clearhead.training.tokenizing import (
    Doing,
    ValidationSet,
    learn_tokenizers,
    to_nobody,
    tokenize_training,
    tokenize_validation,
)

# How many ids are enough to tell which scripts a corpus is written in.
_LOOKED_AT = 10_000_000


@dataclasses.dataclass(frozen=True)
class RunInputs:
    """All that a run reads."""

    recipe: ResolvedRecipe
    source_tokenizer: Tokenizer
    target_tokenizer: Tokenizer
    training: PreparedCorpus
    validation: tuple[ValidationSet, ...]

    @property
    def config(self) -> TransformerConfig:
        """The model's sizes, now that the vocabularies are known."""
        return self.recipe.model.config(self.source_tokenizer.size, self.target_tokenizer.size)

    @property
    def longest(self) -> int:
        """The most ids that a side of a training pair has in any epoch."""
        training, rate = self.recipe.training, self.recipe.text.merge_dropout
        room = training.packed_length or training.batch_tokens
        return longest_in_any_epoch(self.training.longest, rate, self.config.max_length, room)

    @functools.cached_property
    def source_scripts(self) -> tuple[str, ...]:
        """The scripts in which the sources are written, for the bundle to tell what its model cannot read.

        Of a large corpus a part is looked at, of every place in it.
        """
        ids, tokenizer = self.training.source.ids, self.source_tokenizer
        every = max(1, len(ids) // _LOOKED_AT)
        return learned_scripts(tokenizer, np.bincount(ids[::every], minlength=tokenizer.size).tolist())

    def untrained_model(self) -> Model:
        """The model before its first step, drawn from the recipe's seed."""
        return new_model(self.config, self.recipe.training)


def prepare_run(
    recipe: Recipe, tokenizers: tuple[Tokenizer, Tokenizer] | None = None, doing: Doing = to_nobody
) -> RunInputs:
    """Read and prepare all that `recipe` names; `tokenizers` are those of a run that is resumed.

    Each of its steps can be taken alone. Raises RecipeError or DataError in one line where something is missing or does
    not fit.
    """
    machine, text = choose_machine(recipe.training), recipe.text
    check_choices(recipe)
    doing("writing the corpus" if recipe.data.embedded else "looking for the corpus")
    files = find_files(recipe.data)
    if recipe.model.preset is None or text.size is None:
        doing("measuring the corpus")
    sizes = interruptible(lambda: choose_sizes(text, recipe.model, files.texts))
    check_model(sizes.model, sizes.pieces, text.joint)
    both = tokenizers or interruptible(lambda: learn_tokenizers(text, sizes.pieces, files, doing))
    doing("reading the training pairs")
    training = interruptible(lambda: tokenize_training(recipe.data, text.tags, files, both, doing))
    doing("reading the validation pairs")
    sentences = recipe.training.validate_sentences
    validation = interruptible(lambda: tokenize_validation(files, text.tags, sentences, both))
    if recipe.training.batch_tokens == "auto":
        doing("trying how many tokens a batch may have")
    longest = training.longest, max(one.corpus.longest for one in validation)
    resolved = resolve(recipe, machine, Measured(sizes, (both[0].size, both[1].size), *longest))
    return RunInputs(resolved, *both, training, validation)
