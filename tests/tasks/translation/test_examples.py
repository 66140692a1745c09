"""A recipe's pairs; each step can be taken alone."""

from collections.abc import Callable

import pytest

from clearhead.errors import DataError
from clearhead.recipe import Recipe
from clearhead.tasks.examples import to_nobody
from clearhead.tasks.translation.examples import TranslationExamples


def test_from_files_to_ids(make_recipe: Callable[..., Recipe]) -> None:
    examples = TranslationExamples(make_recipe())
    assert not examples.sizes_are_chosen
    sizes = examples.sizes()
    both = examples.tokenizers(sizes.pieces, to_nobody)
    assert len(examples.training(both, to_nobody)) == 30
    [judged] = examples.validation(both)
    assert (len(judged.corpus), judged.sources) == (6, ("six one", "six two", "six three"))
    assert list(examples.doubts()) == []


def test_characters_may_be_the_pieces(make_recipe: Callable[..., Recipe]) -> None:
    examples = TranslationExamples(make_recipe("text.kind=characters"))
    source, target = examples.tokenizers(100, to_nobody)
    assert source is target
    assert source.decode(source.encode("six un")) == "six un"


def test_a_file_that_is_missing(make_recipe: Callable[..., Recipe]) -> None:
    with pytest.raises(DataError, match="does not exist"):
        TranslationExamples(make_recipe("data.train.0.source=none.en"))
