"""The conversations of a recipe: from its tables to a tokenizer and ids."""

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import final

from clearhead.data import PreparedText, TableFile, check_file, prepare_chat, read_table, read_turns, turns_of
from clearhead.recipe import Recipe, TableSettings, share_to_validate, tables_to_validate
from clearhead.tasks.chat.joining import Joining
from clearhead.tasks.chat.turns import ROLES
from clearhead.tasks.examples import Doing, Tokenizers
from clearhead.tasks.language_modelling.examples import TextSet, sizes_for
from clearhead.tasks.measured import Sizes
from clearhead.tasks.symbols import require_symbols
from clearhead.text import learn_tokenizer


@final
class ChatExamples:
    """`Examples` of conversations, each a row of a table. Raises DataError where a file is missing."""

    sizes_are_chosen = False

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self._join = recipe, Joining(recipe.text.template)
        share = share_to_validate(recipe.data)
        self._training = [self._file(one, stop=1.0 - share) for one in recipe.data.tables]
        named = [self._file(one) for one in tables_to_validate(recipe.data)]
        self._validation = named or [dataclasses.replace(one, start=one.stop, stop=1.0) for one in self._training]
        for file in (*self._training, *self._validation):
            check_file(file.path)

    def sizes(self) -> Sizes:
        return sizes_for(self.recipe)

    def tokenizers(self, pieces: int, doing: Doing) -> Tokenizers:
        doing("reading the training files")
        text, turns = self.recipe.text, (turn for row in read_turns(self._training) for turn in row)
        fold = text.normalize == "folded"
        learned = learn_tokenizer(text.kind, turns, pieces, fold=fold, symbols=ROLES, split=text.split)
        return learned, learned

    def training(self, tokenizers: Tokenizers, doing: Doing) -> PreparedText:
        if self._join.template is None:
            require_symbols(tokenizers[0], ROLES, "a conversation tells who speaks", "chat")

        def read(tokens: int) -> None:
            doing(f"cutting the training conversations into pieces: {tokens:,} tokens of answers")

        return prepare_chat(self._training, tokenizers[0], self._join, progress=read)

    def validation(self, tokenizers: Tokenizers) -> tuple[TextSet, ...]:
        first = itertools.islice(read_turns(self._validation), self.recipe.training.validate_samples)
        return (TextSet(prepare_chat(self._validation, tokenizers[0], self._join), tuple(first)),)

    def doubts(self) -> Iterator[str]:
        """Of rows that nothing is learned from."""
        for file in self._training:
            lost = [bool(turns_of(cells)) for cells in read_table(file)]
            if count := lost.count(False):
                yield (
                    f"{count:,} of {len(lost):,} rows of {file} have no answer, or a blank cell between others, and "
                    "are left out; fill them, or remove them"
                )

    def _file(self, table: TableSettings, stop: float = 1.0) -> TableFile:
        path = Path(self.recipe.data.folder or ".") / table.table
        return TableFile(path, table.columns or (), stop=stop, header=table.header)
