"""How long pairs may be; tests/training/test_resolving.py has what is said of those that are too long."""

from collections.abc import Callable

import pytest

from clearhead.errors import RecipeError
from clearhead.recipe import Recipe
from clearhead.tasks.translation.lengths import check_lengths, longest_in_any_epoch, packed_length

MakeRecipe = Callable[..., Recipe]


def test_a_row_holds_128_places_or_the_longest_pair(make_recipe: MakeRecipe) -> None:
    auto = make_recipe("training.packing=true", "training.batch_tokens=1000").training
    assert [packed_length(auto, longest) for longest in (9, 128, 129)] == [128, 128, 136]
    assert packed_length(make_recipe("training.packing=true").training, 9) == 128
    assert packed_length(make_recipe("training.packing=true", "training.packed_length=40").training, 9) == 40
    assert packed_length(make_recipe().training, 9) is None


def test_undone_merges_make_a_pair_twice_as_long_at_most(make_recipe: MakeRecipe) -> None:
    assert longest_in_any_epoch(make_recipe(), 9, 64) == 9
    dropped = make_recipe("text.merge_dropout=0.1")
    assert [longest_in_any_epoch(dropped, longest, 64) for longest in (9, 60)] == [18, 64]
    assert longest_in_any_epoch(make_recipe("text.merge_dropout=0.1", "training.batch_tokens=auto"), 9, 64) == 18


def test_a_pair_that_is_too_long(make_recipe: MakeRecipe) -> None:
    training = make_recipe().training
    check_lengths(training, 64, 64, 64, None)
    for lengths in ((65, 9), (9, 65), (161, 9)):
        with pytest.raises(RecipeError, match=r"pair has \d+ tokens"):
            check_lengths(training, 64, *lengths, None)
