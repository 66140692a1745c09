"""From a recipe to what a run works with: tokenizers, token files, validation pairs, an untrained model."""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from clearhead import data, street
from clearhead.data import Direction, PreparedCorpus, check_file, prepare, read_lines, read_pairs
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.recipe import Corpus, Recipe, ResolvedRecipe, Text
from clearhead.text import Tokenizer, is_blank, learned_scripts
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

# How many ids are enough to tell which scripts a corpus is written in.
_LOOKED_AT = 10_000_000


@dataclasses.dataclass(frozen=True)
class ValidationSet:
    """One validation corpus: its ids for the loss, its first lines as text for real decoding."""

    corpus: PreparedCorpus
    to_language: str | None
    sources: tuple[str, ...]
    references: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Materials:
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

    def untrained_model(self) -> EncoderDecoder:
        """The model before its first step, drawn from the recipe's seed."""
        return EncoderDecoder(self.config, seed=self.recipe.training.seed)


# Who is told what is being done, in a few words; from any thread.
Doing = Callable[[str], None]


def _to_nobody(what: str) -> None:
    pass


def gather(
    recipe: Recipe, tokenizers: tuple[Tokenizer, Tokenizer] | None = None, doing: Doing = _to_nobody
) -> Materials:
    """Read and prepare all that `recipe` names; `tokenizers` are those of a run that is resumed.

    Raises RecipeError or DataError in one line where something is missing or does not fit.
    """
    machine = choose_machine(recipe.training)
    check_choices(recipe)
    doing("writing the corpus" if recipe.data.embedded else "looking for the corpus")
    folder = corpus_folder(recipe)
    directions = [_direction(folder, corpus) for corpus in recipe.data.train]
    for one in [*directions, *(_direction(folder, corpus) for corpus in recipe.data.validation)]:
        check_file(one.source)
        check_file(one.target)
    if recipe.model.preset is None or recipe.text.size is None:
        doing("measuring the corpus")
    files = dict.fromkeys(side for one in directions for side in (one.source, one.target))
    sizes = interruptible(lambda: choose_sizes(recipe.text, recipe.model, files))
    check_model(sizes.model, sizes.pieces, recipe.text.joint)
    source, target = tokenizers or interruptible(lambda: learn_tokenizers(recipe.text, sizes.pieces, directions, doing))
    filters = data.Filters(**recipe.data.filters.model_dump())
    doing("reading the training pairs")
    training = interruptible(
        lambda: prepare(directions, source, target, filters, recipe.text.tags, progress=_counting(doing))
    )
    doing("reading the validation pairs")
    validation = interruptible(
        lambda: tuple(
            _validation_set(recipe, _direction(folder, one), source, target) for one in recipe.data.validation
        )
    )
    if recipe.training.batch_tokens == "auto":
        doing("trying how many tokens a batch may have")
    longest = training.longest, max(one.corpus.longest for one in validation)
    resolved = resolve(recipe, machine, Measured(sizes, (source.size, target.size), *longest))
    return Materials(resolved, source, target, training, validation)


def _counting(doing: Doing) -> Callable[[int], None]:
    return lambda pairs: doing(f"cutting the training pairs into pieces: {pairs:,} pairs")


def find_doubts(recipe: Recipe) -> Iterator[str]:
    """What is probably a mistake in the recipe's files, a line each: `data.doubts`. The embedded corpus has none."""
    if recipe.data.embedded is not None:
        return iter(())
    folder = corpus_folder(recipe)
    training, validation = (
        [_direction(folder, one) for one in of] for of in (recipe.data.train, recipe.data.validation)
    )
    return data.doubts(training, validation)


def corpus_folder(recipe: Recipe) -> Path:
    """Where the recipe's files are. An embedded corpus is written into the cache when it is first asked for."""
    embedded = recipe.data.embedded
    if embedded is None:
        return Path(recipe.data.folder or ".")
    return street.cached(embedded.pairs, embedded.seed)


def learn_tokenizers(
    text: Text, pieces: int, directions: Sequence[Direction], doing: Doing = _to_nobody
) -> tuple[Tokenizer, Tokenizer]:
    """Of `pieces` pieces at most: one tokenizer for both sides where the recipe says joint, else one for each."""
    languages = sorted({one.to_language for one in directions if one.to_language}) if text.tags else []
    sources = [one.source for one in directions]
    targets = [one.target for one in directions]
    fold = text.normalize == "folded"
    if text.joint:
        joint = Tokenizer.learn(_lines([*sources, *targets], pieces, doing), pieces, languages, fold)
        return joint, joint
    source = Tokenizer.learn(_lines(sources, pieces, doing), pieces, languages, fold)
    return source, Tokenizer.learn(_lines(targets, pieces, doing), pieces, fold=fold)


def _lines(paths: Sequence[Path], size: int, doing: Doing) -> Iterator[str]:
    """The lines to learn `size` pieces from, of all files; what is done with them is said."""
    # A file may be the source of one direction and the target of another: its words count once.
    number = 0
    for number, line in enumerate(itertools.chain.from_iterable(read_lines(path) for path in dict.fromkeys(paths)), 1):
        if number % 10_000 == 1:
            doing(f"reading {number - 1:,} lines" if number > 1 else "reading the training files")
        yield line
    doing(f"learning {size:,} pieces from {number:,} lines")


def _direction(folder: Path, corpus: Corpus) -> Direction:
    return Direction(
        folder / corpus.source, folder / corpus.target, corpus.from_language, corpus.to_language, corpus.weight
    )


def _validation_set(recipe: Recipe, direction: Direction, source: Tokenizer, target: Tokenizer) -> ValidationSet:
    # Nothing is filtered out of what a model is judged by, but blank lines.
    corpus = prepare([direction], source, target, data.Filters(), recipe.text.tags)
    pairs = [pair for pair in read_pairs(direction.source, direction.target) if not any(map(is_blank, pair))]
    chosen = pairs[: recipe.training.validate_sentences]
    return ValidationSet(
        corpus,
        direction.to_language if recipe.text.tags else None,
        tuple(source for source, _ in chosen),
        tuple(target for _, target in chosen),
    )
