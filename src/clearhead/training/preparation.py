"""From a recipe to what a run works with: tokenizers, token files, validation pairs, an untrained model."""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from clearhead import data, street
from clearhead.bounds import whole
from clearhead.data import Direction, PreparedCorpus, check_file, prepare, read_lines, read_pairs
from clearhead.decoding import LengthPenalty
from clearhead.errors import ConfigError, DecodingError, RecipeError, TrainingError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.model.linear import multiplies_bfloat16
from clearhead.native.compiler import find_compiler
from clearhead.recipe import Corpus, Data, Recipe, Training
from clearhead.text import Tokenizer, is_blank, learned_scripts
from clearhead.training.budget import find_batch_tokens
from clearhead.training.interruptible import interruptible
from clearhead.training.sizes import USUAL_PIECES, with_sizes

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
    """All that a run reads. The recipe is the resolved one: every `auto` has its value."""

    recipe: Recipe
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
        """The most ids that a side of a training pair has in any epoch. Undone merges may make twice as many."""
        training, longest = self.recipe.training, self.training.longest
        if not self.recipe.text.merge_dropout:
            return longest
        room = training.packed_length if training.packing else training.batch_tokens
        return min(2 * longest, self.config.max_length, *([] if room == "auto" else [room]))

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
    recipe = resolve(recipe)
    _check_choices(recipe)
    doing("writing the corpus" if recipe.data.embedded else "looking for the corpus")
    folder = corpus_folder(recipe)
    directions = [_direction(folder, corpus) for corpus in recipe.data.train]
    for one in [*directions, *(_direction(folder, corpus) for corpus in recipe.data.validation)]:
        check_file(one.source)
        check_file(one.target)
    if recipe.model.preset is None or recipe.text.size is None:
        doing("measuring the corpus")
        files = dict.fromkeys(side for one in directions for side in (one.source, one.target))
        recipe = interruptible(lambda: with_sizes(recipe, files))
        _check_choices(recipe)
    source, target = tokenizers or interruptible(lambda: learn_tokenizers(recipe, directions, doing))
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
    materials = Materials(_with_packed_length(recipe, training.longest), source, target, training, validation)
    _check_lengths(materials)
    if materials.recipe.training.batch_tokens == "auto":
        doing("trying how many tokens a batch may have")
    return _with_batch_tokens(materials)


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


def resolve(recipe: Recipe) -> Recipe:
    """Put a value in the place of every `auto`, and what the embedded corpus is in place of nothing.

    Raises TrainingError where the device is not there, RecipeError for a corpus that this clearhead does not write.
    """
    training = recipe.training
    device = training.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError(
            "training.device=cuda, but torch finds no CUDA device; choose cpu, or install torch for CUDA"
        )
    precision = training.precision
    if precision == "auto":
        precision = "bf16" if device == "cuda" or multiplies_bfloat16() else "fp32"
    packs = device == "cuda" and training.packing
    # What torch compiles for a GPU is started by C, which is compiled as well.
    compiles = packs and find_compiler() is not None if training.compile == "auto" else training.compile
    records = packs if training.graph == "auto" else training.graph
    if records and device != "cuda":
        raise TrainingError(
            f"training.graph=true records the steps of a GPU, but training.device={device}; set training.graph=auto"
        )
    update = {"device": device, "precision": precision, "compile": compiles, "graph": records}
    resolved = training.model_copy(update=update)
    return recipe.model_copy(update={"training": resolved, "data": _with_grammar(recipe.data)})


def _with_packed_length(recipe: Recipe, longest: int) -> Recipe:
    """A number in place of `auto`: rows of 128 places, which most sentences fill well, or of the longest pair's."""
    training = recipe.training
    if not training.packing or training.packed_length != "auto":
        return recipe
    # GPUs multiply and copy numbers by eights.
    length = max(128, math.ceil(longest / 8) * 8)
    if training.batch_tokens != "auto":
        length = min(length, training.batch_tokens)
    return recipe.model_copy(update={"training": training.model_copy(update={"packed_length": length})})


def _with_batch_tokens(materials: Materials) -> Materials:
    """A number in place of `auto`: what there is memory for."""
    recipe = materials.recipe
    if recipe.training.batch_tokens != "auto":
        return materials
    found = find_batch_tokens(materials.untrained_model, recipe.training, materials.longest)
    training = recipe.training.model_copy(update={"batch_tokens": found})
    return dataclasses.replace(materials, recipe=recipe.model_copy(update={"training": training}))


def _with_grammar(section: Data) -> Data:
    embedded, grammar = section.embedded, street.grammar_key()
    if embedded is None:
        return section
    if embedded.grammar not in (None, grammar):
        raise RecipeError(
            f"data.embedded.grammar={embedded.grammar} is another version of {embedded.corpus} than this clearhead's, "
            f"{grammar}; leave the key out to train on this one"
        )
    return section.model_copy(update={"embedded": embedded.model_copy(update={"grammar": grammar})})


def _check_choices(recipe: Recipe) -> None:
    """Stop now, rather than after reading a large corpus, at what cannot work."""
    try:
        LengthPenalty.parse(recipe.decoding.length_penalty)
        whole("beam_size", recipe.decoding.beam_size)
        pieces = recipe.text.size or USUAL_PIECES
        config = recipe.model.config(pieces, pieces)
    except (ConfigError, DecodingError) as error:
        raise RecipeError(f"{'model' if isinstance(error, ConfigError) else 'decoding'}: {error}") from None
    if config.share_embeddings == "all" and not recipe.text.joint:
        raise RecipeError(
            "text.joint=false gives source and target pieces of their own, but model.share_embeddings=all gives them "
            "one matrix; set model.share_embeddings=target, or text.joint=true"
        )


def corpus_folder(recipe: Recipe) -> Path:
    """Where the recipe's files are. An embedded corpus is written into the cache when it is first asked for."""
    embedded = recipe.data.embedded
    if embedded is None:
        return Path(recipe.data.folder or ".")
    return street.cached(embedded.pairs, embedded.seed)


def learn_tokenizers(
    recipe: Recipe, directions: Sequence[Direction], doing: Doing = _to_nobody
) -> tuple[Tokenizer, Tokenizer]:
    """One tokenizer for both sides where the recipe says joint, else one for each."""
    text = recipe.text
    languages = sorted({one.to_language for one in directions if one.to_language}) if text.tags else []
    sources = [one.source for one in directions]
    targets = [one.target for one in directions]
    fold = text.normalize == "folded"
    if text.joint:
        joint = Tokenizer.learn(_lines([*sources, *targets], text.pieces, doing), text.pieces, languages, fold)
        return joint, joint
    source = Tokenizer.learn(_lines(sources, text.pieces, doing), text.pieces, languages, fold)
    return source, Tokenizer.learn(_lines(targets, text.pieces, doing), text.pieces, fold=fold)


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


def _check_lengths(materials: Materials) -> None:
    """Stop now, rather than hours later, at a pair that the model has no positions for."""
    limit, budget = materials.config.max_length, materials.recipe.training.batch_tokens
    longest = materials.training.longest
    if budget != "auto" and longest > budget:
        raise RecipeError(
            f"a training pair has {longest} tokens, more than training.batch_tokens={budget}; raise it, or set "
            f"data.filters.max_tokens={max(1, budget - 2)}"
        )
    if longest > limit:
        raise RecipeError(
            f"a training pair has {longest} tokens, but model.max_length={limit}; set "
            f"data.filters.max_tokens={limit - 2} or model.max_length={longest}"
        )
    _check_packing(materials.recipe.training, longest)
    if (longest := max(one.corpus.longest for one in materials.validation)) > limit:
        raise RecipeError(
            f"a validation pair has {longest} tokens, but model.max_length={limit}; remove it from its files, or set "
            f"model.max_length={longest}"
        )


def _check_packing(training: Training, longest: int) -> None:
    if not training.packing:
        return
    length, budget = training.packed_length, training.batch_tokens
    assert length != "auto"
    if longest > length:
        raise RecipeError(
            f"a training pair has {longest} tokens, more than training.packed_length={length}; raise it, or set "
            f"data.filters.max_tokens={max(1, length - 2)}"
        )
    if budget != "auto" and budget < length:
        raise RecipeError(
            f"training.batch_tokens={budget} is less than one row of training.packed_length={length}; "
            f"raise the former to {length} or more"
        )
