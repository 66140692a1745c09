"""The pairs of a recipe: from its files to tokenizers and ids."""

from collections.abc import Iterator
from typing import final

from clearhead.data import PreparedCorpus, file_doubts
from clearhead.recipe import Recipe
from clearhead.tasks.examples import Doing, Tokenizers
from clearhead.tasks.measured import Sizes
from clearhead.tasks.translation.corpus_files import find_files
from clearhead.tasks.translation.sizes import choose_sizes
from clearhead.tasks.translation.tokenizing import (
    ValidationSet,
    learn_tokenizers,
    tokenize_training,
    tokenize_validation,
)


@final
class TranslationExamples:
    """`Examples` of pairs. Making them writes an embedded corpus. Raises DataError where a file is missing.

    target_is: what a target is called.
    """

    def __init__(self, recipe: Recipe, target_is: str = "translation") -> None:
        self.recipe, self.files, self.target_is = recipe, find_files(recipe.data), target_is

    @property
    def sizes_are_chosen(self) -> bool:
        return self.recipe.model.preset is None or self.recipe.text.size is None

    def sizes(self) -> Sizes:
        return choose_sizes(self.recipe.text, self.recipe.model, self.files.texts)

    def tokenizers(self, pieces: int, doing: Doing) -> Tokenizers:
        return learn_tokenizers(self.recipe.text, pieces, self.files, doing)

    def training(self, tokenizers: Tokenizers, doing: Doing) -> PreparedCorpus:
        return tokenize_training(self.recipe.data, self.recipe.text.tags, self.files, tokenizers, doing)

    def validation(self, tokenizers: Tokenizers) -> tuple[ValidationSet, ...]:
        sentences = self.recipe.training.validate_sentences
        return tokenize_validation(self.files, self.recipe.text.tags, sentences, tokenizers)

    def doubts(self) -> Iterator[str]:
        """Those of `data.file_doubts`. The embedded corpus has none."""
        if self.recipe.data.embedded is not None:
            return iter(())
        return file_doubts(self.files.training, self.files.validation, self.recipe.text.tags, self.target_is)
