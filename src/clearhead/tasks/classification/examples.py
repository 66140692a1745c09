"""The labelled texts of a recipe: from its tables to a tokenizer, classes and ids."""

import collections
import dataclasses
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final

from clearhead.data import LabelledTexts, TableFile, check_file, labelled_texts, read_tables
from clearhead.data.caching import key_of
from clearhead.recipe import Data, Recipe, ResolvedModel, TableSettings, share_to_validate, tables_to_validate
from clearhead.tasks.classification.labels import COLUMNS, classes_of, labels_of
from clearhead.tasks.examples import Doing, Tokenizers
from clearhead.tasks.language_modelling.examples import pieces_for
from clearhead.tasks.measured import Sizes
from clearhead.tasks.whole_texts import text_ids
from clearhead.text import Tokenizer, learn_tokenizer

_VERSION = 1


@dataclasses.dataclass(frozen=True)
class LabelledSet:
    """The texts to validate with."""

    corpus: LabelledTexts


@final
class LabelledExamples:
    """`Examples` of a table's rows. Raises DataError where a file is missing."""

    sizes_are_chosen = False

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        share = share_to_validate(recipe.data)
        self._training = [_table_file(recipe.data, one, stop=1.0 - share) for one in recipe.data.tables]
        named = [_table_file(recipe.data, one) for one in tables_to_validate(recipe.data)]
        self._validation = named or [dataclasses.replace(one, start=one.stop, stop=1.0) for one in self._training]
        for file in (*self._training, *self._validation):
            check_file(file.path)

    def sizes(self) -> Sizes:
        model = {**self.recipe.model.model_dump(), "preset": self.recipe.model.preset or "bert_tiny"}
        return Sizes(pieces_for(self.recipe), ResolvedModel.model_validate(model), self.labels)

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The classes' names: those that the recipe has, or that the training tables have."""
        if self.recipe.data.labels is not None:
            return self.recipe.data.labels
        return labels_of((label for _, label in _rows(self._training)), _names(self._training))

    def tokenizers(self, pieces: int, doing: Doing) -> Tokenizers:
        doing("reading the training files")
        text = self.recipe.text
        texts = (text for text, _ in _rows(self._training))
        learned = learn_tokenizer(text.kind, texts, pieces, fold=text.normalize == "folded", split=text.split)
        return learned, learned

    def training(self, tokenizers: Tokenizers, doing: Doing) -> LabelledTexts:
        doing("cutting the training texts into pieces")
        return self._prepared(self._training, tokenizers)

    def validation(self, tokenizers: Tokenizers) -> tuple[LabelledSet, ...]:
        return (LabelledSet(self._prepared(self._validation, tokenizers)),)

    def doubts(self) -> Iterator[str]:
        """A label that one row alone has is often a mistake, or the name of its column."""
        counts = collections.Counter(label for _, label in _rows(self._training))
        for label, count in counts.items():
            if count == 1:
                yield (
                    f"{_names(self._training)}: one row alone has the label {label[:40]!r}; where that is the name of "
                    "the column, name the columns, as in columns: [text, label]"
                )

    def _prepared(self, files: Sequence[TableFile], tokenizers: Tokenizers) -> LabelledTexts:
        tokenizer = tokenizers[0]
        max_length = self.sizes().model.masked_config(tokenizer.size, len(self.labels)).max_length
        return prepare_labelled(files, tokenizer, self.labels, max_length)


def prepare_labelled(
    files: Sequence[TableFile], tokenizer: Tokenizer, labels: Sequence[str], max_length: int
) -> LabelledTexts:
    """The texts of tables as ids, kept in memory: what people have labelled is small.

    Raises DataError as `read_tables` does, and for a label that is none of `labels`.
    """
    texts, column = zip(*_rows(files), strict=True)
    ids, cut = text_ids(texts, tokenizer, max_length)
    parts = [one.identity for one in files]
    key = key_of(("labelled", _VERSION, parts, tuple(labels), max_length, tokenizer.to_json()))
    return labelled_texts(ids, classes_of(column, labels, _names(files)), key, cut)


def _rows(files: Sequence[TableFile]) -> Iterator[tuple[str, str]]:
    return ((text, label.strip()) for text, label in read_tables(files))


def _names(files: Sequence[TableFile]) -> str:
    return ", ".join(str(one) for one in files)


def _table_file(data: Data, table: TableSettings, stop: float = 1.0) -> TableFile:
    path = Path(data.folder or ".") / table.table
    return TableFile(path, table.columns or COLUMNS, stop=stop, header=table.header)
