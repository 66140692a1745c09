"""From files of text to ids: the tokenizers are learned from them, and then cut them into pieces."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

from clearhead.data import Filters, ParallelFiles, PreparedCorpus, Side, prepare, read_side
from clearhead.recipe import Data, Text
from clearhead.tasks.examples import Doing, to_nobody
from clearhead.tasks.translation.corpus_files import CorpusFiles
from clearhead.text import Tokenizer, is_blank, learn_tokenizer


@dataclasses.dataclass(frozen=True)
class ValidationSet:
    """One validation corpus: its ids for the loss, its first lines as text for real decoding."""

    corpus: PreparedCorpus
    to_language: str | None
    sources: tuple[str, ...]
    references: tuple[str, ...]


def learn_tokenizers(
    text: Text, pieces: int, files: CorpusFiles, doing: Doing = to_nobody
) -> tuple[Tokenizer, Tokenizer]:
    """Of `pieces` pieces at most: one tokenizer for both sides where the recipe says joint, else one for each.

    That of sources has a control symbol for each corpus's tag.
    """
    languages = sorted({one.to_language for one in files.training if one.to_language}) if text.tags else []
    sources, targets, fold = files.sources, files.targets, text.normalize == "folded"
    symbols = sorted({one.tag for one in files.training if one.tag is not None})
    if text.joint:
        lines = _lines([*sources, *targets], pieces, doing)
        joint = learn_tokenizer(text.kind, lines, pieces, languages, fold, symbols, text.split)
        return joint, joint
    source = learn_tokenizer(text.kind, _lines(sources, pieces, doing), pieces, languages, fold, symbols, text.split)
    return source, learn_tokenizer(text.kind, _lines(targets, pieces, doing), pieces, fold=fold, split=text.split)


def tokenize_training(
    section: Data, tags: bool, files: CorpusFiles, tokenizers: tuple[Tokenizer, Tokenizer], doing: Doing = to_nobody
) -> PreparedCorpus:
    """The ids of the training pairs that the recipe's filters keep."""

    def kept(pairs: int) -> None:
        doing(f"cutting the training pairs into pieces: {pairs:,} pairs")

    return prepare(files.training, *tokenizers, Filters(**section.filters.model_dump()), tags, progress=kept)


def tokenize_validation(
    files: CorpusFiles, tags: bool, sentences: int, tokenizers: tuple[Tokenizer, Tokenizer]
) -> tuple[ValidationSet, ...]:
    """The validation pairs as ids, and the first `sentences` of each set as text, too."""
    return tuple(_validation_set(one, tags, sentences, tokenizers) for one in files.validation)


def _lines(sides: Sequence[Side], size: int, doing: Doing) -> Iterator[str]:
    """The lines to learn `size` pieces from, of all files; what is done with them is said."""
    # A file may be the source of one direction and the target of another: its words count once.
    number = 0
    for number, line in enumerate(itertools.chain.from_iterable(read_side(side) for side in dict.fromkeys(sides)), 1):
        if number % 10_000 == 1:
            doing(f"reading {number - 1:,} lines" if number > 1 else "reading the training files")
        yield line
    doing(f"learning {size:,} pieces from {number:,} lines")


def _validation_set(
    direction: ParallelFiles, tags: bool, sentences: int, tokenizers: tuple[Tokenizer, Tokenizer]
) -> ValidationSet:
    # Nothing is filtered out of what a model is judged by, but blank lines.
    corpus = prepare([direction], *tokenizers, Filters(), tags)
    pairs = (pair for pair in direction.pairs() if not any(map(is_blank, pair)))
    chosen = list(itertools.islice(pairs, sentences))
    return ValidationSet(
        corpus,
        direction.to_language if tags else None,
        tuple(source for source, _ in chosen),
        tuple(target for _, target in chosen),
    )
