"""What a card says of a language model."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.tasks.language_modelling.describing import description, example_prompt
from clearhead.training.run_inputs import prepare_run


def test_it_names_sizes_use_and_files(language_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(language_recipe("line"))
    told = description(inputs.recipe, inputs.config, inputs.training)
    assert told.sizes == f"1 layers, width 16, 2 heads, vocabulary {inputs.source_tokenizer.size}"
    assert told.shell.startswith("clearhead generate PATH-OF-THIS-FOLDER ")
    assert told.data.startswith("28 documents (")
    assert told.data.endswith(":\n\n- a.txt (a document is a line)")


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("\n  옛날 어느\n", "옛날"),
        ("昔々" * 20, "昔々" * 6),
        ('"Who?" he', '"Who?"'),
        ("- --who \x1b[2Jx he", "he"),
        (None, ""),
    ],
    ids=["after blanks", "without spaces", "quotes", "no option", "no file"],
)
def test_the_example_is_of_the_texts(
    language_recipe: Callable[..., Recipe], tmp_path: Path, text: str | None, prompt: str
) -> None:
    """It was "Once", letters that a model of another language does not have."""
    recipe = language_recipe()
    path = tmp_path / "a.txt"
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    assert example_prompt(recipe) == prompt
    assert shlex.split(TASKS["language-modelling"].first_use(recipe, "runs/a")) == ["generate", "runs/a", prompt]
