"""What is masked of a recipe's text, and when."""

from collections.abc import Callable

import numpy as np
import pytest

from clearhead.errors import DataError
from clearhead.recipe import MaskingSettings, Recipe
from clearhead.tasks.masks import masking_of_epoch, masking_to_judge
from clearhead.tasks.whole_texts import MASK
from clearhead.text import learn_tokenizer
from clearhead.training.run_inputs import prepare_run

SETTINGS = MaskingSettings(share=0.3)


@pytest.mark.parametrize("kind", ["bpe", "characters"])
def test_text_alone_is_masked_and_drawn(kind: str) -> None:
    """Not the control symbols, nor what stands for a character without a piece; every byte and character is."""
    tokenizer = learn_tokenizer(kind, ["abc abc"], 300, symbols=(MASK,))  # type: ignore[arg-type]
    masking = masking_to_judge(SETTINGS, tokenizer)
    controls = {tokenizer.padding, tokenizer.begin, tokenizer.end, tokenizer.symbol(MASK), tokenizer.unknown} - {None}
    assert set(masking.pieces.tolist()) == set(range(tokenizer.size)) - controls
    assert masking.mask == tokenizer.symbol(MASK)


def test_each_epoch_is_drawn_anew_and_a_validation_never() -> None:
    tokenizer = learn_tokenizer("characters", ["abc"], 30, symbols=(MASK,))
    ids, places = np.resize(tokenizer.encode("abc"), 1000), np.arange(1000)

    def chosen(seed: int, epoch: int) -> list[bool]:
        return masking_of_epoch(SETTINGS, tokenizer, seed, epoch).read(ids, places)[1].tolist()

    assert chosen(1, 0) == chosen(1, 0)
    assert chosen(1, 0) != chosen(1, 1) != chosen(2, 1)
    judged = [masking_to_judge(SETTINGS, tokenizer).read(ids, places)[1].tolist() for _ in range(2)]
    assert judged[0] == judged[1] != chosen(1, 0)


def test_a_validation_of_which_nothing_is_masked(language_recipe: Callable[..., Recipe]) -> None:
    training = {"masking": {"share": 0.0001}}
    recipe = language_recipe("line", training, task="masked-language-modelling")
    with pytest.raises(
        DataError, match=r"the validation text has \d+ tokens, none of which is masked at .*share=0.0001"
    ):
        prepare_run(recipe)
