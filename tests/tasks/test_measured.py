"""What is known before the first step."""

from clearhead.recipe import ResolvedModel
from clearhead.tasks.measured import Measured, Sizes


def test_it_holds_what_was_measured() -> None:
    found = Measured(Sizes(300, ResolvedModel(preset="street")), (300, 299), 12, 9)
    assert found.sizes.model.config(*found.vocabularies[:1] * 2).source_vocabulary == 300
    assert (found.longest, found.longest_to_judge) == (12, 9)
