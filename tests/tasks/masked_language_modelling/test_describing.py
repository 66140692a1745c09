"""What a card says of a masked language model."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.evaluation import MaskedScores
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.tasks.masked_language_modelling.describing import description, text_to_fill
from clearhead.training.card import model_card
from clearhead.training.run_inputs import prepare_run
from clearhead.training.validation import Validation


def test_it_names_sizes_use_and_files(masked_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(masked_recipe())
    told = description(inputs.recipe, inputs.config, inputs.training)
    assert told.sizes == f"1 layers, width 16, 2 heads, vocabulary {inputs.source_tokenizer.size}"
    assert told.shell == "clearhead fill PATH-OF-THIS-FOLDER 'one [MASK]'"
    assert told.python == 'bundle.fill("one [MASK]")'
    assert told.data.startswith("28 documents (")
    card = model_card(inputs, 1, 1, 1, Validation(1.5, 4.5, MaskedScores(1.5, 0.25, 8)))
    assert "clearhead fill PATH-OF-THIS-FOLDER 'one [MASK]'" in card
    assert "- 25.0 % of 8 masked places filled right, loss 1.5000 nats a place" in card
    assert inputs.recipe.data.folder is not None
    assert inputs.recipe.data.folder not in card


@pytest.mark.parametrize(
    ("text", "filled"),
    [("옛날 어느 날에", "옛날 [MASK] 날에"), ("one", "one [MASK]"), (None, "[MASK]")],
    ids=["three", "one", "no file"],
)
def test_the_second_word_is_masked(
    masked_recipe: Callable[..., Recipe], tmp_path: Path, text: str | None, filled: str
) -> None:
    recipe, path = masked_recipe(), tmp_path / "a.txt"
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    assert text_to_fill(recipe) == filled
    assert shlex.split(TASKS["masked-language-modelling"].first_use(recipe, "runs/a")) == ["fill", "runs/a", filled]
