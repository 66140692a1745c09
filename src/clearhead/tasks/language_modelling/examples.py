"""The texts of a recipe: from its files to a tokenizer and ids."""

import dataclasses
from collections.abc import Iterator
from typing import final

from clearhead.data import PreparedText, check_file, prepare_text, read_all
from clearhead.recipe import Recipe, ResolvedModel, share_to_validate
from clearhead.recipe.jobs import JOBS
from clearhead.tasks.documents import document_corpora, document_file
from clearhead.tasks.examples import Doing, Tokenizers
from clearhead.tasks.masks import masking_to_judge, require_something_masked
from clearhead.tasks.measured import Sizes
from clearhead.tasks.symbols import require_symbols
from clearhead.tasks.whole_texts import MASK
from clearhead.text import learn_tokenizer

# Where a recipe names no number of pieces: of parts of words; of words; and of characters, as no script has more.
USUAL_PIECES = {"bpe": 8_000, "unigram": 8_000, "words": 16_000, "characters": 16_000}
# And no preset.
USUAL_PRESETS = {"decoder-only": "gpt_tiny", "encoder-only": "bert_tiny"}


@dataclasses.dataclass(frozen=True)
class TextSet:
    """One corpus to validate with: its ids for the loss; of conversations the first, too, turn by turn."""

    corpus: PreparedText
    conversations: tuple[tuple[str, ...], ...] = ()


@final
class TextExamples:
    """`Examples` of documents. Raises DataError where a file is missing."""

    sizes_are_chosen = False

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        share = share_to_validate(recipe.data)
        data = recipe.data
        self._training = [document_file(data, one, stop=1.0 - share) for one in document_corpora(data.train)]
        named = [document_file(data, one) for one in document_corpora(data.validation)]
        rest = [dataclasses.replace(one, start=one.stop, stop=1.0) for one in self._training]
        self._validation = named or rest
        for file in (*self._training, *self._validation):
            check_file(file.path)

    def sizes(self) -> Sizes:
        return sizes_for(self.recipe)

    def tokenizers(self, pieces: int, doing: Doing) -> Tokenizers:
        text, symbols = self.recipe.text, () if self.recipe.training.masking is None else (MASK,)
        fold = text.normalize == "folded"
        texts = self._texts(doing)
        learned = learn_tokenizer(text.kind, texts, pieces, fold=fold, symbols=symbols, split=text.split)
        return learned, learned

    def training(self, tokenizers: Tokenizers, doing: Doing) -> PreparedText:
        if self.recipe.training.masking is not None:
            masking = " or ".join(name for name, job in JOBS.items() if job.masking is not None)
            require_symbols(tokenizers[0], (MASK,), "a piece is masked", masking)

        def read(tokens: int) -> None:
            doing(f"cutting the training documents into pieces: {tokens:,} tokens")

        return prepare_text(self._training, tokenizers[0], progress=read)

    def validation(self, tokenizers: Tokenizers) -> tuple[TextSet, ...]:
        corpus, masking = prepare_text(self._validation, tokenizers[0]), self.recipe.training.masking
        if masking is not None:
            require_something_masked(corpus, masking_to_judge(masking, tokenizers[0]))
        return (TextSet(corpus),)

    def doubts(self) -> Iterator[str]:
        return iter(())

    def _texts(self, doing: Doing) -> Iterator[str]:
        doing("reading the training files")
        return read_all(self._training)


def sizes_for(recipe: Recipe) -> Sizes:
    """What a recipe names, and what is usual where it names nothing."""
    model = {**recipe.model.model_dump(), "preset": recipe.model.preset or USUAL_PRESETS[recipe.family]}
    return Sizes(pieces_for(recipe), ResolvedModel.model_validate(model))


def pieces_for(recipe: Recipe) -> int:
    """How many pieces a tokenizer has at most."""
    return recipe.text.size or USUAL_PIECES[recipe.text.kind]
